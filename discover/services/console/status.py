"""How the whole index is doing, in numbers."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from discover import VERSION
from discover.model.query import Kind
from discover.model.views import Status
from discover.ports import EngineUnavailable
from discover.services.consent.withdraw import POSTS, VERDICTS, VISITS
from discover.services.context import Context
from discover.services.crawl.turns import LEASES
from discover.services.facts import ACCOUNTS, SERVERS
from discover.services.index.outbox import OUTBOX


def status(ctx: Context, laboratory: tuple[str, ...] = ()) -> Status:
    now = ctx.clock.now()
    with ctx.database.read() as connection:

        def rows(source: sa.Table, *where: Any) -> int:
            return (
                connection.scalar(sa.select(sa.func.count()).select_from(source).where(*where)) or 0
            )

        oldest = connection.scalar(sa.select(sa.func.min(OUTBOX.c.at)))
        numbers = {
            "servers": rows(SERVERS, SERVERS.c.opt_in != "none", SERVERS.c.opted_out.is_(False)),
            "accounts_listed": rows(ACCOUNTS),
            "accounts_known": rows(VERDICTS),
            "posts_indexed": rows(POSTS),
            "visits_due": rows(VISITS, VISITS.c.due_at <= now)
            + rows(SERVERS, SERVERS.c.due_at <= now, SERVERS.c.opted_out.is_(False)),
            "visits_waiting": rows(VISITS, VISITS.c.due_at > now),
            "outbox_waiting": rows(OUTBOX),
            "hosts_leased": rows(LEASES, LEASES.c.until > now),
        }
    counts: dict[Kind, int | None] = {}
    for kind in Kind:
        try:
            counts[kind] = ctx.engine.count(kind)
        except EngineUnavailable:
            counts[kind] = None
    return Status(
        version=VERSION,
        edition="embedded" if ctx.embedded else "server",
        database="sqlite" if ctx.database.sqlite else "postgresql",
        engine="tantivy" if ctx.embedded else "meilisearch",
        oldest_outbox_seconds=max((now - oldest).total_seconds(), 0.0) if oldest else 0.0,
        engine_accounts=counts[Kind.ACCOUNTS],
        engine_posts=counts[Kind.POSTS],
        laboratory=laboratory,
        **numbers,
    )
