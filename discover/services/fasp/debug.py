"""The debug callback (FASP debug v0.1): every call is logged, and answered by a call back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from discover.services.context import Context
from discover.services.fasp.partners import CONNECTIONS, DEBUG_CALLS, Partner

MOST_KEPT = 50  # of one connection


@dataclass(frozen=True, slots=True)
class DebugCall:
    at: datetime
    address: str
    body: str
    answered_at: datetime | None


def log_call(ctx: Context, one: Partner, address: str, body: bytes) -> None:
    """Keep it, and queue the call back. `body` is empty or one JSON object, and goes back as it is."""
    now = ctx.clock.now()
    row = {
        "connection_id": one.id, "at": now, "address": address, "body": body.decode(),
        "answered_at": None,
    }  # fmt: skip
    mine = DEBUG_CALLS.c.connection_id == one.id
    newest = (
        sa.select(DEBUG_CALLS.c.id).where(mine).order_by(DEBUG_CALLS.c.id.desc()).limit(MOST_KEPT)
    )
    with ctx.database.write() as connection:
        connection.execute(sa.insert(DEBUG_CALLS), row)
        kept = list(connection.scalars(newest))
        connection.execute(sa.delete(DEBUG_CALLS).where(mine, DEBUG_CALLS.c.id.not_in(kept)))
        connection.execute(
            sa.update(CONNECTIONS).where(CONNECTIONS.c.id == one.id).values(due_at=now)
        )


def calls(ctx: Context, server_id: str) -> list[DebugCall]:
    """Newest first."""
    with ctx.database.read() as connection:
        rows = connection.execute(
            sa.select(DEBUG_CALLS)
            .where(DEBUG_CALLS.c.connection_id == server_id)
            .order_by(DEBUG_CALLS.c.id.desc())
        ).all()
    return [DebugCall(row.at, row.address, row.body, row.answered_at) for row in rows]
