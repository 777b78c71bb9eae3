"""The index follows the database: outbox rows become index writes, safe to do twice.

A row leaves the outbox only after the engine has it. Documents are built from the rows of the
moment and pass the consent decision on their way, so order and repetition do not matter. One
indexer works at a time: two could overtake each other with an older state.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.query import Kind
from discover.ports import Document
from discover.services.context import Context, Stopping
from discover.services.facts import ACCOUNTS, POSTS
from discover.services.index import outbox
from discover.services.index.aside import Aside
from discover.services.index.batches import (
    Batch,
    IndexerBusy,
    gathered,
    hand_over_people,
    index_batch,
    must_hold,
    next_rows,
    overtaken,
    purge_first,
    tick_off,
)
from discover.services.index.documents import (
    ACCOUNT_COLUMNS,
    POST_COLUMNS,
    account_documents,
    judge_accounts,
    judge_rows,
    post_documents,
)
from discover.services.index.outbox import OUTBOX
from discover.services.locks import Hold, hold, is_abandoned

__all__ = [
    "IndexerBusy",
    "index_all",
    "index_pending",
    "next_size",
    "reindex",
    "restore_lost_index",
]

BATCH = 4000
LOCK = "indexer"
_LOCK_SECONDS = 60.0
# Batches that the engine has been given and has not finished. With one at work and two waiting
# Meilisearch takes those two in as one.
_AT_ONCE = 3
_PAUSE = 0.05  # how often to look whether the engine has finished, or more has gathered
# An engine with one queue takes a withdrawal up after what it has been given. So a batch is as
# large as it takes in within this time: three of them are 3 s, where a withdrawal may take 5.
_BATCH_SECONDS = 1.0
_SMALLEST = 250
# A batch may be a quarter as large once the engine has been at work for so long: it would soon
# have nothing to do.
_SOON = 0.25

_ANY_WAITING = sa.select(OUTBOX.c.id).limit(1)


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


def _follow(ctx: Context, limit: int, held: Hold, go_on: Callable[[], bool]) -> int:
    """The next batches are made while the engine works at those before.

    They begin small and grow while the engine is quick with them.
    """
    size = min(limit, max(_SMALLEST, limit // 2))
    handed: deque[Batch] = deque()
    aside = Aside()
    done = last = 0
    free_since = time.monotonic()  # the engine has worked at the first of `handed` since then
    while True:
        done += purge_first(ctx, aside)
        if rows := _next(ctx, handed, aside, last, size, free_since, go_on):
            last = max(last, rows[-1].id)
            batch = index_batch(ctx, held, rows, handed, aside)
            if batch.ids:  # else nothing but people, who are kept for later
                handed.append(batch)
        elif aside.ids and (not handed or (aside.is_due() and len(handed) < _AT_ONCE)):
            handed.append(hand_over_people(ctx, held, aside, handed))
        elif not handed:
            return done
        elif handed[0].wait(_PAUSE):  # briefly: who leaves meanwhile is told to the engine at once
            must_hold(ctx, held, handed)
            finished = [handed.popleft()]
            while handed and handed[0].wait(0):
                finished.append(handed.popleft())
            now, ticked = time.monotonic(), sum(len(batch.ids) for batch in finished)
            size = next_size(ticked, size, now - max(finished[0].since, free_since), limit)
            free_since = now
            for batch in finished:
                tick_off(ctx, batch)
            done += ticked


def _next(
    ctx: Context,
    handed: Collection[Batch],
    aside: Aside,
    last: int,
    size: int,
    free_since: float,
    go_on: Callable[[], bool],
) -> Sequence[Any]:
    """Rows for another batch, if it is time for one."""
    if not last:
        return next_rows(ctx, size)
    if len(handed) == _AT_ONCE or not go_on():
        return ()
    if early := overtaken(ctx, handed, aside, last, size):
        return early
    if not handed:
        enough = min(size, _SMALLEST)
    else:
        enough = size // 2 if time.monotonic() - free_since < _SOON else size // 8
    return next_rows(ctx, size, last) if gathered(ctx, last, enough) else ()


def next_size(rows: int, size: int, seconds: float, limit: int) -> int:
    """How many rows the next batch may have, after one of `rows` took the engine so long."""
    fitting = int(rows * _BATCH_SECONDS / max(seconds, 0.001))
    if rows < size // 2:
        fitting = min(fitting, size)  # a handful says nothing of what more of them would take
    return min(limit, max(_SMALLEST, min(fitting, 2 * size)))


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
            must_hold(ctx, held)
            written += len(documents)
            seen += len(rows)
            last = rows[-1].id
            progress(kind.value, seen, total)
            purge_first(ctx, Aside())
            if waiting := next_rows(ctx, BATCH, mark):
                behind = index_batch(ctx, held, waiting)
                behind.wait()
                must_hold(ctx, held, [behind])
                mark = waiting[-1].id
        must_hold(ctx, held)
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
