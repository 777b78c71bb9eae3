"""The list of those who left for good: the names of one account go and come back together.

An account that says that it is somebody who left goes along with them. It comes back with them too,
but never takes them back: anybody can say that they are somebody.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.origin import likely_handle_key
from discover.services.consent import outs
from discover.services.context import Context
from discover.services.facts import DELIBERATE, PERSONS, SUPPRESSIONS
from discover.store.database import insert_once
from discover.store.journal import Out
from discover.store.tables import Suppression

_LEAVING, _ALONG = SUPPRESSIONS.c.leaving, SUPPRESSIONS.c.along


def suppress(
    ctx: Context,
    connection: Connection,
    names: Iterable[str],
    now: datetime,
    *,
    along_with: Collection[str] = (),
) -> None:
    """The handle and the actor URIs of one account, as keyed hashes.

    `along_with`: names of somebody on the list, whose no this is too.
    """
    known = [one for uri in along_with for one in (uri, likely_handle_key(uri)) if one]
    groups = _groups(connection, {ctx.digest(one) for one in known})
    suppress_digests(
        ctx, connection, [ctx.digest(one) for one in names], now, along=min(groups, default="")
    )


def suppress_digests(
    ctx: Context,
    connection: Connection,
    digests: Collection[str],
    now: datetime,
    *,
    leaving: str = "",
    along: str = "",
) -> None:
    known = _groups(connection, digests)
    leaving = min(known, default="") or leaving or secrets.token_hex(8)
    outs.note_outs(
        ctx,
        connection,
        [Out("person", one, now, leaving=leaving, along=along) for one in digests],
    )
    for digest in digests:
        row = {"digest": digest, "at": now, "leaving": leaving, "along": along}
        insert_once(connection, Suppression, row, key=["digest"])
    mine = sa.or_(SUPPRESSIONS.c.digest.in_(digests), _LEAVING.in_(known))
    values = {"leaving": leaving} | ({} if along else {"along": ""})  # a no of their own outlasts
    connection.execute(sa.update(SUPPRESSIONS).where(mine).values(**values))


def lift(
    ctx: Context,
    connection: Connection,
    names: Iterable[str],
    now: datetime,
    *,
    by_operator: bool = False,
) -> bool:
    """Take an account off the list, and those who went along. True if it was there.

    `by_operator`: whoever it went along with too, who would take it along again.
    """
    digests = {ctx.digest(one) for one in names}
    there = SUPPRESSIONS.c.digest.in_(digests)
    rows = connection.execute(sa.select(_LEAVING, _ALONG).where(there)).all()
    groups = {row.leaving for row in rows}
    if by_operator:
        groups |= {row.along for row in rows}
    groups.discard("")
    theirs = sa.or_(there, _LEAVING.in_(groups), _ALONG.in_(groups))
    gone = digests | set(connection.scalars(sa.select(SUPPRESSIONS.c.digest).where(theirs)))
    lines = [Out("person", digest, now, back=True) for digest in sorted(gone)]
    outs.note_outs(ctx, connection, lines)
    connection.execute(sa.delete(SUPPRESSIONS).where(theirs))
    return bool(rows)


def left_at(ctx: Context, connection: Connection, names: Iterable[str]) -> datetime | None:
    """When the last of these names left; None: none of them has."""
    digests = [ctx.digest(one) for one in names]
    newest = sa.select(sa.func.max(SUPPRESSIONS.c.at)).where(SUPPRESSIONS.c.digest.in_(digests))
    left: datetime | None = connection.scalar(newest)
    return left


def spoke_since(ctx: Context, connection: Connection, uri: str, names: Collection[str]) -> bool:
    """Did they come in by an act of their own, later than any of these names left?"""
    at = left_at(ctx, connection, names)
    came = sa.select(PERSONS.c.at).where(
        PERSONS.c.uri == uri, PERSONS.c.act.in_(DELIBERATE), PERSONS.c.blocked_us.is_(False)
    )
    spoken = connection.scalar(came)
    return at is not None and spoken is not None and spoken > at


def _groups(connection: Connection, digests: Collection[str]) -> set[str]:
    found = connection.scalars(sa.select(_LEAVING).where(SUPPRESSIONS.c.digest.in_(digests)))
    return {one for one in found if one}
