"""Topic actors boost posts of people who may be suggested and counted, a few a day."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.verdict import AccountVerdict
from discover.policy.consent import decide_trend
from discover.policy.topic_boosts import FRESH, Boosted, Candidate, choose, is_time
from discover.policy.trends import voices
from discover.services.consent.withdraw import INTERACTIONS
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POST_FACTS, POSTS, post_facts
from discover.services.federation import deliveries
from discover.services.holding import hold
from discover.services.index.documents import judge_accounts
from discover.services.topics.actors import actor_uri, topics_with_actor
from discover.services.topics.catalogue import TAGS, catalogue, topics_of
from discover.services.topics.undo import (
    BOOSTS,
    announce,
    authors_inbox,
    inboxes,
    take_back,
)
from discover.services.trends.uses import TAG, USES, hour_of
from discover.store.database import chunks, insert_once
from discover.store.tables import TopicBoost

_CONTEXT = "https://www.w3.org/ns/activitystreams"
# Looked at for each topic, the newest first
_MOST = 500
# So long it is looked at again; a withdrawal takes back older ones, too.
_LOOKED_AT = timedelta(days=30)
SHOWN = 20


def boost_topics(ctx: Context) -> int:
    """One round: take back what may not stand, then at most one boost of each topic.

    Safe to stop at any point and to repeat. Returns how many were boosted.
    """
    _reconsider(ctx)
    return sum(_boost(ctx, topic) for topic in topics_with_actor(ctx))


def recent_boosts(ctx: Context, topic: str, limit: int = SHOWN) -> list[dict[str, Any]]:
    """The newest Announces whose posts may be shown at this moment."""
    newest = sa.select(BOOSTS).where(BOOSTS.c.topic == topic).order_by(BOOSTS.c.id.desc())
    with ctx.database.read() as connection:
        rows = connection.execute(newest.limit(limit)).all()
        allowed = _allowed(ctx, connection, [row.post_id for row in rows], ctx.clock.now())
    return [announce(row, allowed[row.post_id].author) for row in rows if row.post_id in allowed]


def boost_by_id(ctx: Context, activity: str) -> dict[str, Any] | None:
    """One Announce, None unless its post may be shown at this moment."""
    with ctx.database.read() as connection:
        row = connection.execute(sa.select(BOOSTS).where(BOOSTS.c.activity == activity)).first()
        if row is None:
            return None
        allowed = _allowed(ctx, connection, [row.post_id], ctx.clock.now())
    return announce(row, allowed[row.post_id].author) if row.post_id in allowed else None


def _boost(ctx: Context, topic: str) -> bool:
    with ctx.database.write() as connection:
        now = ctx.clock.now()
        to = inboxes(connection, topic)
        if not to:
            return False
        before = [
            Boosted(row.post_id, row.account_id, row.host, row.at)
            for row in connection.execute(sa.select(BOOSTS).where(BOOSTS.c.topic == topic))
        ]
        if not is_time([one.at for one in before], ctx.topic_boosts_a_day, now):
            return False
        best = choose(_candidates(ctx, connection, topic, now), before, now)
        if best is None or not hold(connection, [best.account_id]):
            return False
        if not _allowed(ctx, connection, [best.post_id], now):
            return False  # they left, or said no, a moment ago
        actor = actor_uri(ctx, topic)
        row = {
            "topic": topic, "post_id": best.post_id, "account_id": best.account_id,
            "host": best.host, "actor": actor, "activity": f"{actor}/boosts/{uuid.uuid4()}",
            "object": connection.scalar(sa.select(POSTS.c.uri).where(POSTS.c.id == best.post_id)),
            "at": now,
        }  # fmt: skip
        if not insert_once(connection, TopicBoost, row, key=["topic", "post_id"]):
            return False
        made = connection.execute(
            sa.select(BOOSTS).where(BOOSTS.c.activity == row["activity"])
        ).one()
        author = connection.scalar(
            sa.select(ACCOUNTS.c.uri).where(ACCOUNTS.c.id == best.account_id)
        )
        activity = {"@context": _CONTEXT, **announce(made, author)}
        everywhere = dict.fromkeys([*to, *authors_inbox(connection, made)])
        deliveries.enqueue(connection, activity=activity, inboxes=everywhere, now=now)
    return True


def _candidates(ctx: Context, connection: Connection, topic: str, now: datetime) -> list[Candidate]:
    grown = connection.scalars(sa.select(TAGS.c.tag).where(TAGS.c.topic == topic)).all()
    tags = [*catalogue().tags(topic), *grown]
    ids = connection.scalars(
        sa.select(USES.c.post_id)
        .where(USES.c.kind == TAG, USES.c.name.in_(tags), USES.c.hour >= hour_of(now - FRESH))
        .distinct()
        .order_by(USES.c.post_id.desc())
        .limit(_MOST)
    ).all()
    posts = _allowed(ctx, connection, ids, now)
    weights = {
        account_id: next((one.weight for one in topics if one.topic == topic), 0.0)
        for account_id, topics in topics_of(
            connection, {row.account_id for row in posts.values()}
        ).items()
    }
    heard = _voices(connection, list(posts))
    return [
        Candidate(
            post_id=row.id,
            account_id=row.account_id,
            host=row.host,
            published=row.published,
            weight=weights.get(row.account_id, 0.0),
            voices=heard.get(row.id, 0.0),
        )
        for row in posts.values()
        if row.in_reply_to is None  # an answer says little to strangers
    ]


def _allowed(
    ctx: Context, connection: Connection, ids: Sequence[int], now: datetime
) -> dict[int, Any]:
    """Posts that may be boosted at this moment, by id: consent is asked as at every door."""
    rows: list[Any] = []
    for part in chunks(ids):
        rows += connection.execute(
            sa.select(
                *POST_FACTS, POSTS.c.in_reply_to, ACCOUNTS.c.host, ACCOUNTS.c.uri.label("author")
            )
            .join(ACCOUNTS, ACCOUNTS.c.id == POSTS.c.account_id)
            .where(POSTS.c.id.in_(part))
        ).all()
    judged = judge_accounts(ctx, connection, {row.account_id for row in rows}, now)
    allowed = {}
    for row in rows:
        one = judged.get(row.account_id)
        if (
            one is not None
            and _all_four(one.verdict)
            and decide_trend(post_facts(row, one.row.uri), one.author, ctx.rules, now).allowed
        ):
            allowed[row.id] = row
    return allowed


def _all_four(verdict: AccountVerdict) -> bool:
    answers = (verdict.list, verdict.suggest, verdict.index_posts, verdict.trends)
    return all(answer.allowed for answer in answers)


def _voices(connection: Connection, ids: Sequence[int]) -> dict[int, float]:
    people: dict[int, Counter[str]] = defaultdict(Counter)
    for part in chunks(ids):
        rows = connection.execute(
            sa.select(INTERACTIONS.c.post_id, ACCOUNTS.c.host, INTERACTIONS.c.account_id)
            .join(ACCOUNTS, ACCOUNTS.c.id == INTERACTIONS.c.account_id)
            .where(INTERACTIONS.c.post_id.in_(part))
            .distinct()
        )
        for row in rows:
            people[row.post_id][row.host] += 1
    return {number: voices(by_server.values()) for number, by_server in people.items()}


def _reconsider(ctx: Context) -> int:
    """Take back boosts whose author or post may not be boosted any more (a lock, a bot …)."""
    with ctx.database.write() as connection:
        now = ctx.clock.now()
        recent = BOOSTS.c.at >= now - _LOOKED_AT
        rows = connection.execute(sa.select(BOOSTS).where(recent)).all()
        allowed = _allowed(ctx, connection, [row.post_id for row in rows], now)
        return take_back(connection, [row for row in rows if row.post_id not in allowed], now)
