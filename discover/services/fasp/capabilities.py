"""An admin switches one of our capabilities on or off. Answered at once; the rest is a task."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.fasp import DATA_SHARING
from discover.services.context import Context
from discover.services.fasp.partners import (
    CONNECTIONS,
    REQUESTS,
    Partner,
    find,
    sharing_hosts,
)
from discover.services.fasp.proof import give_proof, take_back_proof


def enable(ctx: Context, one: Partner, capability: str) -> None:
    """Idempotent. Data sharing opts the server in, for its own people."""
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        known = _change(connection, one, capability, on=True)
        if known and capability == DATA_SHARING:
            connection.execute(
                sa.update(CONNECTIONS)
                .where(CONNECTIONS.c.id == one.id)
                .values(due_at=now, failures=0, renewed_at=None)
            )
            if one.own:
                give_proof(ctx, connection, one.host, now)


def disable(ctx: Context, one: Partner, capability: str) -> None:
    """Idempotent. Without data sharing the server's people leave, unless something else says in.

    Nothing is called at the server any more: of a capability that is off nothing may be.
    """
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        _change(connection, one, capability, on=False)
        if capability == DATA_SHARING:
            connection.execute(sa.delete(REQUESTS).where(REQUESTS.c.connection_id == one.id))
            if one.own and not sharing_hosts(connection, one.host):
                take_back_proof(ctx, connection, one.host, now)


def _change(connection: Connection, one: Partner, capability: str, *, on: bool) -> bool:
    """False when the connection has ended meanwhile."""
    known = find(connection, one.id)
    if known is None:
        return False
    enabled = set(known.capabilities)
    (enabled.add if on else enabled.discard)(capability)
    connection.execute(
        sa.update(CONNECTIONS)
        .where(CONNECTIONS.c.id == one.id)
        .values(capabilities=sorted(enabled))
    )
    return True
