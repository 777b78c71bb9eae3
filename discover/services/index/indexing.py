"""The index follows the database: outbox rows become index writes, safe to do twice.

A row leaves the outbox only after the engine has it. Documents are built from the rows of the
moment and pass the consent decision on their way, so order and repetition do not matter. One
indexer works at a time: two could overtake each other with an older state.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.query import AccountDocument, Kind, PostDocument
from discover.ports import Document, Handed
from discover.services.consent import withdrawals
from discover.services.context import Context, Stopping
from discover.services.facts import ACCOUNTS, POSTS
from discover.services.index import outbox
from discover.services.index.documents import (
    ACCOUNT_COLUMNS,
    POST_COLUMNS,
    account_document,
    account_documents,
    judge_accounts,
    judge_rows,
    post_document,
    post_documents,
)
from discover.services.index.outbox import OUTBOX
from discover.services.locks import Hold, hold, is_abandoned
from discover.services.suggest import similarity
from discover.services.topics.measure import Part, measure, measured
from discover.store.bulk import Delete
from discover.store.lookup import Lookup, among
from discover.store.tables import OutboxRow

BATCH = 4000
LOCK = "indexer"
_LOCK_SECONDS = 60.0
_AT_ONCE = 2  # batches that the engine has been given and has not finished
_PAUSE = 0.05  # how often to look whether the engine has finished, or more has gathered
# An engine with one queue takes a withdrawal up after what it has been given. So a batch is as
# large as it takes in within this time: two of them are 2 s, where a withdrawal may take 5.
_BATCH_SECONDS = 1.0
_SMALLEST = 250
# Who is like whom is worked out once a burst is over, not again and again beside it.
_LIKENESS_AFTER = timedelta(seconds=15)

# Statements are made once: to make one costs more than to run it.
_ANY_WAITING = sa.select(OUTBOX.c.id).limit(1)
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
_LEAVING = (
    sa.select(OUTBOX.c.id, OUTBOX.c.kind, OUTBOX.c.ref, OUTBOX.c.host)
    .where(OUTBOX.c.kind.in_((outbox.PURGE_ACCOUNT, outbox.PURGE_SERVER)))
    .order_by(OUTBOX.c.id)
    .limit(1000)
)
_DONE = Delete(OutboxRow, "id")
_POSTS_OF = Lookup(sa.select(*POST_COLUMNS).where(among(POSTS.c.id)))


@dataclass(slots=True)
class _Batch:
    """Outbox rows whose documents the engine has been given."""

    ids: list[int]
    changed: set[int]  # accounts
    posts: set[int] = field(default_factory=set)
    handed: Handed | None = None
    since: float = 0.0  # time.monotonic() when its rows were read

    def wait(self, seconds: float | None = None) -> bool:
        return self.handed is None or self.handed.wait(seconds)


def index_pending(
    ctx: Context, *, limit: int = BATCH, go_on: Callable[[], bool] = lambda: True
) -> int:
    """Bring a batch of outbox rows to the index, and further ones while they gather as fast as
    the engine takes them in and `go_on` says so. Returns how many rows were done.

    0 also when another process is at it. Raises EngineUnavailable; nothing is lost by it.
    """
    with ctx.database.read() as connection:
        waiting = connection.execute(_ANY_WAITING).first() is not None
        if not waiting and not is_abandoned(connection, LOCK, ctx.clock.now()):
            return 0
    with _indexing(ctx) as held:
        return 0 if held is None else _follow(ctx, limit, held, go_on)


@contextmanager
def _indexing(ctx: Context) -> Iterator[Hold | None]:
    """The right to index; None while another process has it.

    Who had it before may have died within a rebuild, or have lost it there and still be at it:
    what was filled is thrown away, so that it neither stays nor goes live.
    """
    with hold(ctx, LOCK, _LOCK_SECONDS) as held:
        if held is not None and held.inherited:
            ctx.engine.drop_leftovers()
        yield held


def _must_hold(ctx: Context, held: Hold, handed: Iterable[_Batch] = ()) -> None:
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


def _follow(ctx: Context, limit: int, held: Hold, go_on: Callable[[], bool]) -> int:
    """The next batch is made while the engine works at the one before.

    Batches begin small and grow while the engine is quick with them.
    """
    done = _purge_first(ctx)
    size = min(limit, max(_SMALLEST, limit // 4))
    free_since = time.monotonic()  # the engine has worked at the first of `handed` since then
    first = _index_batch(ctx, held, size)
    handed = deque([first] if first else [])
    while handed:
        done += _purge_first(ctx)
        room, last = len(handed) < _AT_ONCE and go_on(), handed[-1].ids[-1]
        if (
            room
            and _gathered(ctx, last, size // 2)
            and (more := _index_batch(ctx, held, size, after=last, handed=handed))
        ):
            handed.append(more)
        elif handed[0].wait(_PAUSE):  # briefly: who leaves meanwhile is told to the engine at once
            _must_hold(ctx, held, handed)
            batch = handed.popleft()
            now = time.monotonic()
            size = next_size(len(batch.ids), size, now - max(batch.since, free_since), limit)
            free_since = now
            _tick_off(ctx, batch)
            done += len(batch.ids)
    return done


def next_size(rows: int, size: int, seconds: float, limit: int) -> int:
    """How many rows the next batch may have, after one of `rows` took the engine so long."""
    fitting = int(rows * _BATCH_SECONDS / max(seconds, 0.001))
    if rows < size // 2:
        fitting = min(fitting, size)  # a handful says nothing of what more of them would take
    return min(limit, max(_SMALLEST, min(fitting, 2 * size)))


def _gathered(ctx: Context, after: int, number: int) -> bool:
    """Are at least so many rows waiting behind that one?"""
    with ctx.database.read() as connection:
        nth = connection.execute(_NTH, {"after": after, "number": max(0, number - 1)})
        return nth.first() is not None


def _tick_off(ctx: Context, batch: _Batch) -> None:
    with ctx.database.write() as connection:
        now = ctx.clock.now()
        similarity.mark(connection, batch.changed, now)
        similarity.call(connection, now + _LIKENESS_AFTER)
        _DONE(connection, batch.ids)
        withdrawals.gone(connection, batch.ids, now)


def _purge_first(ctx: Context) -> int:
    """Whoever leaves does not wait behind others' news. Returns how many rows were done.

    They may overtake older rows: documents are made of what the database holds at that moment.
    """
    with ctx.database.read() as connection:
        rows = connection.execute(_LEAVING).all()
        if not rows:
            return 0
        left_behind = _left_behind(connection, rows)
    _purge(ctx, rows)
    measure(ctx, left_behind)
    with ctx.database.write() as connection:
        ids = [row.id for row in rows]
        _DONE(connection, ids)
        withdrawals.gone(connection, ids, ctx.clock.now())
    return len(rows)


def index_all(ctx: Context, progress: Callable[[int], None] = lambda _done: None) -> int:
    """Until the outbox is empty."""
    done = 0
    while batch := index_pending(ctx):
        done += batch
        progress(done)
    return done


def reindex(
    ctx: Context, progress: Callable[[str, int, int], None] = lambda _kind, _done, _all: None
) -> dict[str, int]:
    """Build both collections anew beside the live ones, swap, then catch up with the outbox.

    Meanwhile no other indexer works, so every change since the beginning is still in the outbox
    when the new collection goes live. The live one is kept fresh too: a withdrawal does not wait
    for a rebuild. Raises IndexerBusy when another process is indexing, or has taken over because
    this one was held up; Stopping when the process is to end. The live collections stay then.
    """
    counts = {}
    with _indexing(ctx) as held:
        if held is None:
            raise IndexerBusy("another process is writing the index; try again in a moment")
        for kind in Kind:
            counts[kind.value] = _rebuild(ctx, kind, held, progress)
    index_all(ctx)
    return counts


def restore_lost_index(ctx: Context) -> bool:
    """Rebuild when a collection is outdated, or empty while the database holds more than what waits
    in the outbox. True when that was necessary; safe to call at every start.
    """
    ctx.engine.prepare()
    with _indexing(ctx) as held:
        if held is not None:
            ctx.engine.drop_leftovers()
    if not ctx.engine.needs_rebuild() and not _lost(ctx):
        return False
    reindex(ctx)
    return True


def _lost(ctx: Context) -> bool:
    with ctx.database.read() as connection:
        filled = [
            kind
            for kind, source, waiting in (
                (Kind.ACCOUNTS, ACCOUNTS, outbox.ACCOUNT),
                (Kind.POSTS, POSTS, outbox.POST),
            )
            if connection.execute(
                # What waits in the outbox is on its way there, and no reason to begin anew.
                sa.select(source.c.id)
                .where(source.c.id.not_in(sa.select(OUTBOX.c.ref).where(OUTBOX.c.kind == waiting)))
                .limit(1)
            ).first()
            is not None
        ]
    return any(ctx.engine.count(kind) == 0 for kind in filled)


class IndexerBusy(Exception):
    """Another process holds the indexer's lock."""


def _rebuild(
    ctx: Context, kind: Kind, held: Hold, progress: Callable[[str, int, int], None]
) -> int:
    source = ACCOUNTS if kind is Kind.ACCOUNTS else POSTS
    columns = ACCOUNT_COLUMNS if kind is Kind.ACCOUNTS else POST_COLUMNS
    written = last = seen = mark = 0
    with ctx.engine.rebuild(kind) as fresh:
        while True:
            if ctx.stopping():
                raise Stopping
            now = ctx.clock.now()
            with ctx.database.read() as connection:
                total = connection.scalar(sa.select(sa.func.count()).select_from(source)) or 0
                rows = connection.execute(
                    sa.select(*columns).where(source.c.id > last).order_by(source.c.id).limit(BATCH)
                ).all()
                documents = _documents(ctx, connection, kind, rows, now)
            if not rows:
                break
            fresh.add(documents)
            _must_hold(ctx, held)
            written += len(documents)
            seen += len(rows)
            last = rows[-1].id
            progress(kind.value, seen, total)
            _purge_first(ctx)
            if behind := _index_batch(ctx, held, BATCH, after=mark):
                behind.wait()
                _must_hold(ctx, held, [behind])
                mark = behind.ids[-1]
        _must_hold(ctx, held)
        fresh.swap()
    return written


def _documents(
    ctx: Context, connection: Connection, kind: Kind, rows: Sequence[Any], now: datetime
) -> list[Document]:
    if kind is Kind.ACCOUNTS:
        judged = judge_rows(ctx, connection, rows, now)
        return list(account_documents(ctx, connection, judged, now))
    judged = judge_accounts(ctx, connection, {row.account_id for row in rows}, now)
    return list(post_documents(ctx, rows, judged, now))


def _index_batch(
    ctx: Context, held: Hold, limit: int, *, after: int = 0, handed: Iterable[_Batch] = ()
) -> _Batch | None:
    """Give the engine the state of what the rows speak of; None when there are none."""
    since = time.monotonic()
    with ctx.database.read() as connection:
        rows = _whole(connection.execute(_WAITING, {"after": after, "limit": limit}).all(), limit)
        if not rows:
            return None
        left_behind = _left_behind(connection, rows)
    _purge(ctx, rows)
    account_ids = {row.ref for row in rows if row.kind == outbox.ACCOUNT}
    post_ids = {row.ref for row in rows if row.kind == outbox.POST}
    accounts: list[Document] = []
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
    batch = _Batch([row.id for row in rows], account_ids, post_ids, since=since)
    _must_hold(ctx, held, [*handed, batch])
    if accounts or documents:
        batch.handed = ctx.engine.hand_over([*accounts, *documents])
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


def _purge(ctx: Context, rows: Sequence[Any]) -> None:
    for host in {row.host for row in rows if row.kind == outbox.PURGE_SERVER}:
        ctx.engine.delete_server(host)
    if gone := {row.ref for row in rows if row.kind == outbox.PURGE_ACCOUNT}:
        ctx.engine.delete_accounts(sorted(gone))


def _left_behind(connection: Connection, rows: Sequence[Any]) -> set[int]:
    """Accounts that leave the index while their rows stay, until their evidence is renewed."""
    ids = {row.ref for row in rows if row.kind == outbox.PURGE_ACCOUNT}
    for host in {row.host for row in rows if row.kind == outbox.PURGE_SERVER}:
        ids.update(connection.scalars(sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.host == host)))
    return ids
