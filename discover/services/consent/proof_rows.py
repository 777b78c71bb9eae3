"""Proofs as rows: what was found where, and everything that speaks for or against a server."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import ServerOptIn
from discover.policy.proofs import GRACE, Proof, Standing, holds, weigh
from discover.services.facts import SERVERS
from discover.store.database import table, upsert
from discover.store.tables import Follower, ServerProof
from discover.wire.documents import Json
from discover.wire.statement import Statement, read_fields, to_json

PROOFS = table(ServerProof)
_FOLLOWERS = table(Follower)
# Proofs that are our own record on the server's row, not a row of their own
_RECORDED = (ServerOptIn.OPERATOR,)
EVERY = timedelta(hours=6)  # how often proofs are looked at again

# Begins the note of a server that is out by a statement, so that the end of the statement ends it.
BY_STATEMENT = "out by its own statement"


def rows_of(connection: Connection, host: str) -> dict[ServerOptIn, Any]:
    """The rows of proofs that were looked at, also of those that say nothing."""
    found = connection.execute(sa.select(PROOFS).where(PROOFS.c.host == host)).all()
    return {ServerOptIn(row.kind): row for row in found}


def due_hosts(connection: Connection, now: datetime) -> list[str]:
    """Whose proofs are to be looked at: not looked at for long, or a contact has spoken."""
    long_ago = now - EVERY
    mine = sa.and_(PROOFS.c.host == SERVERS.c.host, PROOFS.c.kind == ServerOptIn.DNS.value)
    on_record = sa.or_(SERVERS.c.opt_in != ServerOptIn.NONE.value, SERVERS.c.opted_out.is_(True))
    never_or_old = sa.or_(PROOFS.c.host.is_(None), PROOFS.c.checked_at <= long_ago)
    return list(
        connection.scalars(
            sa.union(
                sa.select(SERVERS.c.host)
                .outerjoin(PROOFS, mine)
                .where(SERVERS.c.blocked.is_(False), on_record, never_or_old),
                sa.select(PROOFS.c.host).where(
                    sa.or_(
                        # A connection is looked after by itself (services.fasp.upkeep).
                        sa.and_(
                            PROOFS.c.checked_at <= long_ago,
                            PROOFS.c.kind != ServerOptIn.FASP.value,
                        ),
                        sa.cast(PROOFS.c.statement, sa.Text).like('%"asked"%'),
                    )
                ),
            )
        )
    )


def statement_of(row: Any) -> Statement | None:
    return read_fields(row.statement) if row is not None else None


def keep(
    connection: Connection,
    host: str,
    kind: ServerOptIn,
    said: Statement | None,
    now: datetime,
    more: Json | None = None,
) -> None:
    """Keep what a look found for certain; `said` None: nothing was there. `more` is kept beside it.

    A look that failed is not kept at all.
    """
    row = connection.execute(
        sa.select(PROOFS).where(PROOFS.c.host == host, PROOFS.c.kind == kind.value)
    ).first()
    old = statement_of(row)
    statement = {} if said is None else to_json(said)
    first, missing = now, None
    if row is not None and old is not None and said is None:
        first, missing = row.first_seen_at, row.missing_since or now
        if now - missing < GRACE:
            statement = to_json(old)
        else:
            missing = None
    elif row is not None and old is not None and said is not None and old.agrees == said.agrees:
        first = row.first_seen_at
    values = {
        "host": host, "kind": kind.value, "statement": statement | (more or {}),
        "first_seen_at": first, "checked_at": now, "missing_since": missing,
    }  # fmt: skip
    upsert(
        connection, ServerProof, [values], key=["host", "kind"],
        update=["statement", "first_seen_at", "checked_at", "missing_since"],
    )  # fmt: skip


def proofs_of(connection: Connection, host: str, server: Any) -> list[Proof]:
    """Everything that speaks for or against: looked-at proofs, the relay, our own records."""
    found = []
    for kind, row in rows_of(connection, host).items():
        if (said := statement_of(row)) is not None:
            found.append(Proof(kind, said.agrees, said.scope, row.checked_at, row.missing_since))
    relay = connection.execute(
        sa.select(_FOLLOWERS.c.at)
        .where(_FOLLOWERS.c.host == host, _FOLLOWERS.c.relay.is_(True))
        .limit(1)
    ).first()
    if relay is not None:
        found.append(Proof(ServerOptIn.RELAY, agrees=True))
    kinds = {proof.kind for proof in found}
    recorded = ServerOptIn(server.opt_in) if server is not None else ServerOptIn.NONE
    if recorded in _RECORDED and recorded not in kinds:
        found.append(Proof(recorded, agrees=True))
    return found


def standing_of(connection: Connection, host: str, server: Any, now: datetime) -> Standing:
    recorded_out = (
        server is not None and server.opted_out and not server.note.startswith(BY_STATEMENT)
    )
    return weigh(proofs_of(connection, host, server), recorded_out=recorded_out, now=now)


def kinds_in(
    connection: Connection, host: str, server: Any, now: datetime
) -> tuple[ServerOptIn, ...]:
    """Which proofs say in and count."""
    found = proofs_of(connection, host, server)
    return tuple(proof.kind for proof in found if proof.agrees and holds(proof, now))


def asked_delay(connection: Connection, host: str) -> float | None:
    """Seconds between requests that the admin's statements ask for; None: they do not say."""
    rates = [
        said.rate
        for row in rows_of(connection, host).values()
        if (said := statement_of(row)) is not None and said.agrees and said.rate is not None
    ]
    return 60.0 / min(rates) if rates else None


def slowest(connection: Connection, host: str, delay: float | None) -> float | None:
    """Seconds between requests: what robots.txt asks for, or the admin's statement if it is more."""
    asked = asked_delay(connection, host)
    return max(delay or 0.0, asked) if asked is not None else delay


def forget_yes(connection: Connection, host: str) -> None:
    """The operator takes a server out: what said in counts again when it is looked for again."""
    for kind, row in rows_of(connection, host).items():
        said = statement_of(row)
        if said is None or said.agrees:
            connection.execute(
                sa.delete(PROOFS).where(PROOFS.c.host == host, PROOFS.c.kind == kind.value)
            )


def says_out(connection: Connection, host: str, now: datetime) -> bool:
    """Does a statement of the admin's say out? Then nobody else's yes counts."""
    return bool(standing_of(connection, host, None, now).out_by)


def out_by_contact(connection: Connection, now: datetime) -> frozenset[str]:
    """Hosts that are out by a message of their contact account, and by nothing else.

    A message cannot be looked at again where it was said, so that these may say another.
    """
    rows = connection.execute(
        sa.select(SERVERS)
        .join(PROOFS, PROOFS.c.host == SERVERS.c.host)
        .where(
            PROOFS.c.kind == ServerOptIn.CONTACT.value,
            SERVERS.c.opted_out.is_(True),
            SERVERS.c.blocked.is_(False),
            SERVERS.c.note.startswith(BY_STATEMENT),
        )
    ).all()
    return frozenset(
        row.host
        for row in rows
        if standing_of(connection, row.host, row, now).out_by == (ServerOptIn.CONTACT,)
    )
