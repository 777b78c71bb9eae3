"""A batch of the outbox: what its rows speak of is given to the engine, and ticked off when it has it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.query import AccountDocument, Kind, PostDocument
from discover.ports import Document, Handed
from discover.services.consent import withdrawals
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POSTS
from discover.services.index import outbox
from discover.services.index.aside import Aside
from discover.services.index.documents import (
    POST_COLUMNS,
    account_document,
    judge_accounts,
    post_document,
    post_documents,
)
from discover.services.index.outbox import OUTBOX
from discover.services.locks import Hold
from discover.services.suggest import similarity
from discover.services.topics.measure import Part, measure, measured
from discover.store.bulk import Delete
from discover.store.lookup import Lookup, among
from discover.store.tables import OutboxRow

# A batch of fewer rows gives its people to the engine at once: there is no burst.
_MANY_ROWS = 1000

# Statements are made once: to make one costs more than to run it.
_WAITING = (
    sa.select(OUTBOX.c.id, OUTBOX.c.kind, OUTBOX.c.ref, OUTBOX.c.host, OUTBOX.c.at)
    .where(OUTBOX.c.id > sa.bindparam("after"))
    .order_by(OUTBOX.c.id)
    .limit(sa.bindparam("limit"))
)
_NTH = (
    sa.select(OUTBOX.c.id)
    .where(OUTBOX.c.id > sa.bindparam("after"))
    .order_by(OUTBOX.c.id)
    .offset(sa.bindparam("number"))
    .limit(1)
)
_UP_TO = sa.select(sa.func.count()).where(OUTBOX.c.id <= sa.bindparam("last"))
# Written out, or SQLite does not know that its index of such rows will do.
_PURGES: list[sa.ColumnElement[str]] = [
    sa.literal_column(f"'{kind}'") for kind in (outbox.PURGE_ACCOUNT, outbox.PURGE_SERVER)
]
_LEAVING = (
    sa.select(OUTBOX.c.id, OUTBOX.c.kind, OUTBOX.c.ref, OUTBOX.c.host)
    .where(OUTBOX.c.kind.in_(_PURGES))
    .order_by(OUTBOX.c.id)
    .limit(1000)
)
_DONE = Delete(OutboxRow, "id")
_POSTS_OF = Lookup(sa.select(*POST_COLUMNS).where(among(POSTS.c.id)))


class IndexerBusy(Exception):
    """Another process holds the indexer's lock."""


@dataclass(slots=True)
class Batch:
    """Outbox rows whose documents the engine has been given."""

    ids: list[int]
    changed: set[int]  # accounts
    posts: set[int] = field(default_factory=set)
    handed: Handed | None = None
    since: float = 0.0  # time.monotonic() when its rows were read

    def wait(self, seconds: float | None = None) -> bool:
        return self.handed is None or self.handed.wait(seconds)


def must_hold(ctx: Context, held: Hold, handed: Iterable[Batch] = ()) -> None:
    """IndexerBusy when another process has taken over meanwhile.

    What was handed over may then be older than what that one wrote: it is asked to look again.
    """
    if held.kept():
        return
    with ctx.database.write() as connection:
        now = ctx.clock.now()
        for batch in handed:
            outbox.note(connection, outbox.ACCOUNT, sorted(batch.changed), now)
            outbox.note(connection, outbox.POST, sorted(batch.posts), now)
    raise IndexerBusy("another process has taken the index over; this one lets go")


def next_rows(ctx: Context, limit: int, after: int = 0) -> Sequence[Any]:
    """So many that wait behind that one, the oldest first."""
    with ctx.database.read() as connection:
        return _whole(connection.execute(_WAITING, {"after": after, "limit": limit}).all(), limit)


def overtaken(
    ctx: Context, handed: Iterable[Batch], aside: Aside, last: int, limit: int
) -> Sequence[Any]:
    """Rows up to the last that was handed over which nobody has seen yet.

    On PostgreSQL a row is numbered when it is written and seen when its transaction is over, and
    a younger one may be over first.
    """
    known = {one for batch in handed for one in batch.ids}.union(aside.ids)
    with ctx.database.read() as connection:
        if (connection.scalar(_UP_TO, {"last": last}) or 0) <= len(known):
            return ()
        rows = connection.execute(_WAITING, {"after": 0, "limit": len(known) + limit})
        return [row for row in rows if row.id <= last and row.id not in known]


def index_batch(
    ctx: Context,
    held: Hold,
    rows: Sequence[Any],
    handed: Iterable[Batch] = (),
    aside: Aside | None = None,
) -> Batch:
    """Give the engine the state of what the rows speak of, behind what it was handed before.

    With `aside` people may be kept there for a batch to come, together with their rows.
    """
    kept = Aside() if aside is None else aside
    since = time.monotonic()
    with ctx.database.read() as connection:
        left_behind = _left_behind(connection, rows)
    _purge(ctx, rows, kept)
    account_ids = {row.ref for row in rows if row.kind == outbox.ACCOUNT}
    post_ids = {row.ref for row in rows if row.kind == outbox.POST}
    accounts: list[AccountDocument] = []
    documents: list[Document] = []
    for part in measured(ctx, account_ids | left_behind):
        accounts += _accounts_of(part, account_ids)
        documents += _posts_of(part, post_ids)
    if rest := post_ids.difference(one.id for one in documents):
        documents += _posts(ctx, rest)
    # Each write is a commit of the engine's, so those with nothing in them are left out.
    if gone := account_ids.difference(one.id for one in accounts):
        ctx.engine.delete(Kind.ACCOUNTS, sorted(gone))
    if gone := post_ids.difference(one.id for one in documents):
        ctx.engine.delete(Kind.POSTS, sorted(gone))
    kept.add((row.id for row in rows if row.kind == outbox.ACCOUNT), account_ids, accounts)
    batch = Batch(
        [row.id for row in rows if row.kind != outbox.ACCOUNT], set(), post_ids, since=since
    )
    go_along = aside is None or len(rows) < _MANY_ROWS or kept.is_due()
    return _hand_over(ctx, held, batch, documents, handed, kept if go_along else Aside())


def hand_over_people(ctx: Context, held: Hold, aside: Aside, handed: Iterable[Batch]) -> Batch:
    """Those who were kept, as a batch of their own."""
    return _hand_over(ctx, held, Batch([], set(), since=time.monotonic()), [], handed, aside)


def _hand_over(
    ctx: Context,
    held: Hold,
    batch: Batch,
    documents: Iterable[Document],
    handed: Iterable[Batch],
    aside: Aside,
) -> Batch:
    ids, changed, accounts = aside.take()
    batch.ids += ids
    batch.changed |= changed
    must_hold(ctx, held, [*handed, batch])
    if both := [*accounts, *documents]:
        batch.handed = ctx.engine.hand_over(both)
    return batch


def _whole(rows: Sequence[Any], limit: int) -> Sequence[Any]:
    """Without the beginning of a transaction whose other rows do not fit: they speak of the same
    people, who would be read and measured twice.
    """
    end = len(rows)
    while len(rows) == limit and end and rows[end - 1].at == rows[-1].at:
        end -= 1
    return rows[:end] if end > limit // 2 else rows


def _accounts_of(part: Part, wanted: Collection[int]) -> Iterator[AccountDocument]:
    for key, one in part.judged.items():
        if key in wanted and one.verdict.list.allowed:
            yield account_document(one, part.posts.get(key, ()), part.topics[key], part.at)


def _posts_of(part: Part, wanted: Collection[int]) -> Iterator[PostDocument]:
    """Of posts that were read with their authors."""
    for key, posts in part.posts.items():
        for post in posts:
            if post.row.id in wanted:
                yield post_document(post, part.judged[key])


def _posts(ctx: Context, ids: Collection[int]) -> list[PostDocument]:
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        rows = _POSTS_OF(connection, sorted(ids))
        judged = judge_accounts(ctx, connection, {row.account_id for row in rows}, now)
        return post_documents(ctx, rows, judged, now)


def _purge(ctx: Context, rows: Sequence[Any], aside: Aside) -> None:
    hosts = {row.host for row in rows if row.kind == outbox.PURGE_SERVER}
    gone = {row.ref for row in rows if row.kind == outbox.PURGE_ACCOUNT}
    aside.forget(gone, hosts)
    for host in hosts:
        ctx.engine.delete_server(host)
    if gone:
        ctx.engine.delete_accounts(sorted(gone))


def _left_behind(connection: Connection, rows: Sequence[Any]) -> set[int]:
    """Accounts that leave the index while their rows stay, until their evidence is renewed."""
    ids = {row.ref for row in rows if row.kind == outbox.PURGE_ACCOUNT}
    for host in {row.host for row in rows if row.kind == outbox.PURGE_SERVER}:
        ids.update(connection.scalars(sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.host == host)))
    return ids


def gathered(ctx: Context, after: int, number: int) -> bool:
    """Are at least so many rows waiting behind that one?"""
    with ctx.database.read() as connection:
        nth = connection.execute(_NTH, {"after": after, "number": max(0, number - 1)})
        return nth.first() is not None


def tick_off(ctx: Context, batch: Batch) -> None:
    with ctx.database.write() as connection:
        now = ctx.clock.now()
        similarity.mark(connection, batch.changed, now)
        similarity.call(connection, now)
        _DONE(connection, batch.ids)
        withdrawals.gone(connection, batch.ids, now)


def purge_first(ctx: Context, aside: Aside) -> int:
    """Whoever leaves does not wait behind others' news. Returns how many rows were done.

    They may overtake older rows: documents are made of what the database holds at that moment.
    """
    with ctx.database.read() as connection:
        rows = connection.execute(_LEAVING).all()
        if not rows:
            return 0
        left_behind = _left_behind(connection, rows)
    _purge(ctx, rows, aside)
    measure(ctx, left_behind)
    with ctx.database.write() as connection:
        ids = [row.id for row in rows]
        _DONE(connection, ids)
        withdrawals.gone(connection, ids, ctx.clock.now())
    return len(rows)
