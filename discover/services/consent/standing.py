"""What proofs make of a server: in, out, or neither.

Everything works inside the caller's transaction: a server's people leave with its word.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import RobotsState, ServerOptIn, ServerScope
from discover.policy.consent import must_purge
from discover.policy.proofs import ORDER, Standing
from discover.services.consent import consent_log, outs
from discover.services.consent.proof_rows import BY_STATEMENT, kinds_in, standing_of
from discover.services.consent.servers import appoint_asked, take_back
from discover.services.consent.withdraw import (
    VISITS,
    withdraw_account,
    withdraw_posts,
    withdraw_server,
)
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, SERVERS
from discover.services.index.documents import ACCOUNT_COLUMNS, judge_rows
from discover.store.database import upsert
from discover.store.tables import Server

_BATCH = 500
_BEFORE = "; before that: "


def settle(ctx: Context, connection: Connection, host: str, now: datetime) -> Standing:
    """Bring the server's row, and what is held of its people, in line with its proofs."""
    server = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
    standing = standing_of(connection, host, server, now)
    if standing.opted_out:
        _out(ctx, connection, host, server, standing, now)
    elif standing.opt_in is not ServerOptIn.NONE:
        _in(ctx, connection, host, server, standing, now)
    elif server is not None and (server.opt_in != ServerOptIn.NONE.value or server.opted_out):
        connection.execute(
            sa.update(SERVERS)
            .where(SERVERS.c.host == host)
            .values(opted_out=False, scope=ServerScope.ALL.value, note="", recorded_at=now)
        )
        again = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).one()
        if server.opted_out:
            outs.note(ctx, connection, "server", [host], now, back=True)
        outs.note_proofs(ctx, connection, host, ORDER, now)
        take_back(connection, again, now)
    consent_log.server_touched(connection, host, now)
    return standing


def _out(
    ctx: Context, connection: Connection, host: str, server: Any, standing: Standing, now: datetime
) -> None:
    if server is not None and server.opted_out:
        return  # already, and nothing more can go
    outs.note(ctx, connection, "server", [host], now)
    withdraw_server(connection, host, now)
    kinds = ", ".join(kind.value for kind in standing.out_by)
    before = server.note if server is not None else ""
    row = {
        "host": host, "opt_in": standing.opt_in.value, "scope": standing.scope.value,
        "opted_out": True, "note": f"{BY_STATEMENT} ({kinds})" + (_BEFORE + before if before else ""),
        "recorded_at": now, "due_at": None,
    }  # fmt: skip
    columns = ["opt_in", "scope", "opted_out", "note", "recorded_at", "due_at"]
    upsert(connection, Server, [row], key=["host"], update=columns)


def _in(
    ctx: Context, connection: Connection, host: str, server: Any, standing: Standing, now: datetime
) -> None:
    same = (
        server is not None
        and server.opt_in == standing.opt_in.value
        and server.scope == standing.scope.value
        and not server.opted_out
    )
    if same:
        return
    if server is not None and server.opted_out:
        outs.note(ctx, connection, "server", [host], now, back=True)
    outs.note_proofs(ctx, connection, host, kinds_in(connection, host, server, now), now, back=True)
    was_in = server is not None and server.opt_in != ServerOptIn.NONE.value and not server.opted_out
    note = server.note if server is not None else ""
    if note.startswith(BY_STATEMENT):
        note = note.partition(_BEFORE)[2]
    row = {
        "host": host, "opt_in": standing.opt_in.value, "scope": standing.scope.value,
        "opted_out": False, "note": note, "robots": RobotsState.UNSEEN.value,
        "recorded_at": now,
        "due_at": None if server is not None and server.blocked else now,
    }  # fmt: skip
    columns = ["opt_in", "scope", "opted_out", "note", "recorded_at", "due_at"]
    upsert(connection, Server, [row], key=["host"], update=columns)
    if server is not None and server.opted_out and not server.blocked:
        # Whoever asked for themselves was forgotten with all others, and need not ask again.
        appoint_asked(connection, host, now)
    if not was_in or server.scope == standing.scope.value:
        return
    if standing.scope is ServerScope.PROFILES:
        judge_again(ctx, connection, host, now)
    else:  # their posts may be read now
        connection.execute(sa.update(VISITS).where(VISITS.c.host == host).values(due_at=now))


def judge_again(ctx: Context, connection: Connection, host: str, now: datetime) -> int:
    """Ask the decision about each of a server's people. Returns how many went."""
    last = gone = 0
    while rows := connection.execute(
        sa.select(*ACCOUNT_COLUMNS)
        .where(ACCOUNTS.c.host == host, ACCOUNTS.c.id > last)
        .order_by(ACCOUNTS.c.id)
        .limit(_BATCH)
    ).all():
        for account_id, judged in judge_rows(ctx, connection, rows, now).items():
            if must_purge(judged.verdict.list):
                withdraw_account(connection, account_id, now)
                gone += 1
            elif must_purge(judged.verdict.index_posts):
                withdraw_posts(connection, account_id, now)
        last = rows[-1].id
    return gone
