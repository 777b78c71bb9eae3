"""Our actor's keys: kept in the database so that every process signs alike, and replaced there.

A new key gets an id of its own. Whoever cached the old one asks for the new one by its id, instead
of failing on a changed key of the same id; the old one stays published until the overlap ends, for
what was signed with it and is still on its way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.net.keys import ActorKeys, SigningKey
from discover.services.context import Context
from discover.store.database import table, upsert
from discover.store.tables import KeyRow

_KEYS = table(KeyRow)

OVERLAP = timedelta(days=7)  # as long as a delivery is tried

_KINDS: dict[str, tuple[str, Callable[[str], SigningKey]]] = {
    "rsa": ("main-key", SigningKey.generate_rsa),
    "ed25519": ("ed25519-key", SigningKey.generate_ed25519),
}


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """What an operator may know of a key."""

    key_id: str
    kind: str  # rsa | ed25519
    created_at: datetime
    retired_at: datetime | None
    published_until: datetime | None


def load_keys(ctx: Context) -> ActorKeys:
    """The keys in force and those still published. Made once, whichever process comes first."""
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        rows = _rows(connection)
    in_force = {_kind(row.name) for row in rows if row.retired_at is None}
    over = [row for row in rows if row.retired_at and row.retired_at + OVERLAP <= now]
    missing = [kind for kind in _KINDS if kind not in in_force]
    if missing or any(row.private_pem for row in over):
        with ctx.database.write() as connection:
            _forget(connection, now)
            for kind in missing:
                _add(ctx, connection, kind, now)
            rows = _rows(connection)
    kept = [row for row in rows if row.private_pem]
    keys = {row.name: SigningKey.from_pem(_key_id(ctx, row.name), row.private_pem) for row in kept}
    current = {_kind(row.name): keys[row.name] for row in kept if row.retired_at is None}
    retired = tuple(keys[row.name] for row in kept if row.retired_at is not None)
    return ActorKeys(rsa=current["rsa"], ed25519=current["ed25519"], retired=retired)


def rotate_keys(ctx: Context) -> ActorKeys:
    """New keys sign from now on; the old ones stay published for the overlap."""
    load_keys(ctx)
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        connection.execute(
            sa.update(_KEYS).where(_KEYS.c.retired_at.is_(None)).values(retired_at=now)
        )
        for kind in _KINDS:
            _add(ctx, connection, kind, now)
    return load_keys(ctx)


def list_keys(ctx: Context) -> list[KeyInfo]:
    """Every key there was, the newest first."""
    load_keys(ctx)
    with ctx.database.read() as connection:
        return [
            KeyInfo(
                key_id=_key_id(ctx, row.name),
                kind=_kind(row.name),
                created_at=row.created_at,
                retired_at=row.retired_at,
                published_until=row.retired_at + OVERLAP if row.retired_at else None,
            )
            for row in reversed(_rows(connection))
        ]


def _rows(connection: Connection) -> list[sa.Row[tuple[object, ...]]]:
    return list(connection.execute(sa.select(_KEYS).order_by(_KEYS.c.created_at, _KEYS.c.name)))


def _kind(name: str) -> str:
    return name.partition("-")[0]


def _key_id(ctx: Context, name: str) -> str:
    """`rsa` is #main-key, `rsa-2` is #main-key-2."""
    kind, dash, number = name.partition("-")
    return f"{ctx.actor_uri}#{_KINDS[kind][0]}{dash}{number}"


def _add(ctx: Context, connection: Connection, kind: str, now: datetime) -> None:
    """Another key of this kind, unless somebody was faster."""
    mine = [row for row in _rows(connection) if _kind(row.name) == kind]
    if any(row.retired_at is None for row in mine):
        return
    name = kind if not mine else f"{kind}-{len(mine) + 1}"
    made = _KINDS[kind][1](_key_id(ctx, name))
    row = {"name": name, "private_pem": made.pem(), "created_at": now}
    upsert(connection, KeyRow, [row], key=["name"])


def _forget(connection: Connection, now: datetime) -> None:
    """A key that is no longer published is worth nothing but to a thief. Its name stays taken."""
    connection.execute(
        sa.update(_KEYS).where(_KEYS.c.retired_at <= now - OVERLAP).values(private_pem="")
    )
