"""Hashtags that no topic lists find their topic by what people use them beside.

Only tags that somebody has begun or ceased to use are counted again. When one of them comes to
lead to a topic, or to another one, the people who use it are measured again through the outbox.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.topic_growth import Beside, grown
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.index import outbox
from discover.services.topics.catalogue import (
    ACCOUNT_TAGS,
    TAGS,
    TOPIC_DAYS,
    catalogue,
    catalogue_digest,
)
from discover.services.topics.measure import BESIDE, DAYS_KEPT, TOUCHED
from discover.store.database import chunks, table, upsert
from discover.store.lookup import Lookup, among
from discover.store.tables import TagRow, TopicCatalogue

CATALOGUE = table(TopicCatalogue)

_TOUCHED_AT_ONCE = 2000
_COUNTED_AT_ONCE = 200
_MEASURED_AT_ONCE = 2000
# A tag that changed its score by less than this leads where it led before.
_NOTICED = 0.1
_EVERYBODY = -1

_USED = Lookup(
    sa.select(
        ACCOUNT_TAGS.c.tag,
        sa.func.count().label("people"),
        sa.func.count(ACCOUNTS.c.host.distinct()).label("servers"),
    )
    .join(ACCOUNTS, ACCOUNTS.c.id == ACCOUNT_TAGS.c.account_id)
    .where(among(ACCOUNT_TAGS.c.tag))
    .group_by(ACCOUNT_TAGS.c.tag)
)
_BESIDE = Lookup(
    sa.select(
        BESIDE.c.tag,
        BESIDE.c.topic,
        sa.func.count().label("people"),
        sa.func.count(ACCOUNTS.c.host.distinct()).label("servers"),
    )
    .join(ACCOUNTS, ACCOUNTS.c.id == BESIDE.c.account_id)
    .where(among(BESIDE.c.tag))
    .group_by(BESIDE.c.tag, BESIDE.c.topic)
)
_KNOWN = Lookup(
    sa.select(TAGS.c.tag, TAGS.c.people, TAGS.c.servers, TAGS.c.topic, TAGS.c.score).where(
        among(TAGS.c.tag)
    )
)


def grow(ctx: Context) -> int:
    """Count every touched tag again. Returns how many came to lead somewhere else."""
    _follow_catalogue(ctx)
    changed = 0
    while True:
        with ctx.database.read() as connection:
            rows = connection.execute(
                sa.select(TOUCHED.c.id, TOUCHED.c.tag)
                .order_by(TOUCHED.c.id)
                .limit(_TOUCHED_AT_ONCE)
            ).all()
        if not rows:
            break
        for part in chunks(sorted({row.tag for row in rows}), _COUNTED_AT_ONCE):
            with ctx.database.write() as connection:
                changed += _count(ctx, connection, part)
        with ctx.database.write() as connection:
            for ids in chunks([row.id for row in rows]):
                connection.execute(sa.delete(TOUCHED).where(among(TOUCHED.c.id)), {"among": ids})
    _forget_old_days(ctx)
    return changed


def _count(ctx: Context, connection: Connection, tags: Sequence[str]) -> int:
    now = ctx.clock.now()
    used = {row.tag: row for row in _USED(connection, tags)}
    known = {row.tag: row for row in _KNOWN(connection, tags)}
    beside: dict[str, dict[str, Beside]] = {}
    for row in _BESIDE(connection, tags):
        if catalogue().by_id(row.topic):
            beside.setdefault(row.tag, {})[row.topic] = Beside(row.people, row.servers)
    rows, moved = [], []
    for tag, count in used.items():
        listed = bool(catalogue().match(tag)) or catalogue().is_generic(tag)
        found = None if listed else grown(count.people, beside.get(tag, {}), catalogue())
        topic, score = found or (None, 0.0)
        was = known.get(tag)
        if was is not None and was.topic == topic and abs(was.score - score) < _NOTICED:
            score = was.score
        elif (was.topic if was else None) is not None or topic is not None:
            moved.append(tag)
        row = {
            "tag": tag,
            "people": count.people,
            "servers": count.servers,
            "topic": topic,
            "score": score,
            "counted_at": now,
        }
        rows.append(row)
    columns = ["people", "servers", "topic", "score", "counted_at"]
    upsert(connection, TagRow, rows, key=["tag"], update=columns)
    unused = [tag for tag in tags if tag not in used]
    connection.execute(sa.delete(TAGS).where(among(TAGS.c.tag)), {"among": unused})
    for tag in moved:
        users = sa.select(ACCOUNT_TAGS.c.account_id).where(ACCOUNT_TAGS.c.tag == tag)
        outbox.note(connection, outbox.ACCOUNT, connection.scalars(users).all(), now)
    return len(moved)


def _follow_catalogue(ctx: Context) -> None:
    """After a change of the curated list everybody is measured again, part by part."""
    over = False
    while not over:
        with ctx.database.write() as connection:
            row = connection.execute(sa.select(CATALOGUE)).first()
            same = row is not None and row.digest == catalogue_digest()
            if row is not None and same and row.done == _EVERYBODY:
                return
            if not same:
                every_tag = sa.select(TAGS.c.tag)
                connection.execute(sa.insert(TOUCHED).from_select(["tag"], every_tag))
            ids = connection.scalars(
                sa.select(ACCOUNTS.c.id)
                .where(ACCOUNTS.c.id > (row.done if row is not None and same else 0))
                .order_by(ACCOUNTS.c.id)
                .limit(_MEASURED_AT_ONCE)
            ).all()
            outbox.note(connection, outbox.ACCOUNT, ids, ctx.clock.now())
            over = len(ids) < _MEASURED_AT_ONCE
            done = _EVERYBODY if over else ids[-1]
            upsert(
                connection,
                TopicCatalogue,
                [{"name": "seed", "digest": catalogue_digest(), "done": done}],
                key=["name"],
                update=["digest", "done"],
            )


def _forget_old_days(ctx: Context) -> None:
    oldest = int((ctx.clock.now() - timedelta(days=DAYS_KEPT)).timestamp() // 86_400)
    with ctx.database.write() as connection:
        connection.execute(sa.delete(TOPIC_DAYS).where(TOPIC_DAYS.c.day < oldest))
