"""How the index grows: a few sizes, noted by day as anonymous counts."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from discover.model.instance import ServerOptIn
from discover.services.consent.withdraw import DAILY
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POSTS, SERVERS
from discover.store.database import upsert
from discover.store.tables import Daily

ACCOUNTS_SIZE, POSTS_SIZE, SERVERS_SIZE = "size_accounts", "size_posts", "size_servers"

Series = tuple[tuple[date, int], ...]


def note_sizes(ctx: Context) -> None:
    """Today's sizes, as they are now; the last look of a day stays."""
    opted_in = (
        SERVERS.c.opt_in != ServerOptIn.NONE.value,
        SERVERS.c.opted_out.is_(False),
        SERVERS.c.blocked.is_(False),
    )
    queries = {
        ACCOUNTS_SIZE: sa.select(sa.func.count()).select_from(ACCOUNTS),
        POSTS_SIZE: sa.select(sa.func.count()).select_from(POSTS),
        SERVERS_SIZE: sa.select(sa.func.count()).select_from(SERVERS).where(*opted_in),
    }
    with ctx.database.read() as connection:
        sizes = {name: connection.scalar(query) or 0 for name, query in queries.items()}
    day = ctx.clock.now().date().isoformat()
    rows = [{"day": day, "name": name, "count": size} for name, size in sizes.items()]
    with ctx.database.write() as connection:
        upsert(connection, Daily, rows, key=["day", "name"], update=["count"])


def series(ctx: Context, days: int = 90) -> dict[str, Series]:
    """All daily counts by name, oldest day first. Days without a count are left out."""
    first = (ctx.clock.now() - timedelta(days=days)).date().isoformat()
    query = (
        sa.select(DAILY.c.name, DAILY.c.day, DAILY.c.count)
        .where(DAILY.c.day >= first)
        .order_by(DAILY.c.day)
    )
    found: dict[str, list[tuple[date, int]]] = {}
    with ctx.database.read() as connection:
        for name, day, count in connection.execute(query):
            found.setdefault(name, []).append((date.fromisoformat(day), count))
    return {name: tuple(points) for name, points in found.items()}
