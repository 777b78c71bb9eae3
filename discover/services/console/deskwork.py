"""What keeps the house running, for its operator: queued tasks, and whether a scheduler lives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from discover.services.context import Context
from discover.store.database import table
from discover.store.tables import Lock, Task

_LOCKS, _TASKS = table(Lock), table(Task)
SCHEDULER = "scheduler"


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """`at_it_until`: a worker has it, and loses it then."""

    kind: str
    due_at: datetime
    attempts: int
    at_it_until: datetime | None
    last_error: str


def scheduler_alive(ctx: Context) -> bool:
    alive = sa.select(_LOCKS.c.name).where(
        _LOCKS.c.name == SCHEDULER, _LOCKS.c.token != "", _LOCKS.c.until > ctx.clock.now()
    )
    with ctx.database.read() as connection:
        return connection.execute(alive).first() is not None


def tasks(ctx: Context, limit: int = 50) -> list[TaskRecord]:
    """Queued work, what is due first."""
    columns = (
        _TASKS.c.kind, _TASKS.c.due_at, _TASKS.c.attempts, _TASKS.c.until, _TASKS.c.last_error,
    )  # fmt: skip
    with ctx.database.read() as connection:
        rows = connection.execute(sa.select(*columns).order_by(_TASKS.c.due_at).limit(limit))
        return [TaskRecord(*row) for row in rows]


def failing_tasks(ctx: Context, attempts: int = 3) -> list[TaskRecord]:
    """Those that failed so often that nobody will wait for luck."""
    return [task for task in tasks(ctx) if task.attempts >= attempts]
