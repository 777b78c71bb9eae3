"""A rebuild of the index as a task, with its progress where everybody can see it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from discover.model.query import Kind
from discover.services.context import Context, Stopping
from discover.services.index.indexing import IndexerBusy, reindex
from discover.store.database import table, upsert
from discover.store.tables import IndexRebuild, Task

REBUILDS = table(IndexRebuild)
TASK = "reindex"
# Another indexer holds the lock for one batch only, as a rule.
_TRIES, _PAUSE_SECONDS = 20, 0.5


@dataclass(frozen=True, slots=True)
class Rebuild:
    """`accounts` and `posts`: how many are done, and of how many."""

    id: int
    operator: str
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    accounts: tuple[int, int]
    posts: tuple[int, int]
    last_error: str

    @property
    def state(self) -> str:
        if self.ended_at is not None:
            return "done"
        return "under way" if self.began_at is not None else "queued"


def ask(ctx: Context, operator: str) -> int:
    """Queue a rebuild. Returns its number, or that of the one that is not done yet."""
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        number = connection.scalar(
            sa.select(sa.func.max(REBUILDS.c.id)).where(REBUILDS.c.ended_at.is_(None))
        )
        if number is None:
            row = {"operator": operator, "asked_at": now}
            number = connection.scalar(sa.insert(REBUILDS).values(**row).returning(REBUILDS.c.id))
        task = {"kind": TASK, "key": "", "payload": {"rebuild": number}, "due_at": now}
        upsert(connection, Task, [task], key=["kind", "key"])
    assert number is not None
    return int(number)


def newest(ctx: Context, limit: int = 10) -> list[Rebuild]:
    query = sa.select(REBUILDS).order_by(REBUILDS.c.id.desc()).limit(limit)
    with ctx.database.read() as connection:
        rows = connection.execute(query).all()
    return [
        Rebuild(
            id=row.id,
            operator=row.operator,
            asked_at=row.asked_at,
            began_at=row.began_at,
            ended_at=row.ended_at,
            accounts=(row.accounts_done, row.accounts_all),
            posts=(row.posts_done, row.posts_all),
            last_error=row.last_error,
        )
        for row in rows
    ]


def run(ctx: Context, payload: Mapping[str, Any]) -> None:
    """The task. Safe to do twice: what is done is not done again. Raises IndexerBusy, or worse."""
    number = int(payload["rebuild"])
    with ctx.database.read() as connection:
        row = connection.execute(sa.select(REBUILDS).where(REBUILDS.c.id == number)).first()
    if row is None or row.ended_at is not None:
        return

    def progress(kind: str, done: int, total: int) -> None:
        name = "accounts" if kind == Kind.ACCOUNTS.value else "posts"
        _set(ctx, number, **{f"{name}_done": done, f"{name}_all": total})

    _set(ctx, number, began_at=ctx.clock.now())
    try:
        _reindex(ctx, progress)
    except Stopping:
        raise  # no fault: the next worker begins it anew
    except Exception as error:
        _set(ctx, number, last_error=f"{type(error).__name__}: {error}"[:500])
        raise
    _set(ctx, number, ended_at=ctx.clock.now(), last_error="")


def _reindex(ctx: Context, progress: Any) -> None:
    for _ in range(_TRIES):
        try:
            reindex(ctx, progress)
        except IndexerBusy:
            time.sleep(_PAUSE_SECONDS)
        else:
            return
    raise IndexerBusy("another process is writing the index; it is tried again")


def _set(ctx: Context, number: int, **values: Any) -> None:
    with ctx.database.write() as connection:
        connection.execute(sa.update(REBUILDS).where(REBUILDS.c.id == number).values(**values))
