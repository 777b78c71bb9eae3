"""How a connection is, for its admin and for the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POSTS, SERVERS
from discover.services.fasp.partners import REQUESTS, Partner


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that we asked of the server. `state` as in fasp_requests."""

    kind: str  # subscription | backfill
    category: str
    type: str
    state: str
    rounds: int
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Report:
    """`opted_in`: are the server's consenting people listed now, by this or another proof?"""

    opted_in: bool
    opted_out: bool
    blocked: bool
    accounts: int
    posts: int
    asked: tuple[Asked, ...]


def report(ctx: Context, one: Partner) -> Report:
    with ctx.database.read() as connection:
        server = connection.execute(
            sa.select(SERVERS.c.opt_in, SERVERS.c.opted_out, SERVERS.c.blocked).where(
                SERVERS.c.host == one.host
            )
        ).first()
        accounts = connection.scalar(
            sa.select(sa.func.count()).select_from(ACCOUNTS).where(ACCOUNTS.c.host == one.host)
        )
        posts = connection.scalar(
            sa.select(sa.func.count())
            .select_from(POSTS)
            .join(ACCOUNTS, ACCOUNTS.c.id == POSTS.c.account_id)
            .where(ACCOUNTS.c.host == one.host)
        )
        rows = connection.execute(
            sa.select(REQUESTS)
            .where(REQUESTS.c.connection_id == one.id, REQUESTS.c.state != "stale")
            .order_by(REQUESTS.c.kind.desc(), REQUESTS.c.category, REQUESTS.c.type)
        ).all()
    return Report(
        opted_in=server is not None and server.opt_in != "none" and not server.opted_out,
        opted_out=server is not None and server.opted_out,
        blocked=server is not None and server.blocked,
        accounts=accounts or 0,
        posts=posts or 0,
        asked=tuple(
            Asked(row.kind, row.category, row.type, row.state, row.rounds, row.heard_at)
            for row in rows
        ),
    )
