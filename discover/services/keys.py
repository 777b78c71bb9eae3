"""Our actor's private keys, kept in the database so that every process signs alike."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from discover.services.context import Context
from discover.store.database import table, upsert
from discover.store.tables import KeyRow

_KEYS = table(KeyRow)


def load_or_make(ctx: Context, name: str, make: Callable[[], str]) -> str:
    """The PEM under `name`; made once, whichever process comes first."""
    with ctx.database.read() as connection:
        found = connection.scalar(sa.select(_KEYS.c.private_pem).where(_KEYS.c.name == name))
    if found is not None:
        return str(found)
    made = make()
    with ctx.database.write() as connection:
        row = {"name": name, "private_pem": made, "created_at": ctx.clock.now()}
        upsert(connection, KeyRow, [row], key=["name"])
        return str(connection.scalar(sa.select(_KEYS.c.private_pem).where(_KEYS.c.name == name)))
