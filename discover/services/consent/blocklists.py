"""The operator's blocks: single hosts and imported lists. A block covers what is below the host.

What is blocked goes in the same transaction that blocks it. Taking a block back restores
nothing: what comes back is found by a new visit, if it is still wanted there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import RobotsState, ServerOptIn
from discover.services.consent import consent_log
from discover.services.consent.withdraw import POSTS, VERDICTS, VISITS, withdraw_server
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, BLOCKED, SERVERS, blocked_among
from discover.store.database import chunks, upsert
from discover.store.tables import BlockedHost, Server
from discover.wire.blocklist import Block

OPERATOR = "operator"  # the source of blocks made by hand
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Affected:
    """A known host that a block covers, and what is held of it."""

    host: str
    by: str  # the blocked host: itself, or a domain above it
    accounts: int
    posts: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import does, or would do. `new` and `gone` count hosts of the list itself."""

    name: str
    hosts: int
    new: int
    gone: int
    affected: tuple[Affected, ...]

    @property
    def accounts(self) -> int:
        return sum(one.accounts for one in self.affected)

    @property
    def posts(self) -> int:
        return sum(one.posts for one in self.affected)


@dataclass(frozen=True, slots=True)
class ListRecord:
    name: str
    hosts: int
    newest_at: datetime


def preview(ctx: Context, name: str, blocks: Sequence[Block]) -> Imported:
    """What `import_list` would do; nothing is changed."""
    with ctx.database.read() as connection:
        return _compare(connection, name, blocks)


def import_list(ctx: Context, name: str, blocks: Sequence[Block]) -> Imported:
    """Make a list what it says now: what it no longer names is unblocked by it."""
    with ctx.database.read() as connection:
        report = _compare(connection, name, blocks)
        before = _hosts_of(connection, name)
    for part in chunks(blocks, _CHUNK):
        with ctx.database.write() as connection:
            _block(connection, name, part, ctx.clock.now())
    named = {block.host for block in blocks}
    with ctx.database.write() as connection:
        _unblock(connection, name, before - named, ctx.clock.now())
    return report


def remove_list(ctx: Context, name: str) -> int:
    """Take a list back. Returns how many hosts it named."""
    with ctx.database.write() as connection:
        hosts = _hosts_of(connection, name)
        _unblock(connection, name, hosts, ctx.clock.now())
    return len(hosts)


def block_host(ctx: Context, host: str, reason: str) -> tuple[Affected, ...]:
    """Block one host by hand. Returns what it covered."""
    block = Block(host.partition(":")[0], reason=reason)
    with ctx.database.write() as connection:
        affected = _affected(connection, {block.host})
        _block(connection, OPERATOR, [block], ctx.clock.now())
    return affected


def unblock_host(ctx: Context, host: str) -> tuple[bool, str | None]:
    """Take a block made by hand back: was there one, and does a list still block the host?"""
    name = host.partition(":")[0]
    with ctx.database.write() as connection:
        there = name in _hosts_of(connection, OPERATOR)
        _unblock(connection, OPERATOR, {name}, ctx.clock.now())
        still = connection.scalar(
            sa.select(BLOCKED.c.source).where(BLOCKED.c.host.in_(_above(name))).limit(1)
        )
    return there, still


def lists(ctx: Context) -> list[ListRecord]:
    with ctx.database.read() as connection:
        rows = connection.execute(
            sa.select(BLOCKED.c.source, sa.func.count().label("hosts"), sa.func.max(BLOCKED.c.at))
            .group_by(BLOCKED.c.source)
            .order_by(BLOCKED.c.source)
        ).all()
    return [ListRecord(*row) for row in rows]


def _compare(connection: Connection, name: str, blocks: Sequence[Block]) -> Imported:
    named = {block.host for block in blocks}
    before = _hosts_of(connection, name)
    return Imported(
        name=name,
        hosts=len(named),
        new=len(named - before),
        gone=len(before - named),
        affected=_affected(connection, named),
    )


def _block(connection: Connection, source: str, blocks: Iterable[Block], now: datetime) -> None:
    rows = [
        {"host": block.host, "source": source, "reason": block.reason, "at": now}
        for block in blocks
    ]
    upsert(connection, BlockedHost, rows, key=["host", "source"], update=["reason"])
    for host in _covered(connection, {str(row["host"]) for row in rows}):
        withdraw_server(connection, host, now)
        row = {
            "host": host, "opt_in": ServerOptIn.NONE.value, "blocked": True, "due_at": None,
            "robots": RobotsState.UNSEEN.value, "recorded_at": now,
        }  # fmt: skip
        upsert(connection, Server, [row], key=["host"], update=["blocked", "due_at"])
        consent_log.server_touched(connection, host, now)


def _unblock(connection: Connection, source: str, hosts: set[str], now: datetime) -> None:
    for part in chunks(sorted(hosts)):
        connection.execute(
            sa.delete(BLOCKED).where(BLOCKED.c.source == source, BLOCKED.c.host.in_(part))
        )
    freed = _covered(connection, hosts)
    for host in freed.keys() - blocked_among(connection, freed):
        row = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
        if row is None or not row.blocked:
            continue
        wanted = row.opt_in != ServerOptIn.NONE.value and not row.opted_out
        if wanted or row.opted_out or row.note:
            connection.execute(
                sa.update(SERVERS)
                .where(SERVERS.c.host == host)
                .values(blocked=False, due_at=now if wanted else None)
            )
        else:  # it was on record for the block only
            connection.execute(sa.delete(SERVERS).where(SERVERS.c.host == host))
        consent_log.server_touched(connection, host, now)


def _affected(connection: Connection, named: set[str]) -> tuple[Affected, ...]:
    covered = _covered(connection, named)
    accounts: dict[str, int] = {}
    posts: dict[str, int] = {}
    for part in chunks(sorted(covered)):
        counted = (
            sa.select(ACCOUNTS.c.host, sa.func.count().label("number"))
            .where(ACCOUNTS.c.host.in_(part))
            .group_by(ACCOUNTS.c.host)
        )
        accounts |= {row.host: row.number for row in connection.execute(counted)}
        written = counted.join(POSTS, POSTS.c.account_id == ACCOUNTS.c.id)
        posts |= {row.host: row.number for row in connection.execute(written)}
    return tuple(
        Affected(host, covered[host], accounts.get(host, 0), posts.get(host, 0))
        for host in sorted(covered)
    )


def _covered(connection: Connection, named: set[str]) -> dict[str, str]:
    """Every host that we know anything of and that is named, or below one that is -> that one."""
    known = sa.union(
        *(sa.select(source.c.host) for source in (SERVERS, ACCOUNTS, VISITS, VERDICTS))
    )
    found = {}
    for host in connection.scalars(known):
        if (by := next((name for name in _above(host) if name in named), None)) is not None:
            found[host] = by
    return found


def _above(host: str) -> tuple[str, ...]:
    labels = host.partition(":")[0].split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))


def _hosts_of(connection: Connection, source: str) -> set[str]:
    return set(connection.scalars(sa.select(BLOCKED.c.host).where(BLOCKED.c.source == source)))
