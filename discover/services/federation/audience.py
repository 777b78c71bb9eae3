"""How many follow our actor, and how many it follows. Nobody is told who."""

from __future__ import annotations

import sqlalchemy as sa

from discover.services.context import Context
from discover.store.database import table
from discover.store.tables import Follower, Following

_FOLLOWERS = table(Follower)
_FOLLOWING = table(Following)


def count_followers(ctx: Context) -> int:
    with ctx.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(_FOLLOWERS)) or 0


def count_following(ctx: Context) -> int:
    accepted = _FOLLOWING.c.state == "accepted"
    with ctx.database.read() as connection:
        return (
            connection.scalar(sa.select(sa.func.count()).select_from(_FOLLOWING).where(accepted))
            or 0
        )
