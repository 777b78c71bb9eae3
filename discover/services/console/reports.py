"""Reports (Flag) that were sent to us: read by the operator, kept for a while after they are handled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.context import Context
from discover.store.database import table
from discover.store.tables import Report

REPORTS = table(Report)
# A handled report is forgotten after so long.
KEPT = timedelta(days=90)
PAGE = 50
_NOTE = 2000


@dataclass(frozen=True, slots=True)
class ReportRecord:
    """`objects`: what is reported, by URI. `content` is plain text."""

    id: int
    actor: str
    objects: tuple[str, ...]
    content: str
    at: datetime
    handled: bool
    handled_at: datetime | None
    note: str


def list_reports(
    ctx: Context, *, handled: bool = False, before: int | None = None, limit: int = PAGE
) -> list[ReportRecord]:
    """Newest first; `before`: only those with a smaller id."""
    query = (
        sa.select(REPORTS)
        .where(REPORTS.c.handled.is_(handled))
        .order_by(REPORTS.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(REPORTS.c.id < before)
    with ctx.database.read() as connection:
        rows = connection.execute(query).all()
    return [
        ReportRecord(
            id=row.id,
            actor=row.actor,
            objects=tuple(row.objects),
            content=row.content,
            at=row.at,
            handled=row.handled,
            handled_at=row.handled_at,
            note=row.note,
        )
        for row in rows
    ]


def count_open(ctx: Context) -> int:
    with ctx.database.read() as connection:
        query = sa.select(sa.func.count()).where(REPORTS.c.handled.is_(False))
        return connection.scalar(query) or 0


def handle(ctx: Context, number: int, *, handled: bool = True, note: str | None = None) -> bool:
    """Mark a report, and put a note to it unless that is None. False when there is none."""
    values: dict[str, object] = {
        "handled": handled,
        "handled_at": ctx.clock.now() if handled else None,
    }
    if note is not None:
        values["note"] = note.strip()[:_NOTE]
    with ctx.database.write() as connection:
        changed = sa.update(REPORTS).where(REPORTS.c.id == number).values(**values)
        return bool(connection.execute(changed).rowcount)


def forget_handled(connection: Connection, now: datetime) -> int:
    return connection.execute(
        sa.delete(REPORTS).where(REPORTS.c.handled.is_(True), REPORTS.c.handled_at < now - KEPT)
    ).rowcount
