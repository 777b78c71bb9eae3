"""Codes with which an operator invites a server to register."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from discover.services.context import Context
from discover.services.fasp.partners import INVITATIONS
from discover.store.database import upsert
from discover.store.tables import FaspInvitation

GOOD_FOR = timedelta(days=14)
_PREFIX = "waypost-fasp-"


@dataclass(frozen=True, slots=True)
class Invitation:
    note: str
    created_at: datetime
    expires_at: datetime


def invite(ctx: Context, note: str = "") -> tuple[str, datetime]:
    """A new code, and until when it is good. It is shown once: only a hash of it is kept."""
    now = ctx.clock.now()
    code = _PREFIX + secrets.token_urlsafe(12)
    row = {
        "digest": _digest(ctx, code), "note": note[:300], "created_at": now,
        "expires_at": now + GOOD_FOR,
    }  # fmt: skip
    with ctx.database.write() as connection:
        upsert(connection, FaspInvitation, [row], key=["digest"])
    return code, now + GOOD_FOR


def invitations(ctx: Context) -> list[Invitation]:
    """Those that are still good, the newest first."""
    with ctx.database.read() as connection:
        rows = connection.execute(
            sa.select(INVITATIONS)
            .where(INVITATIONS.c.expires_at > ctx.clock.now())
            .order_by(INVITATIONS.c.created_at.desc())
        ).all()
    return [Invitation(row.note, row.created_at, row.expires_at) for row in rows]


def is_good(ctx: Context, code: str) -> bool:
    with ctx.database.read() as connection:
        found = connection.execute(sa.select(INVITATIONS.c.digest).where(_mine(ctx, code))).first()
    return found is not None


def use(ctx: Context, code: str) -> bool:
    """Take the code: it lets one server in, once."""
    with ctx.database.write() as connection:
        return connection.execute(sa.delete(INVITATIONS).where(_mine(ctx, code))).rowcount == 1


def _mine(ctx: Context, code: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        INVITATIONS.c.digest == _digest(ctx, code), INVITATIONS.c.expires_at > ctx.clock.now()
    )


def _digest(ctx: Context, code: str) -> str:
    return ctx.digest(f"fasp invitation {code.strip()}")
