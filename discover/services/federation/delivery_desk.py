"""Deliveries as an operator looks at them: what waits where, what was given up, and a hand on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from discover.services.context import Context
from discover.services.federation.delivery_turns import DELIVERIES, FAILURES, HOSTS, give_up
from discover.store.database import upsert
from discover.store.tables import DeliveryHost

DROPPED = "dropped by the operator"


@dataclass(frozen=True, slots=True)
class HostDeliveries:
    """`failures` in a row. `parked_until`: it is left alone until then."""

    host: str
    waiting: int
    since: datetime
    attempts: int  # of the one that was tried most
    failures: int
    parked_until: datetime | None
    leased_until: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    host: str
    reason: str
    deliveries: int
    last_at: datetime


def by_host(ctx: Context, *, host: str = "", limit: int = 100) -> list[HostDeliveries]:
    """Hosts with deliveries that wait; those that failed most often first."""
    now = ctx.clock.now()
    failures = sa.func.coalesce(HOSTS.c.failures, 0)
    since = sa.func.min(DELIVERIES.c.created_at)
    query = (
        sa.select(
            DELIVERIES.c.host,
            sa.func.count(),
            since,
            sa.func.max(DELIVERIES.c.attempts),
            failures,
            HOSTS.c.parked_until,
            HOSTS.c.until,
            sa.func.max(DELIVERIES.c.last_error),
        )
        .outerjoin(HOSTS, HOSTS.c.host == DELIVERIES.c.host)
        .group_by(DELIVERIES.c.host, HOSTS.c.failures, HOSTS.c.parked_until, HOSTS.c.until)
        .order_by(failures.desc(), since)
        .limit(limit)
    )
    if host:
        query = query.where(DELIVERIES.c.host.icontains(host, autoescape=True))
    with ctx.database.read() as connection:
        rows = connection.execute(query).all()
    return [
        HostDeliveries(
            host=name,
            waiting=number,
            since=oldest,
            attempts=attempts,
            failures=failed,
            parked_until=_ahead(parked, now),
            leased_until=_ahead(leased, now),
            last_error=error,
        )
        for name, number, oldest, attempts, failed, parked, leased, error in rows
    ]


def given_up(ctx: Context, *, host: str = "", limit: int = 100) -> list[GivenUp]:
    """What was given up, by host and reason, newest first."""
    last = sa.func.max(FAILURES.c.at)
    query = (
        sa.select(FAILURES.c.host, FAILURES.c.last_error, sa.func.count(), last)
        .group_by(FAILURES.c.host, FAILURES.c.last_error)
        .order_by(last.desc())
        .limit(limit)
    )
    if host:
        query = query.where(FAILURES.c.host.icontains(host, autoescape=True))
    with ctx.database.read() as connection:
        return [GivenUp(*row) for row in connection.execute(query)]


def retry_now(ctx: Context, host: str) -> int:
    """Try a host again at once. Returns how many deliveries wait there."""
    now = ctx.clock.now()
    mine = DELIVERIES.c.host == host
    with ctx.database.write() as connection:
        upsert(connection, DeliveryHost, [{"host": host}], key=["host"], update=["host"])
        connection.execute(sa.update(HOSTS).where(HOSTS.c.host == host).values(parked_until=None))
        return connection.execute(sa.update(DELIVERIES).where(mine).values(due_at=now)).rowcount


def drop(ctx: Context, host: str) -> int:
    """Give up all that waits for a host, with a record. Returns how many deliveries that were."""
    with ctx.database.write() as connection:
        mine = DELIVERIES.c.host == host
        return give_up(connection, mine, ctx.clock.now(), DROPPED, tried=False)


def _ahead(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment is not None and moment > now else None
