"""Leases: which host is whose turn, and what is due there."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Handle
from discover.model.instance import ServerOptIn
from discover.model.observed import AccountDue, Door, HostGrant, HostTurn
from discover.policy.consent import ServerFacts, decide_server
from discover.policy.origin import likely_handle_key
from discover.services.consent.withdraw import POSTS, VISITS
from discover.services.context import Context
from discover.services.facts import (
    ACCOUNTS,
    SERVERS,
    load_servers,
    people_who_asked,
    suppressed,
)
from discover.store.database import chunks, table, upsert
from discover.store.tables import HostLease

LEASES = table(HostLease)

# How many of an account's newest posts a visit is told of
_KNOWN_POSTS = 60
_ACCOUNTS_PER_TURN = 50
# So old may be what an actor's other documents said, before all of them are read again.
_EXTRAS_LAST = timedelta(days=5)
# A post that no reading has met for so long is asked for; of so many a few at each visit.
_UNSEEN_FOR = timedelta(days=14)
_MOST_UNSEEN, _UNSEEN_AT_ONCE = 25, 5


def claim_turns(
    ctx: Context,
    owner: str,
    limit: int,
    lease_seconds: float,
    only: frozenset[str] | None = None,
) -> list[HostTurn]:
    """Lease up to `limit` hosts where something is due now, longest due first.

    `only`: none but these hosts.
    """
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        if not _due_hosts(connection, now, 1, only):
            return []
    turns = []
    with ctx.database.write() as connection:
        hosts = _due_hosts(connection, now, limit * 4, only)
        servers = load_servers(connection, hosts)
        for host in hosts:
            facts = servers[host]
            if facts.blocked or facts.opted_out or _let_rest(connection, facts, now):
                continue
            token = f"{owner}:{secrets.token_hex(8)}"
            lease = _take_lease(connection, host, token, now, lease_seconds)
            if lease is None:
                continue
            turns.append(_turn(ctx, connection, host, token, lease, now))
            if len(turns) == limit:
                break
    return turns


def more_accounts(ctx: Context, turn: HostTurn, limit: int) -> tuple[AccountDue, ...]:
    """The next accounts due on a leased host; finish the ones handed out before asking again.

    None when the server itself became due meanwhile: without its robots.txt the answer about
    them could only be no, so the next turn begins with it.
    """
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        if not turn.server_due and _server_due(connection, turn.host, now):
            return ()
        return _accounts_due(ctx, connection, turn.host, limit, now)


def renew(ctx: Context, turns: Iterable[HostTurn], lease_seconds: float) -> list[str]:
    """Prolong leases; returns the hosts that are to be left alone: they are somebody else's turn
    now, or are out, or nobody there asks for us any more.
    """
    until = ctx.clock.now() + timedelta(seconds=lease_seconds)
    lost = []
    with ctx.database.write() as connection:
        turns = list(turns)
        servers = load_servers(connection, [turn.host for turn in turns])
        for turn in turns:
            facts = servers[turn.host]
            asked_before = turn.solicited and not is_solicited(connection, facts)
            if facts.blocked or facts.opted_out or asked_before:
                lost.append(turn.host)
                continue
            result = connection.execute(
                sa.update(LEASES)
                .where(LEASES.c.host == turn.host, LEASES.c.token == turn.lease)
                .values(until=until)
            )
            if not result.rowcount:
                lost.append(turn.host)
    return lost


def release(ctx: Context, turn: HostTurn | HostGrant, not_before: datetime | None) -> None:
    """Give a host back; nobody may ask it again before `not_before`."""
    with ctx.database.write() as connection:
        connection.execute(
            sa.update(LEASES)
            .where(LEASES.c.host == turn.host, LEASES.c.token == turn.lease)
            .values(token=None, until=None, not_before=not_before)
        )


def borrow_host(
    ctx: Context, host: str, owner: str, seconds: float, *, though_out: bool = False
) -> HostGrant | None:
    """Leave to ask a host outside its turn; None while somebody else has it or it is refused.

    `though_out`: to see whether its admin still says out. A block is a block.
    """
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        facts = load_servers(connection, [host])[host]
        if facts.blocked or (facts.opted_out and not though_out):
            return None
        token = f"{owner}:{secrets.token_hex(8)}"
        lease = _take_lease(connection, host, token, now, seconds)
        if lease is None:
            return None
        return HostGrant(
            host=host,
            lease=token,
            solicited=decide_server(facts).allowed or _people_asked(connection, host),
            not_before=lease.not_before,
            crawl_delay=lease.crawl_delay,
        )


def drop_dead_leases(ctx: Context, alive: Callable[[str], bool]) -> int:
    """Free the hosts of owners that are known to be dead (`alive` is asked for each owner)."""
    with ctx.database.write() as connection:
        held = connection.execute(
            sa.select(LEASES.c.host, LEASES.c.token).where(LEASES.c.token.is_not(None))
        ).all()
        dead = [row.host for row in held if not alive(row.token.rpartition(":")[0])]
        for part in chunks(dead):
            connection.execute(
                sa.update(LEASES).where(LEASES.c.host.in_(part)).values(token=None, until=None)
            )
    return len(dead)


def _due_hosts(
    connection: Connection, now: datetime, limit: int, only: frozenset[str] | None
) -> list[str]:
    due = sa.union_all(
        sa.select(SERVERS.c.host, SERVERS.c.due_at).where(SERVERS.c.due_at <= now),
        sa.select(VISITS.c.host, VISITS.c.due_at).where(VISITS.c.due_at <= now),
    ).subquery()
    query = (
        sa.select(due.c.host)
        .outerjoin(LEASES, LEASES.c.host == due.c.host)
        .where(
            sa.or_(LEASES.c.until.is_(None), LEASES.c.until <= now),
            sa.or_(LEASES.c.not_before.is_(None), LEASES.c.not_before <= now),
        )
        .group_by(due.c.host)
        .order_by(sa.func.min(due.c.due_at))
        .limit(limit)
    )
    if only is not None:
        query = query.where(due.c.host.in_(only))
    return list(connection.scalars(query))


def _take_lease(
    connection: Connection, host: str, token: str, now: datetime, seconds: float
) -> Any:
    """The lease row if it is ours now, else None."""
    upsert(connection, HostLease, [{"host": host}], key=["host"])
    taken = connection.execute(
        sa.update(LEASES)
        .where(
            LEASES.c.host == host,
            sa.or_(LEASES.c.until.is_(None), LEASES.c.until <= now),
        )
        .values(token=token, until=now + timedelta(seconds=seconds))
    ).rowcount
    if not taken:
        return None
    return connection.execute(sa.select(LEASES).where(LEASES.c.host == host)).one()


def _turn(
    ctx: Context, connection: Connection, host: str, token: str, lease: Any, now: datetime
) -> HostTurn:
    software = connection.scalar(sa.select(SERVERS.c.software).where(SERVERS.c.host == host))
    facts = load_servers(connection, [host])[host]
    _drop_suppressed(ctx, connection, host, now)
    return HostTurn(
        host=host,
        lease=token,
        lease_until=lease.until,
        solicited=is_solicited(connection, facts),
        server_due=_server_due(connection, host, now),
        software=software,
        not_before=lease.not_before,
        crawl_delay=lease.crawl_delay,
        accounts=_accounts_due(ctx, connection, host, _ACCOUNTS_PER_TURN, now),
        directory=facts.opt_in.value != "none",
    )


def _server_due(connection: Connection, host: str, now: datetime) -> bool:
    due = sa.select(SERVERS.c.host).where(SERVERS.c.host == host, SERVERS.c.due_at <= now)
    return connection.execute(due).first() is not None


def _drop_suppressed(ctx: Context, connection: Connection, host: str, now: datetime) -> None:
    due = connection.execute(
        sa.select(
            VISITS.c.id, VISITS.c.uri, VISITS.c.handle_key, ACCOUNTS.c.handle_key.label("listed_as")
        )
        .outerjoin(ACCOUNTS, ACCOUNTS.c.uri == VISITS.c.uri)
        .where(VISITS.c.host == host, VISITS.c.due_at <= now)
        .order_by(VISITS.c.due_at)
        .limit(_ACCOUNTS_PER_TURN)
    ).all()
    if left := _suppressed_visits(ctx, connection, due):
        connection.execute(sa.delete(VISITS).where(VISITS.c.id.in_(left)))


def _suppressed_visits(ctx: Context, connection: Connection, visits: Sequence[Any]) -> set[int]:
    """Whoever left for good is not even asked, however the appointment came about."""
    digests = {
        row.id: {
            ctx.digest(name)
            for name in (row.uri, row.handle_key or row.listed_as or likely_handle_key(row.uri))
            if name
        }
        for row in visits
    }
    left = suppressed(connection, {one for names in digests.values() for one in names})
    return {visit for visit, names in digests.items() if names & left}


def _let_rest(connection: Connection, server: ServerFacts, now: datetime) -> bool:
    """Nobody there asks for us any more: no hint leads there, only a handle that our operator
    named. False when something is due.
    """
    if is_solicited(connection, server):
        return False
    here = VISITS.c.host == server.host
    named = VISITS.c.door == Door.COMMAND.value
    connection.execute(sa.delete(VISITS).where(here, sa.not_(named)))
    if connection.execute(sa.select(VISITS.c.id).where(here, VISITS.c.due_at <= now)).first():
        return False
    mine = SERVERS.c.host == server.host
    connection.execute(sa.update(SERVERS).where(mine).values(due_at=None))
    return True


def is_solicited(connection: Connection, server: ServerFacts) -> bool:
    """Did the server, or anybody there, ask for us?"""
    return server.opt_in is not ServerOptIn.NONE or _people_asked(connection, server.host)


def _people_asked(connection: Connection, host: str) -> bool:
    """Did anybody there ask for us: a person by a deliberate act, or maybe the server itself?"""
    if people_who_asked(connection, host):
        return True
    asking = sa.select(VISITS.c.id).where(VISITS.c.host == host, VISITS.c.door == Door.RELAY.value)
    return connection.execute(asking.limit(1)).first() is not None


def _accounts_due(
    ctx: Context, connection: Connection, host: str, limit: int, now: datetime
) -> tuple[AccountDue, ...]:
    visits = connection.execute(
        sa.select(
            VISITS,
            ACCOUNTS.c.id.label("account_id"),
            ACCOUNTS.c.handle.label("verified"),
            ACCOUNTS.c.handle_key.label("listed_as"),
            ACCOUNTS.c.outbox,
            ACCOUNTS.c.followers_url,
            ACCOUNTS.c.extras_at,
        )
        .outerjoin(ACCOUNTS, ACCOUNTS.c.uri == VISITS.c.uri)
        .where(VISITS.c.host == host, VISITS.c.due_at <= now)
        .order_by(VISITS.c.due_at)
        .limit(limit)
    ).all()
    left = _suppressed_visits(ctx, connection, visits)
    visits = [row for row in visits if row.id not in left]
    held = [row.account_id for row in visits if row.account_id]
    known = _known_posts(connection, held)
    unseen = _unseen_posts(ctx, connection, held, now)
    return tuple(
        AccountDue(
            visit_id=row.id,
            uri=row.uri,
            handle=_handle(row.verified or row.handle),
            door=_door(row),
            etag=row.etag if _may_be_unchanged(row, now) else None,
            last_modified=row.last_modified if _may_be_unchanged(row, now) else None,
            listed=row.account_id is not None,
            known_posts=known.get((row.account_id, True), {}),
            pushed_posts=known.get((row.account_id, False), {}),
            unseen_posts=unseen.get(row.account_id, ()),
            posts_since=now - ctx.rules.retention,
            outbox=row.outbox,
            followers=row.followers_url,
        )
        for row in visits
    )


def _may_be_unchanged(row: Any, now: datetime) -> bool:
    """A 304 speaks for the actor alone, not for the tags and counts beside it."""
    return row.extras_at is not None and now - row.extras_at < _EXTRAS_LAST


def _door(row: Any) -> Door:
    door = Door(row.door)
    return Door.REFRESH if row.account_id and door is not Door.RELAY else door


def _handle(text: str | None) -> Handle | None:
    return Handle.parse(text) if text else None


def _known_posts(
    connection: Connection, account_ids: list[int]
) -> dict[tuple[int, bool], dict[str, datetime]]:
    """The newest of each account, those that a whole reading has met (True) and those met since."""
    read = sa.and_(ACCOUNTS.c.read_at.is_not(None), POSTS.c.seen_at <= ACCOUNTS.c.read_at)
    found: dict[tuple[int, bool], dict[str, datetime]] = {}
    for part in chunks(account_ids):
        ranked = (
            sa.select(
                POSTS.c.account_id,
                POSTS.c.uri,
                POSTS.c.published,
                read.label("read"),
                sa.func.row_number()
                .over(partition_by=(POSTS.c.account_id, read), order_by=POSTS.c.published.desc())
                .label("place"),
            )
            .join(ACCOUNTS, ACCOUNTS.c.id == POSTS.c.account_id)
            .where(POSTS.c.account_id.in_(part))
            .subquery()
        )
        for row in connection.execute(sa.select(ranked).where(ranked.c.place <= _KNOWN_POSTS)):
            found.setdefault((row.account_id, bool(row.read)), {})[row.uri] = row.published
    return found


def _unseen_posts(
    ctx: Context, connection: Connection, account_ids: list[int], now: datetime
) -> dict[int, tuple[str, ...]]:
    """Readings end at the first known post: what stands behind it may have been deleted since."""
    waiting: dict[int, list[str]] = {}
    for part in chunks(account_ids):
        ranked = (
            sa.select(
                POSTS.c.account_id,
                POSTS.c.uri,
                sa.func.row_number()
                .over(partition_by=POSTS.c.account_id, order_by=POSTS.c.seen_at)
                .label("place"),
            )
            .where(POSTS.c.account_id.in_(part), POSTS.c.seen_at < now - _UNSEEN_FOR)
            .subquery()
        )
        for row in connection.execute(sa.select(ranked).where(ranked.c.place <= _MOST_UNSEEN)):
            waiting.setdefault(row.account_id, []).append(row.uri)
    found = {}
    for account_id, uris in waiting.items():
        # From anywhere among them, so that some that cannot be read do not keep others waiting.
        first = int(ctx.jitter() * len(uris))
        found[account_id] = tuple([*uris[first:], *uris[:first]][:_UNSEEN_AT_ONCE])
    return found
