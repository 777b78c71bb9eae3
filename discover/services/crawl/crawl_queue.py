"""Whose turn it is in the crawl, for an operator to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from discover.services.consent.withdraw import VISITS
from discover.services.context import Context
from discover.services.crawl.turns import LEASES
from discover.services.facts import SERVERS


@dataclass(frozen=True, slots=True)
class HostWaiting:
    """`leased_until`: a crawler is there now. `not_before`: it asked to be left alone until then."""

    host: str
    due: int
    since: datetime
    leased_until: datetime | None
    not_before: datetime | None


def hosts_waiting(ctx: Context, *, host: str = "", limit: int = 100) -> list[HostWaiting]:
    """Hosts where something is due, or where a crawler is now; what waits longest first."""
    now = ctx.clock.now()
    due = sa.union_all(
        sa.select(SERVERS.c.host, SERVERS.c.due_at).where(
            SERVERS.c.due_at <= now, SERVERS.c.opted_out.is_(False), SERVERS.c.blocked.is_(False)
        ),
        sa.select(VISITS.c.host, VISITS.c.due_at).where(VISITS.c.due_at <= now),
    ).subquery()
    oldest = sa.func.min(due.c.due_at)
    query = (
        sa.select(due.c.host, sa.func.count(), oldest, LEASES.c.until, LEASES.c.not_before)
        .outerjoin(LEASES, LEASES.c.host == due.c.host)
        .group_by(due.c.host, LEASES.c.until, LEASES.c.not_before)
        .order_by(oldest)
        .limit(limit)
    )
    if host:
        query = query.where(due.c.host.icontains(host, autoescape=True))
    with ctx.database.read() as connection:
        rows = connection.execute(query).all()
    return [
        HostWaiting(
            host=name,
            due=number,
            since=since,
            leased_until=until if until is not None and until > now else None,
            not_before=rest if rest is not None and rest > now else None,
        )
        for name, number, since, until, rest in rows
    ]
