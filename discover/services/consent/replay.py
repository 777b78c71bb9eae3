"""A restored backup brings nobody back who left after it was made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from discover.model.actor import Handle
from discover.services.consent.outs import MARKS, follow
from discover.services.consent.withdraw import VERDICTS, VISITS, forget_person, forget_server
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, SERVERS
from discover.store.database import insert_new
from discover.store.journal import Journal
from discover.store.tables import Suppression


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many had left after the backup, and how many of them were held again."""

    people: int = 0
    servers: int = 0
    removed: int = 0


def replay(ctx: Context, journal: Journal | None = None) -> Replayed:
    """Apply what the database does not know of: it is older than the journal. Safe to do twice."""
    journal = journal or ctx.journal
    if journal is None or not journal.size():
        return Replayed()
    size = journal.size()
    with ctx.database.read() as connection:
        known = connection.scalar(sa.select(MARKS.c.size).where(MARKS.c.name == journal.name))
    if (known or 0) >= size:
        return Replayed()
    last = {(out.what, out.digest): out for out in journal.since(known or 0)}
    left = [out for out in last.values() if not out.back]
    people = {out.digest: out.at for out in left if out.what == "person"}
    servers = {out.digest for out in left if out.what == "server"}
    removed = _let_go(ctx, people) + _close(ctx, servers)
    with ctx.database.write() as connection:
        follow(connection, journal, size)
    return Replayed(len(people), len(servers), removed)


def _let_go(ctx: Context, people: dict[str, datetime]) -> int:
    if not people:
        return 0
    with ctx.database.write() as connection:
        rows = [{"digest": digest, "at": at} for digest, at in people.items()]
        insert_new(connection, Suppression, rows, key="digest")
    removed = 0
    for uri, handle in _names(ctx).items():
        if ctx.digest(uri) in people or (handle and ctx.digest(handle) in people):
            removed += forget_person(ctx, Handle.parse(handle or f"unknown@{_host(uri)}"), uri)
    return removed


def _names(ctx: Context) -> dict[str, str]:
    """Every actor URI that the database knows, with its handle where there is one."""
    with ctx.database.read() as connection:
        found = connection.execute(
            sa.union(
                sa.select(ACCOUNTS.c.uri, ACCOUNTS.c.handle_key),
                sa.select(VERDICTS.c.uri, sa.func.coalesce(VERDICTS.c.handle_key, "")),
                sa.select(VISITS.c.uri, sa.func.coalesce(VISITS.c.handle_key, "")).where(
                    VISITS.c.uri.is_not(None)
                ),
            )
        ).all()
    return dict(sorted((row[0], row[1]) for row in found))  # without a handle comes first


def _host(uri: str) -> str:
    return uri.split("/")[2]


def _close(ctx: Context, digests: set[str]) -> int:
    if not digests:
        return 0
    with ctx.database.read() as connection:
        hosts = set(connection.scalars(sa.select(SERVERS.c.host).where(~SERVERS.c.opted_out)))
        hosts |= set(connection.scalars(sa.select(ACCOUNTS.c.host).distinct()))
    return sum(forget_server(ctx, host) for host in hosts if ctx.digest(host) in digests)
