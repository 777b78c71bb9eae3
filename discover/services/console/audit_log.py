"""What operators did: who, when, what, with what was there before and what came of it.

An act is written down before it is done, and its outcome after, so that one that was cut short
shows as begun.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.context import Context
from discover.store.database import table
from discover.store.tables import AuditEntry

AUDIT = table(AuditEntry)
COMMAND_LINE = "command line"
PAGE = 50

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """`outcome`: begun, done or failed (then `after` has why)."""

    id: int
    at: datetime
    operator: str
    act: str
    subject: str
    before: Facts
    after: Facts
    outcome: str


def note(
    connection: Connection,
    operator: str,
    act: str,
    subject: str,
    now: datetime,
    after: Facts | None = None,
) -> int:
    """Something that is done inside the caller's transaction. Returns the entry's id."""
    return _insert(connection, operator, act, subject, now, after=dict(after or {}), outcome="done")


def perform(
    ctx: Context,
    operator: str,
    act: str,
    subject: str,
    do: Callable[[], Facts],
    before: Facts | None = None,
) -> int:
    """Do something that has transactions of its own. `do` says what came of it.

    Returns the entry's id. Whatever `do` raises is noted and raised again.
    """
    with ctx.database.write() as connection:
        number = _insert(
            connection, operator, act, subject, ctx.clock.now(), before=dict(before or {})
        )
    try:
        after = dict(do())
    except Exception as error:
        _finish(ctx, number, {"why": str(error)[:500] or type(error).__name__}, "failed")
        raise
    _finish(ctx, number, after, "done")
    return number


def find(ctx: Context, number: int) -> Act | None:
    with ctx.database.read() as connection:
        row = connection.execute(sa.select(AUDIT).where(AUDIT.c.id == number)).first()
    return Act(**row._mapping) if row is not None else None  # noqa: SLF001 -- SQLAlchemy's public name for it


def page(
    ctx: Context,
    *,
    before: int | None = None,
    operator: str = "",
    subject: str = "",
    limit: int = PAGE,
) -> list[Act]:
    """Newest first; `before`: only entries with a smaller id."""
    query = sa.select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AUDIT.c.id < before)
    if operator:
        query = query.where(AUDIT.c.operator == operator)
    if subject:
        query = query.where(AUDIT.c.subject == subject)
    with ctx.database.read() as connection:
        return [Act(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001 -- SQLAlchemy's public name for it


def _insert(connection: Connection, operator: str, act: str, subject: str, now: datetime, **more: Any) -> int:  # fmt: skip
    row = {"operator": operator, "act": act, "subject": subject[:500], "at": now, **more}
    number = connection.scalar(sa.insert(AUDIT).values(**row).returning(AUDIT.c.id))
    assert number is not None
    return int(number)


def _finish(ctx: Context, number: int, after: dict[str, Any], outcome: str) -> None:
    with ctx.database.write() as connection:
        connection.execute(
            sa.update(AUDIT).where(AUDIT.c.id == number).values(after=after, outcome=outcome)
        )
