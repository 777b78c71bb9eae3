"""Which picture may be shown: asked of the database at that moment, as everything else is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from discover.model.views import AccountView
from discover.policy.origin import host_of
from discover.services.consent.withdraw import DAILY
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.hydrate import hydrate_accounts, hydrate_posts
from discover.store.lookup import Lookup, among

_AVATARS = Lookup(sa.select(ACCOUNTS.c.id, ACCOUNTS.c.avatar_url).where(among(ACCOUNTS.c.id)))
_CHANGED = sa.select(ACCOUNTS.c.id, ACCOUNTS.c.avatar_url).where(
    ACCOUNTS.c.avatar_changed_at >= sa.bindparam("since")
)
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


def avatars_of(ctx: Context, account_ids: Iterable[int]) -> dict[int, str | None]:
    """The digests of these accounts' present avatars, by id. Who has left is not there."""
    with ctx.database.read() as connection:
        return _digests(_AVATARS(connection, list(account_ids)))


def avatars_changed(ctx: Context, since: datetime) -> dict[int, str | None]:
    """The same, of every account whose avatar was changed or taken away since then."""
    with ctx.database.read() as connection:
        return _digests(connection.execute(_CHANGED, {"since": since}))


def _digests(rows: Iterable[Any]) -> dict[int, str | None]:
    return {row.id: digest_of(row.avatar_url) if row.avatar_url else None for row in rows}


def hosts_there(ctx: Context) -> set[str]:
    """Hosts that anybody is listed of."""
    with ctx.database.read() as connection:
        return set(connection.scalars(sa.select(ACCOUNTS.c.host).distinct()))
