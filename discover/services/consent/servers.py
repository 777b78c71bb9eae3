"""The operator's own record of an admin's consent, given or taken back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import RobotsState, ServerOptIn
from discover.model.verdict import Decision
from discover.policy.consent import decide_server
from discover.policy.origin import host_of
from discover.policy.proofs import ORDER
from discover.services.consent import consent_log, outs
from discover.services.consent.proof_rows import BY_STATEMENT, forget_yes, says_out
from discover.services.consent.withdraw import POSTS, withdraw_server
from discover.services.context import Context
from discover.services.facts import (
    ACCOUNTS,
    SERVERS,
    blocked_among,
    load_servers,
    people_who_asked,
)
from discover.store.database import table, upsert
from discover.store.tables import Follower, Server, Visit

_FOLLOWERS = table(Follower)
_HOST = re.compile(
    r"^(?=.{1,253}$)[a-z0-9]([a-z0-9\-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9\-]*[a-z0-9])?)*(:\d{1,5})?$"
)


_TOP = re.compile(r"^[a-z]([a-z0-9\-]*[a-z0-9])?$")


@dataclass(frozen=True, slots=True)
class ServerRecord:
    host: str
    opt_in: str
    opted_out: bool
    blocked: bool
    software: str | None
    robots: str
    note: str
    recorded_at: datetime | None
    seen_at: datetime | None
    decision: Decision
    accounts: int
    posts: int
    relay_since: datetime | None = None  # its own actor follows ours: a proof of its admin's will


def read_host(text: str) -> str:
    """A host as people write it (with a scheme, in capitals …). ValueError if it is none."""
    written = re.sub(r"^https?://", "", text.strip().lower()).partition("/")[0]
    host = host_of(f"https://{written}/")
    if host is None or not _HOST.match(host):
        raise ValueError(f"{text!r} is not a host such as example.social")
    return host


def read_public_name(text: str) -> str:
    """A host that has a name of its own, without a port. ValueError for anything else."""
    host = read_host(text)
    first, _, top = host.rpartition(".")
    if not first or not _TOP.match(top):
        raise ValueError(f"{text!r} is not a name such as example.social")
    try:
        ip_address(host)
    except ValueError:
        return host
    raise ValueError(f"{text!r} is an address and not a name")


def add_server(ctx: Context, host: str, note: str) -> bool:
    """Record that the host's admin agreed. True when that is news. The visit is due at once."""
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        row = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
        out = says_out(connection, host, now)  # the admin's own no wins over our record
        upsert(
            connection,
            Server,
            [
                {
                    "host": host,
                    "opt_in": ServerOptIn.OPERATOR.value,
                    "opted_out": out,
                    "blocked": bool(blocked_among(connection, [host])),
                    "note": f"{BY_STATEMENT}; before that: {note}" if out else note,
                    "recorded_at": now,
                    "due_at": None if out else now,
                    "robots": RobotsState.UNSEEN.value,
                }
            ],
            key=["host"],
            update=["opt_in", "opted_out", "note", "recorded_at", "due_at"],
        )
        consent_log.server_touched(connection, host, now)
        outs.note_proofs(ctx, connection, host, [ServerOptIn.OPERATOR], now, back=True)
        if row is not None and row.opted_out and not out:
            outs.note(ctx, connection, "server", [host], now, back=True)
    return row is None or row.opt_in == ServerOptIn.NONE.value or row.opted_out


def remove_server(ctx: Context, host: str) -> int | None:
    """Take the record back and remove the host's people. None when there was no record."""
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        row = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
        if row is None:
            return None
        forget_yes(connection, host)
        outs.note_proofs(ctx, connection, host, ORDER, now)
        return take_back(connection, row, now)


def take_back(connection: Connection, row: Any, now: datetime) -> int:
    """End a server's opt-in, whoever gave it, and remove its people. Returns how many went."""
    gone = withdraw_server(connection, row.host, now)
    refused = row.blocked or row.opted_out
    asked = not refused and appoint_asked(connection, row.host, now)
    if refused or asked:
        connection.execute(
            sa.update(SERVERS)
            .where(SERVERS.c.host == row.host)
            .values(opt_in=ServerOptIn.NONE.value, due_at=now if asked else None)
        )
    else:
        connection.execute(sa.delete(SERVERS).where(SERVERS.c.host == row.host))
    return gone


def appoint_asked(connection: Connection, host: str, now: datetime) -> bool:
    """Those who asked for themselves are looked at on their own, whatever becomes of the others.

    False when there are none.
    """
    asked = people_who_asked(connection, host)
    visits = [{"uri": uri, "host": host, "door": "command", "due_at": now} for uri in asked]
    upsert(connection, Visit, visits, key=["uri"], update=["due_at"])
    return bool(asked)


def list_servers(ctx: Context) -> list[ServerRecord]:
    with ctx.database.read() as connection:
        rows = connection.execute(sa.select(SERVERS).order_by(SERVERS.c.host)).all()
        facts = load_servers(connection, [row.host for row in rows])
        count = sa.func.count().label("n")
        per_host = sa.select(ACCOUNTS.c.host, count).group_by(ACCOUNTS.c.host)
        accounts = {row.host: row.n for row in connection.execute(per_host)}
        of_accounts = per_host.join(POSTS, POSTS.c.account_id == ACCOUNTS.c.id)
        posts = {row.host: row.n for row in connection.execute(of_accounts)}
        since = sa.select(_FOLLOWERS.c.host, sa.func.min(_FOLLOWERS.c.at).label("at"))
        asking = since.where(_FOLLOWERS.c.relay.is_(True)).group_by(_FOLLOWERS.c.host)
        relays = {row.host: row.at for row in connection.execute(asking)}
    return [
        ServerRecord(
            host=row.host,
            opt_in=row.opt_in,
            opted_out=row.opted_out,
            blocked=row.blocked,
            software=row.software,
            robots=row.robots,
            note=row.note,
            recorded_at=row.recorded_at,
            seen_at=row.seen_at,
            decision=decide_server(facts[row.host]),
            accounts=accounts.get(row.host, 0),
            posts=posts.get(row.host, 0),
            relay_since=relays.get(row.host),
        )
        for row in rows
    ]
