"""What we hold under an id or an address. Nothing is ever fetched for the asking."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Handle
from discover.model.views import AccountView, PostView
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POSTS
from discover.services.hydrate import hydrate_accounts, hydrate_posts
from discover.store.lookup import Lookup, among

# https://host/@user, /users/user, /u/user …, with what follows for a post
_PROFILE = re.compile(r"^/(?:@|users/|u/|c/|author/)(?P<user>[^/]+?)(?P<more>/.+)?/?$")

_ACCOUNTS_AT = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == sa.bindparam("address"))
_POSTS_AT = sa.select(POSTS.c.id).where(POSTS.c.uri == sa.bindparam("address"))
_ACCOUNTS_OF = (
    sa.select(ACCOUNTS.c.id, ACCOUNTS.c.url)
    .where(ACCOUNTS.c.handle_key == sa.bindparam("handle"))
    .order_by(ACCOUNTS.c.evidence_at.desc())
)
_PAGE_OF = sa.select(POSTS.c.id).where(
    POSTS.c.account_id == sa.bindparam("account"), POSTS.c.url == sa.bindparam("address")
)
_BY_URI = Lookup(sa.select(POSTS.c.id, POSTS.c.uri).where(among(POSTS.c.uri)))


def account_by_id(ctx: Context, number: int) -> AccountView | None:
    """None unless the account may be listed at this moment."""
    with ctx.database.read() as connection:
        found = hydrate_accounts(ctx, connection, [number], ctx.clock.now())
    return found[0] if found else None


def post_by_id(ctx: Context, number: int) -> PostView | None:
    """None unless the post may be found at this moment."""
    with ctx.database.read() as connection:
        found = hydrate_posts(ctx, connection, [number], ctx.clock.now())
    return found[0] if found else None


def posts_by_uri(ctx: Context, uris: Iterable[str]) -> dict[str, PostView]:
    """Those of the posts that we hold and that may be found at this moment."""
    wanted = set(uris)
    if not wanted:
        return {}
    with ctx.database.read() as connection:
        ids = [row.id for row in _BY_URI(connection, wanted)]
        return {one.uri: one for one in hydrate_posts(ctx, connection, ids, ctx.clock.now())}


def at_address(ctx: Context, address: str) -> AccountView | PostView | None:
    """The account or post with this id (URI) or page address, if it may be shown.

    Known page addresses: profiles such as `https://host/@user`, another server's view of them
    (`https://home/@user@host`), and pages below the profile of their author.
    """
    address = address.partition("#")[0]
    with ctx.database.read() as connection:
        now = ctx.clock.now()
        people = connection.scalars(_ACCOUNTS_AT, {"address": address}).all()
        posts: Sequence[int] = connection.scalars(_POSTS_AT, {"address": address}).all()
        if not people and not posts:
            people, posts = _by_page(connection, address)
        accounts = hydrate_accounts(ctx, connection, people, now)
        if accounts:
            return accounts[0]
        found = hydrate_posts(ctx, connection, posts, now)
        return found[0] if found else None


def _by_page(connection: Connection, address: str) -> tuple[Sequence[int], Sequence[int]]:
    """Ids of accounts, and of posts. Pages have no index of their own: their author's leads."""
    try:
        parts = urlsplit(address)
        profile = _PROFILE.match(unquote(parts.path))
        if profile is None:
            return (), ()
        user = profile["user"]
        handle = Handle.parse(user if "@" in user else f"{user}@{parts.netloc}")
    except ValueError:
        return (), ()
    authors = connection.execute(_ACCOUNTS_OF, {"handle": handle.key}).all()
    if profile["more"] is None:
        return [row.id for row in authors], ()
    for row in authors:
        found = connection.scalars(_PAGE_OF, {"account": row.id, "address": address}).all()
        if found:
            return (), found
    return (), ()
