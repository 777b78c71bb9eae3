"""One account by its handle, and its newest posts."""

from __future__ import annotations

import sqlalchemy as sa

from discover.model.actor import Handle
from discover.model.views import AccountView, PostView
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POSTS
from discover.services.hydrate import hydrate_accounts, hydrate_posts

_BY_HANDLE = (
    sa.select(ACCOUNTS.c.id)
    .where(ACCOUNTS.c.handle_key == sa.bindparam("handle"))
    .order_by(ACCOUNTS.c.evidence_at.desc())
)
_NEWEST = (
    sa.select(POSTS.c.id)
    .where(POSTS.c.account_id == sa.bindparam("account"))
    .order_by(POSTS.c.published.desc())
    .limit(sa.bindparam("limit"))
)


def find_account(ctx: Context, handle: Handle) -> AccountView | None:
    """None unless the account may be listed at this moment."""
    with ctx.database.read() as connection:
        ids = connection.scalars(_BY_HANDLE, {"handle": handle.key}).all()
        views = hydrate_accounts(ctx, connection, ids, ctx.clock.now())
    return views[0] if views else None


def recent_posts(ctx: Context, account_id: int, limit: int = 20) -> tuple[PostView, ...]:
    """Newest first, only those that may be found at this moment."""
    with ctx.database.read() as connection:
        ids = connection.scalars(_NEWEST, {"account": account_id, "limit": limit}).all()
        return tuple(hydrate_posts(ctx, connection, ids, ctx.clock.now()))
