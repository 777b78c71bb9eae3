"""Packs that people propose: each one who is named is asked, and shown only after their own yes.

Nobody is written to who is not listed, may not be suggested, or said no to this pack or to all of
them. How many were asked is told to nobody: it would tell who said no.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.origin import host_of
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.find.packs import EVERY_PACK, LEFT, MEMBERS, MOST_PICKED, PACKS, is_name
from discover.services.index.documents import Judged, judge_accounts
from discover.store.database import upsert
from discover.store.lookup import Lookup, among
from discover.store.tables import Pack, PackMember

# Of one message; of one proposer in a day; and packs that one proposer may have.
MOST_NAMED = 20
MOST_ASKED = 20
MOST_PACKS = 3
_DAY = timedelta(days=1)
# Whoever is asked for one pack is left alone by all others for so long, and may answer so long.
QUIET = timedelta(days=30)

_BY_URI = Lookup(sa.select(ACCOUNTS.c.id).where(among(ACCOUNTS.c.uri)))
_BY_HANDLE = Lookup(sa.select(ACCOUNTS.c.id).where(among(ACCOUNTS.c.handle_key)))
# Whoever is being withdrawn at this moment is passed over.
_FREE = Lookup(
    sa.select(ACCOUNTS.c.id, ACCOUNTS.c.uri, ACCOUNTS.c.inbox)
    .where(among(ACCOUNTS.c.id))
    .with_for_update(read=True, key_share=True, skip_locked=True)
)
_LEFT = Lookup(
    sa.select(LEFT.c.person).where(
        among(LEFT.c.person), LEFT.c.slug.in_(sa.bindparam("slugs", expanding=True))
    )
)


class Proposed(StrEnum):
    """What came of it."""

    DONE = "done"
    NOT_LISTED = "not listed"  # the proposer
    BAD_NAME = "bad name"
    TAKEN = "taken"
    ENOUGH = "enough"
    NOBODY = "nobody"  # was named


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody to be asked. `account`: their row with its verdict of this moment."""

    account: Judged
    inbox: str


def propose(
    ctx: Context,
    connection: Connection,
    proposer: str,
    slug: str,
    uris: Iterable[str],
    handle_keys: Iterable[str],
    ask: Callable[[Asked], None],
) -> Proposed:
    """Make the pack or add to one's own; `ask` is called for each one who may be asked.

    The proposer is in it if they name themselves. All in the caller's transaction.
    """
    now = ctx.clock.now()
    owner = connection.scalar(sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == proposer))
    if (
        owner is None
        or not judge_accounts(ctx, connection, [owner], now)[owner].verdict.list.allowed
    ):
        return Proposed.NOT_LISTED
    if not is_name(slug):
        return Proposed.BAD_NAME
    pack = connection.execute(sa.select(PACKS).where(PACKS.c.slug == slug)).first()
    if pack is not None and (not pack.proposed or pack.account_id != owner):
        return Proposed.TAKEN
    if pack is None and _has_enough(connection, owner, now):
        return Proposed.ENOUGH
    named = {row.id for row in _BY_URI(connection, list(dict.fromkeys(uris))[:MOST_NAMED])}
    named |= {
        row.id for row in _BY_HANDLE(connection, list(dict.fromkeys(handle_keys))[:MOST_NAMED])
    }
    if pack is None:
        row = {"slug": slug, "title": slug.replace("-", " "), "note": "", "at": now}
        upsert(connection, Pack, [row | {"proposed": True, "account_id": owner}], key=["slug"])
    if owner in named:
        joined = {"slug": slug, "account_id": owner, "joined": True, "at": now}
        upsert(connection, PackMember, [joined], key=["slug", "account_id"], update=["joined"])
    _ask(ctx, connection, owner, slug, named - {owner}, ask, now)
    return Proposed.DONE


def open_question(ctx: Context, connection: Connection, uri: str) -> str | None:
    """The pack that this person was asked about and has not answered."""
    rows = connection.execute(
        sa.select(MEMBERS.c.slug)
        .join(ACCOUNTS, ACCOUNTS.c.id == MEMBERS.c.account_id)
        .where(
            ACCOUNTS.c.uri == uri,
            MEMBERS.c.joined.is_(False),
            MEMBERS.c.asked_at > ctx.clock.now() - QUIET,
        )
        .order_by(MEMBERS.c.asked_at.desc())
        .limit(1)
    ).first()
    return None if rows is None else str(rows.slug)


def _has_enough(connection: Connection, owner: int, now: datetime) -> bool:
    """One new pack a day, and not more than a few."""
    mine = connection.scalars(sa.select(PACKS.c.at).where(PACKS.c.account_id == owner)).all()
    return len(mine) >= MOST_PACKS or any(at > now - _DAY for at in mine)


def _ask(
    ctx: Context,
    connection: Connection,
    owner: int,
    slug: str,
    named: set[int],
    ask: Callable[[Asked], None],
    now: datetime,
) -> None:
    mine = sa.select(PACKS.c.slug).where(PACKS.c.account_id == owner)
    today = connection.scalar(
        sa.select(sa.func.count()).where(MEMBERS.c.slug.in_(mine), MEMBERS.c.asked_at > now - _DAY)
    )
    held = connection.scalar(sa.select(sa.func.count()).where(MEMBERS.c.slug == slug))
    room = min(MOST_ASKED - (today or 0), MOST_PICKED - (held or 0))
    known = set(
        connection.scalars(
            sa.select(MEMBERS.c.account_id).where(
                MEMBERS.c.account_id.in_(named),
                sa.or_(MEMBERS.c.slug == slug, MEMBERS.c.asked_at > now - QUIET),
            )
        )
    )
    for one in _who_may_be_asked(ctx, connection, slug, sorted(named - known), now)[: max(room, 0)]:
        row = {"slug": slug, "account_id": one.account.row.id, "joined": False, "at": now}
        upsert(connection, PackMember, [row | {"asked_at": now}], key=["slug", "account_id"])
        ask(one)


def _who_may_be_asked(
    ctx: Context, connection: Connection, slug: str, ids: Sequence[int], now: datetime
) -> list[Asked]:
    judged = judge_accounts(ctx, connection, ids, now)
    may: list[Any] = _FREE(
        connection, [number for number, one in judged.items() if one.verdict.suggest.allowed]
    )
    names = {row.id: ctx.digest(row.uri) for row in may}
    left = {row.person for row in _LEFT(connection, names.values(), slugs=[EVERY_PACK, slug])}
    return [
        Asked(judged[row.id], row.inbox)
        for row in sorted(may, key=lambda row: row.id)
        if names[row.id] not in left and row.inbox and host_of(row.inbox) == judged[row.id].row.host
    ]
