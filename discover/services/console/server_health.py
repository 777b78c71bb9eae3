"""Servers as an operator looks at them: their will, their state, and what goes wrong there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import RobotsState, ServerOptIn
from discover.model.verdict import Reason
from discover.model.views import ServerExplanation
from discover.policy.consent import decide_server
from discover.services.consent.proof_rows import rows_of, statement_of
from discover.services.consent.why import explain_server
from discover.services.consent.withdraw import POSTS, VISITS
from discover.services.context import Context
from discover.services.crawl.turns import LEASES
from discover.services.facts import ACCOUNTS, BLOCKED, SERVERS, load_servers
from discover.wire.statement import to_txt

PAGE = 50


class Filter(StrEnum):
    ALL = "all"
    IN = "in"
    OUT = "out"
    BLOCKED = "blocked"
    TROUBLE = "trouble"  # it failed last time, or its robots.txt says no or cannot be read
    NEW = "new"  # on record and never visited


@dataclass(frozen=True, slots=True)
class ServerHealth:
    """`trouble`: visits that failed last time. `reasons`: of the decision about the server."""

    host: str
    state: str  # in | out | blocked | none
    reasons: tuple[Reason, ...]
    opt_in: str
    software: str | None
    version: str | None
    robots: str
    note: str
    seen_at: datetime | None
    due_at: datetime | None
    failures: int
    accounts: int
    posts: int
    trouble: int


@dataclass(frozen=True, slots=True)
class ProofLine:
    kind: str
    says: str
    first_seen_at: datetime
    checked_at: datetime
    missing_since: datetime | None


@dataclass(frozen=True, slots=True)
class Failure:
    """So many visits of a host that failed for one reason. Nobody is named."""

    host: str
    detail: str
    visits: int
    most: int  # failures in a row
    next_at: datetime
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class ServerFile:
    """All that is known of one server."""

    health: ServerHealth
    explanation: ServerExplanation
    proofs: tuple[ProofLine, ...]
    blocked_by: tuple[tuple[str, str, str], ...]  # host that is named, list, reason
    failures: tuple[Failure, ...]
    visits_due: int
    visits_waiting: int
    leased_until: datetime | None
    not_before: datetime | None


def find_servers(
    ctx: Context, *, text: str = "", which: Filter = Filter.ALL, after: str = "", limit: int = PAGE
) -> tuple[list[ServerHealth], int]:
    """One page by host, from behind `after`, and how many there are in all.

    `text` is looked for in the host, the software and the note.
    """
    wanted = [_where(which)]
    if text:
        like = [
            column.icontains(text, autoescape=True)
            for column in (SERVERS.c.host, SERVERS.c.software, SERVERS.c.note)
        ]
        wanted.append(sa.or_(*like))
    with ctx.database.read() as connection:
        total = connection.scalar(sa.select(sa.func.count()).select_from(SERVERS).where(*wanted))
        rows = connection.execute(
            sa.select(SERVERS)
            .where(*wanted, SERVERS.c.host > after)
            .order_by(SERVERS.c.host)
            .limit(limit)
        ).all()
        return _health(connection, rows), total or 0


def server_file(ctx: Context, host: str) -> ServerFile | None:
    """None when nothing is on record about it, not even a block."""
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        rows = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).all()
        blocks = _blocks(connection, host)
        proofs = _proofs(connection, host)
        failures = tuple(_failures(connection, VISITS.c.host == host))
        due, waiting = (
            connection.scalar(
                sa.select(sa.func.count()).select_from(VISITS).where(VISITS.c.host == host, when)
            )
            or 0
            for when in (VISITS.c.due_at <= now, VISITS.c.due_at > now)
        )
        if not rows and not blocks and not proofs and not due and not waiting:
            return None
        health = _health(connection, rows)
        lease = connection.execute(sa.select(LEASES).where(LEASES.c.host == host)).first()
    leased = lease is not None and lease.until is not None and lease.until > now
    return ServerFile(
        health=health[0] if health else _unknown(host, blocked=bool(blocks)),
        explanation=explain_server(ctx, host),
        proofs=proofs,
        blocked_by=blocks,
        failures=failures,
        visits_due=due,
        visits_waiting=waiting,
        leased_until=lease.until if lease is not None and leased else None,
        not_before=lease.not_before if lease is not None else None,
    )


def failing(ctx: Context, *, host: str = "", limit: int = 100) -> list[Failure]:
    """Visits that failed last time, by host and reason, the most frequent first."""
    where = VISITS.c.host.icontains(host, autoescape=True) if host else sa.true()
    with ctx.database.read() as connection:
        return list(_failures(connection, where, limit))


def _failures(
    connection: Connection, where: sa.ColumnElement[bool], limit: int = 100
) -> list[Failure]:
    number = sa.func.count().label("visits")
    query = (
        sa.select(
            VISITS.c.host,
            VISITS.c.last_detail,
            number,
            sa.func.max(VISITS.c.failures).label("most"),
            sa.func.min(VISITS.c.due_at).label("next_at"),
            sa.func.max(VISITS.c.last_at).label("last_at"),
        )
        .where(VISITS.c.failures > 0, where)
        .group_by(VISITS.c.host, VISITS.c.last_detail)
        .order_by(number.desc(), VISITS.c.host)
        .limit(limit)
    )
    return [Failure(*row) for row in connection.execute(query)]


def _where(which: Filter) -> sa.ColumnElement[bool]:
    opted_in = SERVERS.c.opt_in != ServerOptIn.NONE.value
    open_ = sa.and_(SERVERS.c.opted_out.is_(False), SERVERS.c.blocked.is_(False))
    bad_robots = SERVERS.c.robots.in_((RobotsState.FORBIDDEN.value, RobotsState.UNREADABLE.value))
    return {
        Filter.ALL: sa.true(),
        Filter.IN: sa.and_(opted_in, open_),
        Filter.OUT: SERVERS.c.opted_out.is_(True),
        Filter.BLOCKED: SERVERS.c.blocked.is_(True),
        Filter.TROUBLE: sa.and_(opted_in, open_, sa.or_(SERVERS.c.failures > 0, bad_robots)),
        Filter.NEW: sa.and_(opted_in, open_, SERVERS.c.seen_at.is_(None)),
    }[which]


def _health(connection: Connection, rows: Any) -> list[ServerHealth]:
    hosts = [row.host for row in rows]
    facts = load_servers(connection, hosts)
    number = sa.func.count().label("n")
    people = (
        sa.select(ACCOUNTS.c.host, number)
        .where(ACCOUNTS.c.host.in_(hosts))
        .group_by(ACCOUNTS.c.host)
    )
    accounts = {row.host: row.n for row in connection.execute(people)}
    written = people.join(POSTS, POSTS.c.account_id == ACCOUNTS.c.id)
    posts = {row.host: row.n for row in connection.execute(written)}
    failed = (
        sa.select(VISITS.c.host, number)
        .where(VISITS.c.host.in_(hosts), VISITS.c.failures > 0)
        .group_by(VISITS.c.host)
    )
    trouble = {row.host: row.n for row in connection.execute(failed)}
    return [
        ServerHealth(
            host=row.host,
            state=_state(row),
            reasons=decide_server(facts[row.host]).reasons,
            opt_in=row.opt_in,
            software=row.software,
            version=row.version,
            robots=row.robots,
            note=row.note,
            seen_at=row.seen_at,
            due_at=row.due_at,
            failures=row.failures,
            accounts=accounts.get(row.host, 0),
            posts=posts.get(row.host, 0),
            trouble=trouble.get(row.host, 0),
        )
        for row in rows
    ]


def _state(row: Any) -> str:
    if row.blocked:
        return "blocked"
    if row.opted_out:
        return "out"
    return "in" if row.opt_in != ServerOptIn.NONE.value else "none"


def _unknown(host: str, *, blocked: bool) -> ServerHealth:
    return ServerHealth(
        host=host, state="blocked" if blocked else "none", reasons=(), opt_in="none",
        software=None, version=None, robots="unseen", note="", seen_at=None, due_at=None,
        failures=0, accounts=0, posts=0, trouble=0,
    )  # fmt: skip


def _blocks(connection: Connection, host: str) -> tuple[tuple[str, str, str], ...]:
    labels = host.partition(":")[0].split(".")
    above = [".".join(labels[start:]) for start in range(len(labels))]
    rows = connection.execute(
        sa.select(BLOCKED.c.host, BLOCKED.c.source, BLOCKED.c.reason)
        .where(BLOCKED.c.host.in_(above))
        .order_by(BLOCKED.c.source)
    )
    return tuple((row.host, row.source, row.reason) for row in rows)


def _proofs(connection: Connection, host: str) -> tuple[ProofLine, ...]:
    return tuple(
        ProofLine(
            kind=kind.value,
            says=to_txt(said) if (said := statement_of(row)) is not None else "nothing",
            first_seen_at=row.first_seen_at,
            checked_at=row.checked_at,
            missing_since=row.missing_since,
        )
        for kind, row in rows_of(connection, host).items()
    )
