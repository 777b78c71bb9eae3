"""Named locks in the database, which a dead owner loses."""

from __future__ import annotations

import secrets
from datetime import timedelta

import sqlalchemy as sa

from discover.services.context import Context
from discover.store.database import table, upsert
from discover.store.tables import Lock

_LOCKS = table(Lock)


def take_lock(ctx: Context, name: str, seconds: float, token: str | None = None) -> str | None:
    """Take or prolong a lock. Returns its token, or None while somebody else holds it."""
    now = ctx.clock.now()
    mine = token or secrets.token_hex(16)
    with ctx.database.write() as connection:
        upsert(connection, Lock, [{"name": name, "token": "", "until": now}], key=["name"])
        taken = connection.execute(
            sa.update(_LOCKS)
            .where(_LOCKS.c.name == name, sa.or_(_LOCKS.c.until <= now, _LOCKS.c.token == mine))
            .values(token=mine, until=now + timedelta(seconds=seconds))
        ).rowcount
    return mine if taken else None


def drop_lock(ctx: Context, name: str, token: str) -> None:
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        connection.execute(
            sa.update(_LOCKS)
            .where(_LOCKS.c.name == name, _LOCKS.c.token == token)
            .values(token="", until=now)
        )
