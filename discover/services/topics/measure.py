"""What accounts are about, measured again when something about them has changed.

It runs in the indexing step, for the accounts whose documents are made anew, so its cost grows
with new posts and profiles. Safe to repeat: rows are replaced by what the account says now, and
rows of accounts that may no longer be listed go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.consent import decide_post, decide_trend
from discover.policy.languages import of_account
from discover.policy.topic_growth import CLOSE_POST, CLOSE_PROFILE, GROWN, MOST_PAIRS, MOST_TAGS
from discover.policy.topic_weights import (
    LOOKED_AT,
    STUFFED_POST,
    PostFacts,
    ProfileFacts,
    weigh,
)
from discover.policy.topics import Match
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POST_FACTS, POSTS, post_facts
from discover.services.index.documents import Judged, judge_accounts
from discover.services.index.newest import places
from discover.services.topics.catalogue import (
    ACCOUNT_TAGS,
    ACCOUNT_TOPICS,
    TAGS,
    TOPIC_DAYS,
    catalogue,
)
from discover.store.database import Lookup, among, chunks, table, upsert
from discover.store.tables import TagBesideRow, TagRow, TouchedTag

BESIDE = table(TagBesideRow)
TOUCHED = table(TouchedTag)

# Accounts of one transaction: others wait for it.
_PART = 200
_POSTS_SINCE = timedelta(days=90)
DAYS_KEPT = 14

_places = places(POSTS.c.published > sa.bindparam("since", type_=POSTS.c.published.type))
_NEWEST = Lookup(
    sa.select(*POST_FACTS)
    .join(_places, _places.c.id == POSTS.c.id)
    .where(_places.c.place <= LOOKED_AT)
)
_GROWN = Lookup(
    sa.select(TAGS.c.tag, TAGS.c.topic, TAGS.c.score).where(
        among(TAGS.c.tag), TAGS.c.topic.is_not(None)
    )
)
_STILL = (
    sa.select(ACCOUNTS.c.id).where(among(ACCOUNTS.c.id)).with_for_update(read=True, key_share=True)
)
_HELD_TOPICS = Lookup(sa.select(ACCOUNT_TOPICS).where(among(ACCOUNT_TOPICS.c.account_id)))
_HELD_TAGS = Lookup(sa.select(ACCOUNT_TAGS).where(among(ACCOUNT_TAGS.c.account_id)))
_HELD_PAIRS = Lookup(sa.select(BESIDE).where(among(BESIDE.c.account_id)))
_HELD_DAYS = Lookup(sa.select(TOPIC_DAYS).where(among(TOPIC_DAYS.c.account_id)))


@dataclass(slots=True)
class _Measured:
    """All that is kept about one account; empty for one that may not be listed."""

    topics: dict[str, tuple[float, str, dict[str, Any]]] = field(default_factory=dict)
    tags: set[str] = field(default_factory=set)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    days: set[tuple[str, int]] = field(default_factory=set)


def measure(ctx: Context, account_ids: Iterable[int]) -> int:
    """Bring the topics of these accounts up to date. Returns how many had changed."""
    changed = 0
    for part in chunks(sorted(account_ids), _PART):
        now = ctx.clock.now()
        with ctx.database.read() as connection:
            measured = _measure(ctx, connection, part, now)
            held = _held(connection, part)
        news = {one: found for one, found in measured.items() if held[one] != found}
        if news:
            with ctx.database.write() as connection:
                # Whoever left meanwhile has no rows, and none are made for them.
                still = set(connection.scalars(_STILL, {"among": list(news)}))
                _store(connection, {one: news[one] for one in still}, held)
            changed += len(news)
    return changed


def forget_counts(connection: Connection, account_ids: Collection[int] | sa.Select[Any]) -> None:
    """Everything that these accounts' posts and profiles have added up to goes at once.

    What their profiles alone say is measured again with the next indexing, if they stay.
    """
    connection.execute(
        sa.insert(TOUCHED).from_select(
            ["tag"],
            sa.select(ACCOUNT_TAGS.c.tag).where(ACCOUNT_TAGS.c.account_id.in_(account_ids)),
        )
    )
    for rows in (ACCOUNT_TOPICS, ACCOUNT_TAGS, BESIDE, TOPIC_DAYS):
        connection.execute(sa.delete(rows).where(rows.c.account_id.in_(account_ids)))


def _measure(
    ctx: Context, connection: Connection, ids: Sequence[int], now: datetime
) -> dict[int, _Measured]:
    judged = judge_accounts(ctx, connection, ids, now)
    listed = {one: found for one, found in judged.items() if found.verdict.list.allowed}
    posting = [one for one, found in listed.items() if found.verdict.index_posts.allowed]
    posts: dict[int, list[Any]] = {one: [] for one in listed}
    for row in _NEWEST(connection, posting, since=now - _POSTS_SINCE):
        posts[row.account_id].append(row)
    seen = {tag for rows in posts.values() for row in rows for tag in row.hashtags}
    for found in listed.values():
        seen.update(found.row.hashtags, found.row.featured_tags)
    grown = {
        row.tag: ((row.topic, GROWN * row.score),)
        for row in _GROWN(connection, [tag for tag in seen if not catalogue().match(tag)])
        if catalogue().by_id(row.topic)
    }
    measured = {one: _Measured() for one in ids}
    for one, found in listed.items():
        rows = sorted(posts[one], key=lambda row: row.published, reverse=True)
        measured[one] = _one(ctx, found, rows, grown, now)
    return measured


def _one(
    ctx: Context,
    judged: Judged,
    rows: Sequence[Any],
    grown: Mapping[str, tuple[Match, ...]],
    now: datetime,
) -> _Measured:
    account = judged.row
    known = catalogue()
    measured = _Measured()

    def match(tag: str) -> Sequence[Match]:
        return known.match(tag) or grown.get(tag, ())

    profile = ProfileFacts(
        texts=(account.name, account.summary, *(value for _, value in account.fields)),
        tags=tuple(account.hashtags),
        featured=tuple(account.featured_tags),
    )
    found = []
    for row in rows:
        facts = post_facts(row, account.uri)
        # What stands behind a content warning tells nobody what its author is about.
        if facts.sensitive:
            continue
        # Whatever may be counted may be found.
        counted = decide_trend(facts, judged.author, ctx.rules, now).allowed
        if counted or decide_post(facts, judged.author, ctx.rules, now).allowed:
            found.append(PostFacts(facts.hashtags, row.published))
        if counted:
            _count_post(measured, facts.hashtags, row.published, match, now)
    written = account.languages if judged.verdict.index_posts.allowed else ()
    languages = "".join(f",{name}" for name in of_account(written, account.language))
    for topic in weigh(profile, found, known, match, now):
        evidence = {"tags": list(topic.tags), "words": list(topic.words), "posts": topic.posts}
        measured.topics[topic.topic] = (
            topic.weight,
            f"{languages}," if languages else "",
            {name: value for name, value in evidence.items() if value},
        )
    if judged.verdict.trends.allowed:
        _count_tags(measured, [*account.hashtags, *account.featured_tags])
        if len(account.hashtags) <= CLOSE_PROFILE:
            _count_pairs(measured, account.hashtags)
    return measured


def _count_post(
    measured: _Measured,
    tags: Sequence[str],
    published: datetime,
    match: Any,
    now: datetime,
) -> None:
    if len(tags) > STUFFED_POST:
        return
    _count_tags(measured, tags)
    if len(tags) <= CLOSE_POST:
        _count_pairs(measured, tags)
    if now - published < timedelta(days=DAYS_KEPT):
        day = int(published.timestamp() // 86_400)
        for tag in tags:
            measured.days.update((topic, day) for topic, _ in match(tag))


def _count_tags(measured: _Measured, tags: Iterable[str]) -> None:
    for tag in tags:
        if len(measured.tags) < MOST_TAGS:
            measured.tags.add(tag)


def _count_pairs(measured: _Measured, tags: Sequence[str]) -> None:
    """Tags that the list does not know beside those that it knows."""
    known = catalogue()
    topics = {topic for tag in tags for topic, _ in known.match(tag)}
    for tag in tags:
        if tag in measured.tags and not known.is_generic(tag) and not known.match(tag):
            for topic in topics:
                if len(measured.pairs) < MOST_PAIRS:
                    measured.pairs.add((tag, topic))


def _held(connection: Connection, ids: Sequence[int]) -> dict[int, _Measured]:
    held = {one: _Measured() for one in ids}
    for row in _HELD_TOPICS(connection, ids):
        held[row.account_id].topics[row.topic] = (row.weight, row.languages, row.evidence)
    for row in _HELD_TAGS(connection, ids):
        held[row.account_id].tags.add(row.tag)
    for row in _HELD_PAIRS(connection, ids):
        held[row.account_id].pairs.add((row.tag, row.topic))
    for row in _HELD_DAYS(connection, ids):
        held[row.account_id].days.add((row.topic, row.day))
    return held


def _store(
    connection: Connection, news: Mapping[int, _Measured], held: Mapping[int, _Measured]
) -> None:
    """Replace what is held, table by table, where it differs."""
    touched: set[str] = set()
    for rows, name in (
        (ACCOUNT_TOPICS, "topics"), (ACCOUNT_TAGS, "tags"),
        (BESIDE, "pairs"), (TOPIC_DAYS, "days"),
    ):  # fmt: skip
        differing = [one for one in news if getattr(news[one], name) != getattr(held[one], name)]
        old = [one for one in differing if getattr(held[one], name)]
        if old:
            connection.execute(sa.delete(rows).where(among(rows.c.account_id)), {"among": old})
        fresh = [row for one in differing for row in _rows(name, one, news[one])]
        if fresh:
            connection.execute(sa.insert(rows), fresh)
    for one, found in news.items():
        touched |= found.tags ^ held[one].tags
        touched.update(tag for tag, _ in found.pairs ^ held[one].pairs)
    if touched:
        names = [{"tag": tag} for tag in sorted(touched)]
        connection.execute(sa.insert(TOUCHED), names)
        # Known at once, counted later. Sorted, so that two writers meet in one order.
        upsert(connection, TagRow, names, key=["tag"])


def _rows(name: str, one: int, found: _Measured) -> list[dict[str, Any]]:
    if name == "topics":
        return [
            {
                "account_id": one,
                "topic": topic,
                "weight": weight,
                "languages": languages,
                "evidence": evidence,
            }
            for topic, (weight, languages, evidence) in found.topics.items()
        ]
    if name == "tags":
        return [{"account_id": one, "tag": tag} for tag in sorted(found.tags)]
    if name == "pairs":
        return [
            {"account_id": one, "tag": tag, "topic": topic} for tag, topic in sorted(found.pairs)
        ]
    return [{"account_id": one, "topic": topic, "day": day} for topic, day in sorted(found.days)]
