"""Whose turn it is among the hosts that deliveries wait for, and what becomes of each try.

A host belongs to one worker at a time by a lease; its deliveries go in their order, one after
another. A row stays until its delivery was answered or given up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.delivery import GIVE_UP_AFTER, Meaning, is_over, pause
from discover.services.context import Context
from discover.services.facts import load_servers
from discover.store.database import chunks, table
from discover.store.tables import (
    Delivery,
    DeliveryFailure,
    DeliveryHost,
    Follower,
    TopicFollower,
)

DELIVERIES = table(Delivery)
HOSTS = table(DeliveryHost)
FAILURES = table(DeliveryFailure)
_FOLLOWERS = table(Follower)
_TOPIC_FOLLOWERS = table(TopicFollower)

LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Due:
    """The next delivery of a host that we hold the lease of."""

    id: int
    host: str
    inbox: str
    activity_id: str
    body: bytes
    attempts: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What one try came to. `retry_at`: when the host may be asked again, if it said."""

    meaning: Meaning
    detail: str
    status: int | None = None
    retry_at: datetime | None = None
    tried: bool = True  # False: nothing was sent, the host is to be left alone until `retry_at`


_FIRST = (
    sa.select(sa.func.min(DELIVERIES.c.id))
    .where(DELIVERIES.c.host == HOSTS.c.host)
    .scalar_subquery()
)
_NOW: sa.BindParameter[datetime] = sa.bindparam("now")
_FREE = sa.and_(
    sa.or_(HOSTS.c.until.is_(None), HOSTS.c.until <= _NOW),
    sa.or_(HOSTS.c.parked_until.is_(None), HOSTS.c.parked_until <= _NOW),
)
_WAITING = sa.select(HOSTS.c.host, _FIRST.label("first")).where(_FREE, _FIRST.is_not(None))
# Among hosts that are well the newest goes first: whoever spoke to us a moment ago is there.
_WELL = _WAITING.where(HOSTS.c.failures == 0).order_by(sa.desc("first")).limit(sa.bindparam("most"))
_PROBES = (
    _WAITING.where(HOSTS.c.failures > 0).order_by(HOSTS.c.parked_until).limit(sa.bindparam("most"))
)
_HEAD = (
    sa.select(DELIVERIES)
    .where(DELIVERIES.c.host == sa.bindparam("wanted"))
    .order_by(DELIVERIES.c.id)
    .limit(1)
)


def anything_due(ctx: Context) -> bool:
    """Is there a host that could be delivered to now?"""
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        found = connection.execute(_WAITING.limit(1), {"now": now}).first()
    return found is not None


def claim(
    ctx: Context, connection: Connection, *, owner: str, well: int, probes: int
) -> list[tuple[Due, bool]]:
    """Lease hosts for `owner`: up to `well` that were well last time, up to `probes` that were not.

    Returns the first delivery of each, and whether it is a probe. Deliveries to hosts that may not be contacted any more are
    dropped with a record.
    """
    now = ctx.clock.now()
    found: list[tuple[str, bool]] = []
    for query, most, probe in ((_WELL, well, False), (_PROBES, probes, True)):
        if (most := min(most, well - len(found))) > 0:
            hosts = connection.scalars(query, {"now": now, "most": most})
            found += [(host, probe) for host in hosts]
    claimed = []
    for host, probe in found:
        taken = connection.execute(
            sa.update(HOSTS)
            .where(HOSTS.c.host == host, _FREE)
            .values(token=owner, until=now + LEASE),
            {"now": now},
        ).rowcount
        if taken and (due := _next(ctx, connection, owner, host)):
            claimed.append((due, probe))
    return claimed


def renew(ctx: Context, connection: Connection, *, owner: str, hosts: Sequence[str]) -> None:
    """Prolong the leases of these hosts, as far as they are still `owner`'s."""
    until = ctx.clock.now() + LEASE
    for part in chunks(hosts):
        connection.execute(
            sa.update(HOSTS)
            .where(HOSTS.c.token == owner, HOSTS.c.host.in_(part))
            .values(until=until)
        )


def release_all(connection: Connection, owner: str) -> None:
    """Give back what `owner` still holds."""
    connection.execute(
        sa.update(HOSTS).where(HOSTS.c.token == owner).values(token=None, until=None)
    )


def drop_dead_leases(ctx: Context, alive: Callable[[str], bool]) -> int:
    """Free the hosts of owners that are known to be dead (`alive` is asked for each owner)."""
    with ctx.database.write() as connection:
        owners = connection.scalars(
            sa.select(HOSTS.c.token).where(HOSTS.c.token.is_not(None)).distinct()
        ).all()
        dead = [owner for owner in owners if not alive(owner)]
        for owner in dead:
            release_all(connection, owner)
    return len(dead)


def settle(
    ctx: Context, connection: Connection, *, owner: str, due: Due, result: Result, more: bool
) -> Due | None:
    """Write down what a try came to. Returns the host's next delivery, None when its turn is over.

    `more`: false ends the turn after this one, so that other hosts get theirs.
    """
    now = ctx.clock.now()
    attempts = due.attempts + result.tried
    over = is_over(result.meaning, attempts=attempts, age=now - due.created_at)
    if result.meaning is Meaning.DONE:
        connection.execute(sa.delete(DELIVERIES).where(DELIVERIES.c.id == due.id))
    elif over:
        give_up(connection, DELIVERIES.c.id == due.id, now, result.detail, tried=result.tried)
        if result.meaning is Meaning.GONE:
            _forget_inbox(connection, due.inbox, result.status)
    else:
        connection.execute(
            sa.update(DELIVERIES)
            .where(DELIVERIES.c.id == due.id)
            .values(attempts=attempts, last_error=result.detail[:500])
        )
    mine = sa.and_(HOSTS.c.host == due.host, HOSTS.c.token == owner)
    row = connection.execute(sa.select(HOSTS).where(mine)).first()
    if row is None:
        return None  # the lease was lost: whoever has it goes on
    failures, parked = row.failures, result.retry_at
    if result.meaning is Meaning.AGAIN and result.tried:
        failures += 1
        back = now + pause(failures, ctx.jitter())
        parked = max(back, parked or back)
        # What lies behind is as old or younger; what is too old would only wait for its own turn.
        old = sa.and_(DELIVERIES.c.host == due.host, DELIVERIES.c.created_at <= now - GIVE_UP_AFTER)
        give_up(connection, old, now, result.detail)
    elif result.tried:
        failures = 0
        if result.meaning is Meaning.DOUBTFUL and not over:
            back = now + pause(attempts, ctx.jitter())
            parked = max(back, parked or back)
    connection.execute(sa.update(HOSTS).where(mine).values(failures=failures, parked_until=parked))
    if more and parked is None:
        return _next(ctx, connection, owner, due.host)
    _leave(connection, owner, due.host, now)
    return None


def _next(ctx: Context, connection: Connection, owner: str, host: str) -> Due | None:
    """The host's first delivery. Without one, or when it may not be contacted, the lease goes."""
    now = ctx.clock.now()
    facts = load_servers(connection, [host])[host]
    if facts.blocked or facts.opted_out:
        why = "the server is blocked" if facts.blocked else "the server has opted out"
        theirs = DELIVERIES.c.host == host
        if not facts.blocked:
            theirs &= DELIVERIES.c.last_word.is_(False)
        give_up(connection, theirs, now, why, tried=False)
    row = connection.execute(_HEAD, {"wanted": host}).first()
    if row is None:
        _leave(connection, owner, host, now)
        return None
    return Due(
        id=row.id,
        host=row.host,
        inbox=row.inbox,
        activity_id=row.activity_id,
        body=row.body.encode(),
        attempts=row.attempts,
        created_at=row.created_at,
    )


def _leave(connection: Connection, owner: str, host: str, now: datetime) -> None:
    """Give the host back, and forget it when there is nothing to remember."""
    mine = sa.and_(HOSTS.c.host == host, HOSTS.c.token == owner)
    connection.execute(sa.update(HOSTS).where(mine).values(token=None, until=None))
    # A statement of its own, after the row is locked: it sees what others have queued meanwhile.
    connection.execute(
        sa.delete(HOSTS).where(
            HOSTS.c.host == host,
            HOSTS.c.token.is_(None),
            HOSTS.c.failures == 0,
            sa.or_(HOSTS.c.parked_until.is_(None), HOSTS.c.parked_until <= now),
            ~sa.exists().where(DELIVERIES.c.host == host),
        )
    )


def give_up(
    connection: Connection,
    which: sa.ColumnElement[bool],
    now: datetime,
    detail: str,
    *,
    tried: bool = True,
) -> int:
    """Drop these with a record of why. Returns how many there were."""
    rows = connection.execute(
        sa.select(
            DELIVERIES.c.id,
            DELIVERIES.c.activity_id,
            DELIVERIES.c.inbox,
            DELIVERIES.c.host,
            DELIVERIES.c.attempts,
        ).where(which)
    ).all()
    for part in chunks(rows):
        connection.execute(
            sa.insert(FAILURES),
            [
                {
                    "activity_id": row.activity_id, "inbox": row.inbox, "host": row.host,
                    "attempts": row.attempts + tried, "last_error": detail[:500], "at": now,
                }
                for row in part
            ],
        )  # fmt: skip
        connection.execute(
            sa.delete(DELIVERIES).where(DELIVERIES.c.id.in_([row.id for row in part]))
        )
    return len(rows)


def _forget_inbox(connection: Connection, inbox: str, status: int | None) -> None:
    """Nobody is behind it any more. A shared inbox may be closed (404) while people stay."""
    for followers in (_FOLLOWERS, _TOPIC_FOLLOWERS):
        connection.execute(sa.delete(followers).where(followers.c.inbox == inbox))
        shared = followers.c.shared_inbox == inbox
        if status == 410:
            connection.execute(sa.delete(followers).where(shared))
        else:
            connection.execute(sa.update(followers).where(shared).values(shared_inbox=None))
