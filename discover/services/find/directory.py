"""Listed people in an order that asks nothing of them: the directory, and one's posts in pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.views import AccountView, PostView
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POSTS, SERVERS
from discover.services.hydrate import hydrate_accounts, hydrate_posts

_MONTH = timedelta(days=30)
_READ_AT_ONCE = 200
_SHOWN = (ACCOUNTS.c.hidden.is_(False),)
_ORDERS = {
    "active": sa.select(ACCOUNTS.c.id)
    .where(*_SHOWN, ACCOUNTS.c.last_post_at.is_not(None))
    .order_by(ACCOUNTS.c.last_post_at.desc(), ACCOUNTS.c.id.desc()),
    "new": sa.select(ACCOUNTS.c.id).where(*_SHOWN).order_by(ACCOUNTS.c.id.desc()),
}
_ACTIVE = (
    sa.select(sa.func.count())
    .select_from(ACCOUNTS)
    .where(ACCOUNTS.c.last_post_at >= sa.bindparam("since", type_=ACCOUNTS.c.last_post_at.type))
)
_OPTED_IN = (
    sa.select(SERVERS.c.host)
    .where(SERVERS.c.opt_in != "none", SERVERS.c.opted_out.is_(False), SERVERS.c.blocked.is_(False))
    .order_by(SERVERS.c.host)
)


@dataclass(frozen=True, slots=True)
class Between:
    """Posts older than `before`, newer than `after`, by our ids. `nearest`: those right behind
    `after` and not the newest ones. A post that is gone bounds by its number, not its time.
    """

    before: int | None = None
    after: int | None = None
    nearest: bool = False


@dataclass(frozen=True, slots=True)
class PostPage:
    """Newest first. `more`: there are older ones behind the last."""

    posts: tuple[PostView, ...]
    more: bool


def directory(
    ctx: Context, order: str, *, limit: int, offset: int
) -> tuple[list[AccountView], bool]:
    """`order`: "active" (who posted last comes first) or "new". Are there more behind them?"""
    with ctx.database.read() as connection:
        ids = connection.scalars(_ORDERS[order].limit(limit + 1).offset(offset)).all()
        views = hydrate_accounts(ctx, connection, ids[:limit], ctx.clock.now())
    return views, len(ids) > limit


def account_posts(
    ctx: Context,
    account: int,
    *,
    limit: int,
    between: Between,
    media: bool = False,
    replies: bool = True,
    tag: str = "",
) -> PostPage:
    """One account's posts that may be found now. `media`: only with some; `tag`: folded."""
    views: list[PostView] = []
    with ctx.database.read() as connection:
        asked = _posts_of(connection, account, between)
        if not replies:
            asked = asked.where(POSTS.c.in_reply_to.is_(None))
        if media:
            asked = asked.add_columns(POSTS.c.media)
        if tag:
            asked = asked.add_columns(POSTS.c.hashtags)
        now = ctx.clock.now()
        # Somebody may have a hundred thousand posts: no more are read than are needed.
        for start in count(step=_READ_AT_ONCE):
            rows: Sequence[Any] = connection.execute(asked.limit(_READ_AT_ONCE).offset(start)).all()
            ids = [
                row.id
                for row in rows
                if (not media or row.media) and (not tag or tag in row.hashtags)
            ]
            for first in range(0, len(ids), limit + 1):
                views += hydrate_posts(ctx, connection, ids[first : first + limit + 1], now)
                if len(views) > limit:
                    break
            if len(views) > limit or len(rows) < _READ_AT_ONCE:
                break
    page, more = views[:limit], len(views) > limit
    if between.nearest:
        # Read upwards; whatever there is below, the caller has just come from.
        page, more = page[::-1], bool(page)
    return PostPage(tuple(page), more)


def _posts_of(connection: Connection, account: int, between: Between) -> sa.Select[Any]:
    place = (POSTS.c.published, POSTS.c.id)
    upwards = between.nearest
    order = [column.asc() if upwards else column.desc() for column in place]
    asked: sa.Select[Any] = sa.select(POSTS.c.id).where(POSTS.c.account_id == account)
    for number, older in ((between.before, True), (between.after, False)):
        if number is None:
            continue
        anchor = connection.scalar(
            sa.select(POSTS.c.published).where(POSTS.c.id == number, POSTS.c.account_id == account)
        )
        here, bound = sa.tuple_(POSTS.c.id), sa.tuple_(sa.literal(number))
        if anchor is not None:
            here = sa.tuple_(*place)
            bound = sa.tuple_(sa.literal(anchor, POSTS.c.published.type), sa.literal(number))
        asked = asked.where(here < bound if older else here > bound)
    return asked.order_by(*order)


def active_accounts(ctx: Context, now: datetime) -> int:
    """How many listed accounts posted within a month."""
    with ctx.database.read() as connection:
        return connection.scalar(_ACTIVE, {"since": now - _MONTH}) or 0


def opted_in_servers(ctx: Context) -> list[str]:
    """Hosts whose admin has said yes, by name; the transparency page names them, too."""
    with ctx.database.read() as connection:
        return list(connection.scalars(_OPTED_IN))
