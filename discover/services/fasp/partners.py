"""The servers that are connected, or about to be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.net.fasp import Line, signing_key
from discover.net.keys import SigningKey
from discover.policy.fasp import DATA_SHARING
from discover.services.context import Context
from discover.services.facts import load_servers
from discover.services.fasp.proof import take_back_proof
from discover.store.database import table
from discover.store.tables import FaspConnection, FaspDebugCall, FaspInvitation, FaspRequest
from discover.wire.fasp import fingerprint, read_key

CONNECTIONS = table(FaspConnection)
REQUESTS = table(FaspRequest)
INVITATIONS = table(FaspInvitation)
DEBUG_CALLS = table(FaspDebugCall)

# A registration that no admin has confirmed for so long is forgotten.
UNCONFIRMED = timedelta(days=30)
_HEARD_AGAIN = timedelta(minutes=1)  # how exactly the last call is known

_BY_ID = sa.select(CONNECTIONS).where(CONNECTIONS.c.id == sa.bindparam("wanted"))


@dataclass(frozen=True, slots=True)
class Partner:
    """A server that registered. `confirmed_at` None: its key has not signed a call to us yet."""

    id: str
    host: str
    base_url: str
    own: bool
    key: SigningKey
    remote_key: bytes | None
    completion_url: str
    capabilities: frozenset[str]
    created_at: datetime
    confirmed_at: datetime | None
    heard_at: datetime | None
    renewed_at: datetime | None
    failures: int
    last_error: str

    @property
    def shares(self) -> bool:
        """Has its admin enabled data sharing?"""
        return self.confirmed_at is not None and DATA_SHARING in self.capabilities

    @property
    def line(self) -> Line:
        return Line(self.base_url, self.key, self.remote_key)

    @property
    def our_fingerprint(self) -> str:
        return fingerprint(public_bytes(self.key))

    @property
    def their_fingerprint(self) -> str:
        return fingerprint(self.remote_key) if self.remote_key else ""


def public_bytes(key: SigningKey) -> bytes:
    """The raw public half of one of our Ed25519 keys."""
    return key.private.public_key().public_bytes_raw()  # type: ignore[union-attr]


def partner(row: Any) -> Partner:
    """From a row of fasp_connections."""
    return Partner(
        id=row.id,
        host=row.host,
        base_url=row.base_url,
        own=row.own,
        key=signing_key(row.remote_id, row.private_pem),
        remote_key=read_key(row.remote_key) if row.remote_key else None,
        completion_url=row.completion_url,
        capabilities=frozenset(row.capabilities),
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        heard_at=row.heard_at,
        renewed_at=row.renewed_at,
        failures=row.failures,
        last_error=row.last_error,
    )


def find(connection: Connection, server_id: str) -> Partner | None:
    """By the `serverId` that we gave."""
    row = connection.execute(_BY_ID, {"wanted": server_id}).first()
    return partner(row) if row is not None else None


def load(ctx: Context, server_id: str) -> Partner | None:
    with ctx.database.read() as connection:
        return find(connection, server_id)


def all_partners(ctx: Context) -> list[Partner]:
    """By host, the newest registration first."""
    with ctx.database.read() as connection:
        rows = connection.execute(
            sa.select(CONNECTIONS).order_by(CONNECTIONS.c.host, CONNECTIONS.c.created_at.desc())
        ).all()
    return [partner(row) for row in rows]


def is_blocked(ctx: Context, host: str) -> bool:
    with ctx.database.read() as connection:
        return load_servers(connection, [host])[host].blocked


def heard(ctx: Context, one: Partner, now: datetime) -> None:
    """It made a call that its key signed. The first one confirms it, in place of older ones."""
    if one.confirmed_at is not None and one.heard_at and now - one.heard_at < _HEARD_AGAIN:
        return
    with ctx.database.write() as connection:
        mine = CONNECTIONS.c.id == one.id
        connection.execute(sa.update(CONNECTIONS).where(mine).values(heard_at=now))
        if one.shares:  # it may have rested while it was blocked
            resting = CONNECTIONS.c.due_at.is_(None)
            connection.execute(sa.update(CONNECTIONS).where(mine, resting).values(due_at=now))
        if one.confirmed_at is not None:
            return
        connection.execute(
            sa.update(CONNECTIONS)
            .where(CONNECTIONS.c.id == one.id, CONNECTIONS.c.confirmed_at.is_(None))
            .values(confirmed_at=now)
        )
        older = connection.execute(
            sa.select(CONNECTIONS).where(
                CONNECTIONS.c.base_url == one.base_url,
                CONNECTIONS.c.id != one.id,
                CONNECTIONS.c.created_at <= one.created_at,
            )
        ).all()
        for row in older:
            _drop(ctx, connection, partner(row), now)


def remove(ctx: Context, host: str) -> int:
    """End every connection of a host; its people leave if nothing else says in.

    Returns how many there were. The server is not told: its calls are answered with 401.
    """
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        rows = connection.execute(sa.select(CONNECTIONS).where(CONNECTIONS.c.host == host)).all()
        for row in rows:
            _drop(ctx, connection, partner(row), now)
    return len(rows)


def forget_unconfirmed(ctx: Context) -> int:
    """Registrations that no admin confirmed, and invitations that nobody used."""
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        connection.execute(sa.delete(INVITATIONS).where(INVITATIONS.c.expires_at <= now))
        connection.execute(sa.delete(DEBUG_CALLS).where(DEBUG_CALLS.c.at <= now - UNCONFIRMED))
        return connection.execute(
            sa.delete(CONNECTIONS).where(
                CONNECTIONS.c.confirmed_at.is_(None), CONNECTIONS.c.created_at <= now - UNCONFIRMED
            )
        ).rowcount


def sharing_hosts(connection: Connection, host: str) -> list[str]:
    """Ids of the connections by which this host shares its data."""
    rows = connection.execute(
        sa.select(CONNECTIONS.c.id, CONNECTIONS.c.capabilities).where(
            CONNECTIONS.c.host == host,
            CONNECTIONS.c.own.is_(True),
            CONNECTIONS.c.confirmed_at.is_not(None),
        )
    ).all()
    return [row.id for row in rows if DATA_SHARING in row.capabilities]


def _drop(ctx: Context, connection: Connection, one: Partner, now: datetime) -> None:
    connection.execute(sa.delete(CONNECTIONS).where(CONNECTIONS.c.id == one.id))
    if one.own and not sharing_hosts(connection, one.host):
        take_back_proof(ctx, connection, one.host, now)
