"""Data sharing by FASP as a proof of an admin's will: for that server's own people, no others."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import ServerOptIn
from discover.services.consent import outs
from discover.services.consent.proof_rows import PROOFS, keep, rows_of, statement_of
from discover.services.consent.standing import settle
from discover.services.context import Context
from discover.wire.statement import Statement


def give_proof(ctx: Context, connection: Connection, host: str, now: datetime) -> None:
    """Its admin has just enabled data sharing: a later and stronger word than their contact's out."""
    contact = rows_of(connection, host).get(ServerOptIn.CONTACT)
    said = statement_of(contact)
    if said is not None and not said.agrees:
        connection.execute(
            sa.delete(PROOFS).where(
                PROOFS.c.host == host, PROOFS.c.kind == ServerOptIn.CONTACT.value
            )
        )
    keep(connection, host, ServerOptIn.FASP, Statement(agrees=True), now)
    outs.note_proofs(ctx, connection, host, [ServerOptIn.FASP], now, back=True)
    settle(ctx, connection, host, now)


def take_back_proof(ctx: Context, connection: Connection, host: str, now: datetime) -> None:
    """Its admin has disabled it, or the connection ended: its people leave, unless others say in."""
    gone = connection.execute(
        sa.delete(PROOFS).where(PROOFS.c.host == host, PROOFS.c.kind == ServerOptIn.FASP.value)
    ).rowcount
    if gone:
        outs.note_proofs(ctx, connection, host, [ServerOptIn.FASP], now)
        settle(ctx, connection, host, now)


def renew_proof(ctx: Context, connection: Connection, host: str, now: datetime) -> None:
    """The server has just answered as one that knows us."""
    if ServerOptIn.FASP in rows_of(connection, host):
        keep(connection, host, ServerOptIn.FASP, Statement(agrees=True), now)
        settle(ctx, connection, host, now)


def miss_proof(ctx: Context, connection: Connection, host: str, now: datetime) -> None:
    """The server says that it does not know us (any more). It counts for the usual grace."""
    if ServerOptIn.FASP in rows_of(connection, host):
        keep(connection, host, ServerOptIn.FASP, None, now)
        settle(ctx, connection, host, now)
