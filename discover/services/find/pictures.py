"""Which picture may be shown: asked of the database at that moment, as everything else is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from discover.model.views import AccountView
from discover.policy.origin import host_of
from discover.services.consent.withdraw import DAILY
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.hydrate import hydrate_accounts, hydrate_posts
from discover.store.database import Lookup, among

_EXIST = Lookup(sa.select(ACCOUNTS.c.id).where(among(ACCOUNTS.c.id)))
_GONE = sa.select(sa.func.coalesce(sa.func.sum(DAILY.c.count), 0)).where(
    DAILY.c.name == "accounts_withdrawn"
)


class PictureKind(StrEnum):
    AVATAR = "avatar"  # of an account
    EMOJI = "emoji"  # in an account's name, bio or fields
    POST_EMOJI = "post-emoji"  # in a post


@dataclass(frozen=True, slots=True)
class Picture:
    """`account_id` and `host` say whose it is: with them it must go.

    `solicited`: it lives at a server that is in reach itself (or below its name), not elsewhere.
    """

    kind: PictureKind
    url: str
    account_id: int
    host: str
    solicited: bool


def digest_of(url: str) -> str:
    """Tells a changed picture from its predecessor; it protects nothing."""
    return hashlib.sha256(url.encode()).hexdigest()[:12]


def find_picture(ctx: Context, kind: PictureKind, number: int, digest: str) -> Picture | None:
    """The picture at its present address. None unless who it belongs to may be shown now.

    `number` is an account's id, for POST_EMOJI a post's.
    """
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        if kind is PictureKind.POST_EMOJI:
            posts = hydrate_posts(ctx, connection, [number], now)
            owner = posts[0].author if posts else None
            urls = [url for _, url in posts[0].emojis] if posts else []
        else:
            owner = next(iter(hydrate_accounts(ctx, connection, [number], now)), None)
            urls = _urls(owner, kind) if owner is not None else []
    url = next((url for url in urls if digest_of(url) == digest), None)
    if owner is None or url is None:
        return None
    host, home = host_of(url), owner.server
    return Picture(
        kind=kind,
        url=url,
        account_id=owner.id,
        host=home,
        solicited=host is not None and (host == home or host.endswith(f".{home}")),
    )


def _urls(owner: AccountView, kind: PictureKind) -> list[str]:
    if kind is PictureKind.AVATAR:
        return [owner.avatar_url] if owner.avatar_url else []
    return [url for _, url in owner.emojis]


def accounts_gone(ctx: Context) -> int:
    """Grows with every account that leaves, whatever the reason."""
    with ctx.database.read() as connection:
        return int(connection.scalar(_GONE) or 0)


def still_there(ctx: Context, account_ids: Iterable[int]) -> set[int]:
    """Which of these accounts have not left."""
    with ctx.database.read() as connection:
        return {row.id for row in _EXIST(connection, list(account_ids))}


def hosts_there(ctx: Context) -> set[str]:
    """Hosts that anybody is listed of."""
    with ctx.database.read() as connection:
        return set(connection.scalars(sa.select(ACCOUNTS.c.host).distinct()))
