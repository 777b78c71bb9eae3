"""Operators of the console: made on the command line, let in by a password.

Passwords are kept as Argon2id with the parameters of RFC 9106's second choice (argon2-cffi's own
default). An unknown name takes as long as a wrong password.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError
from sqlalchemy.engine import Connection

from discover.model.words import Counted
from discover.policy.entry import (
    MOST_FOR_CLIENT,
    MOST_FOR_NAME,
    NAME,
    TRIES_FORGOTTEN,
    next_try_at,
    password_fault,
    spelled,
)
from discover.services.console import audit_log
from discover.services.console.sessions import SESSIONS
from discover.services.context import Context
from discover.store.database import insert_once, table, upsert
from discover.store.tables import LoginTry, Operator

OPERATORS = table(Operator)
_TRIES = table(LoginTry)
_HASHER = PasswordHasher()
# 64 MB each: of many tries at once only so many are looked at.
_AT_ONCE = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class OperatorRecord:
    name: str
    created_at: datetime
    changed_at: datetime
    entered_at: datetime | None


class TooSoon(Exception):
    """Too many wrong passwords; `seconds` until the next is looked at."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            Counted(
                "Too many wrong passwords. Try again in {count} second.",
                "Too many wrong passwords. Try again in {count} seconds.",
                count=seconds,
            )
        )
        self.seconds = seconds


def add_operator(ctx: Context, name: str, password: str) -> bool:
    """False when there is one of this name. ValueError with a sentence for what cannot be used."""
    if not NAME.match(name):
        raise ValueError("A name has up to 32 of: small letters, digits, dot, dash, underscore.")
    now = ctx.clock.now()
    row = {
        "name": name, "password": _hashed(password), "created_at": now, "changed_at": now,
    }  # fmt: skip
    with ctx.database.write() as connection:
        made = insert_once(connection, Operator, row, key=["name"])
        if made:
            audit_log.note(connection, audit_log.COMMAND_LINE, "operator added", name, now)
    return made


def set_password(ctx: Context, name: str, password: str, *, by: str | None = None) -> bool:
    """End all their sessions with it, and forget wrong tries. False when there is no such name."""
    hashed, now = _hashed(password), ctx.clock.now()
    with ctx.database.write() as connection:
        changed = connection.execute(
            sa.update(OPERATORS)
            .where(OPERATORS.c.name == name)
            .values(password=hashed, changed_at=now)
        ).rowcount
        if not changed:
            return False
        connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.operator == name))
        connection.execute(sa.delete(_TRIES).where(_TRIES.c.digest == _of_name(ctx, name)))
        audit_log.note(connection, by or audit_log.COMMAND_LINE, "password changed", name, now)
    return True


def remove_operator(ctx: Context, name: str) -> bool:
    """They are out at once. What they did stays in the audit log."""
    with ctx.database.write() as connection:
        gone = connection.execute(sa.delete(OPERATORS).where(OPERATORS.c.name == name)).rowcount
        connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.operator == name))
        if gone:
            now = ctx.clock.now()
            audit_log.note(connection, audit_log.COMMAND_LINE, "operator removed", name, now)
    return bool(gone)


def list_operators(ctx: Context) -> list[OperatorRecord]:
    columns = (
        OPERATORS.c.name, OPERATORS.c.created_at, OPERATORS.c.changed_at, OPERATORS.c.entered_at,
    )  # fmt: skip
    with ctx.database.read() as connection:
        rows = connection.execute(sa.select(*columns).order_by(OPERATORS.c.name))
        return [OperatorRecord(*row) for row in rows]


def check_password(ctx: Context, name: str, password: str, client: str) -> bool:
    """Is this their password? Counts the try before it looks. Raises TooSoon.

    `client`: one address, or a network that one subscriber owns.
    """
    keys: dict[str, timedelta] = {
        _of_name(ctx, name): MOST_FOR_NAME,
        ctx.digest(f"console client {client}"): MOST_FOR_CLIENT,
    }
    _take_turn(ctx, keys)
    with ctx.database.read() as connection:
        row = connection.execute(
            sa.select(OPERATORS.c.password).where(OPERATORS.c.name == name)
        ).first()
    right = _verify(row.password if row is not None else _nobodys(), spelled(password))
    if row is None or not right:
        return False
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        connection.execute(sa.delete(_TRIES).where(_TRIES.c.digest.in_(keys)))
        values: dict[str, object] = {"entered_at": now}
        if _HASHER.check_needs_rehash(row.password):
            values["password"] = _HASHER.hash(spelled(password))
        connection.execute(
            sa.update(OPERATORS)
            .where(OPERATORS.c.name == name, OPERATORS.c.password == row.password)
            .values(**values)
        )
    return True


def forget_tries(connection: Connection, now: datetime) -> int:
    """Wrong passwords of long ago."""
    return connection.execute(
        sa.delete(_TRIES).where(_TRIES.c.last_at < now - TRIES_FORGOTTEN)
    ).rowcount


def _take_turn(ctx: Context, keys: Mapping[str, timedelta]) -> None:
    """Count this try as failed until it is not, so that many at once are counted too."""
    now = ctx.clock.now()
    rows = [{"digest": key, "failures": 0, "last_at": now} for key in sorted(keys)]
    with ctx.database.write() as connection:
        # Made or locked, always in one order: those who come at the same time wait here.
        upsert(connection, LoginTry, rows, key=["digest"], update=["digest"])
        for row in connection.execute(sa.select(_TRIES).where(_TRIES.c.digest.in_(keys))).all():
            at = next_try_at(row.failures, row.last_at, keys[row.digest])
            if at is not None and at > now:
                raise TooSoon(math.ceil((at - now).total_seconds()))
        connection.execute(
            sa.update(_TRIES)
            .where(_TRIES.c.digest.in_(keys))
            .values(failures=_TRIES.c.failures + 1, last_at=now)
        )


def _of_name(ctx: Context, name: str) -> str:
    return ctx.digest(f"console name {name}")


def _hashed(password: str) -> str:
    if fault := password_fault(password):
        raise ValueError(fault)
    return _HASHER.hash(spelled(password))


@cache
def _nobodys() -> str:
    """What a name that nobody has is compared with."""
    return _HASHER.hash("a password that nobody has")


def _verify(hashed: str, password: str) -> bool:
    with _AT_ONCE:
        try:
            return _HASHER.verify(hashed, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
