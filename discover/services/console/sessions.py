"""Sessions of the console: a random token in the browser, its hash here."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.entry import IDLE, LONGEST, session_over
from discover.services.context import Context
from discover.store.database import table
from discover.store.tables import OperatorSession

SESSIONS = table(OperatorSession)
# The last use is written down no more often than this: reading pages is no reason to write.
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Session:
    digest: str
    operator: str
    began_at: datetime
    seen_at: datetime


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """Plain SHA-256 is enough: there are 256 random bits to guess."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(ctx: Context, operator: str) -> str:
    """A new session. Returns its token, which is kept nowhere here."""
    token, now = new_token(), ctx.clock.now()
    row = {"digest": digest_of(token), "operator": operator, "began_at": now, "seen_at": now}
    with ctx.database.write() as connection:
        forget_over(connection, now)
        connection.execute(sa.insert(SESSIONS).values(**row))
    return token


def find(ctx: Context, token: str) -> Session | None:
    """Whose session it is; None when there is none or its time is over."""
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        row = connection.execute(
            sa.select(SESSIONS).where(SESSIONS.c.digest == digest_of(token))
        ).first()
    if row is None or session_over(row.began_at, row.seen_at, now):
        return None
    if now - row.seen_at >= _SEEN_EVERY:
        with ctx.database.write() as connection:
            connection.execute(
                sa.update(SESSIONS).where(SESSIONS.c.digest == row.digest).values(seen_at=now)
            )
    return Session(row.digest, row.operator, row.began_at, row.seen_at)


def of_operator(ctx: Context, operator: str) -> list[Session]:
    """Their sessions that are not over, newest first."""
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        rows = connection.execute(
            sa.select(SESSIONS)
            .where(SESSIONS.c.operator == operator)
            .order_by(SESSIONS.c.began_at.desc())
        ).all()
    return [
        Session(row.digest, row.operator, row.began_at, row.seen_at)
        for row in rows
        if not session_over(row.began_at, row.seen_at, now)
    ]


def end(ctx: Context, digest: str) -> None:
    with ctx.database.write() as connection:
        connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.digest == digest))


def end_all(ctx: Context, operator: str) -> int:
    """Wherever they are logged in. Returns how many sessions there were."""
    with ctx.database.write() as connection:
        return connection.execute(
            sa.delete(SESSIONS).where(SESSIONS.c.operator == operator)
        ).rowcount


def forget_over(connection: Connection, now: datetime) -> int:
    return connection.execute(
        sa.delete(SESSIONS).where(
            sa.or_(SESSIONS.c.seen_at <= now - IDLE, SESSIONS.c.began_at <= now - LONGEST)
        )
    ).rowcount
