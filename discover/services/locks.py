"""Named locks in the database, which a dead owner loses: at once where it is known to be dead."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.context import Context
from discover.services.owners import may_be_alive, own_name
from discover.store.database import table, upsert
from discover.store.tables import Lock

log = logging.getLogger(__name__)

_LOCKS = table(Lock)
# What a dead owner sent last may still be on its way, to a search engine for example.
_MOURNING = timedelta(seconds=2)


def take_lock(ctx: Context, name: str, seconds: float, token: str | None = None) -> str | None:
    """Take or prolong a lock. Returns its token, or None while somebody else holds it."""
    mine = token or own_name()
    with ctx.database.write() as connection:
        taken = _take(connection, name, mine, ctx.clock.now(), seconds)
    return mine if taken else None


def drop_lock(ctx: Context, name: str, token: str) -> None:
    _leave(ctx, name, token, token_left="")


@dataclass(frozen=True, slots=True)
class Hold:
    """A lock that is prolonged while one works under it.

    `inherited`: whoever had it before did not give it back, but died, failed or was held up.
    """

    ctx: Context
    name: str
    seconds: float
    token: str
    inherited: bool

    def kept(self) -> bool:
        """Has nobody taken it since? It can be lost while this process stands still."""
        now = self.ctx.clock.now()
        mine = sa.and_(_LOCKS.c.name == self.name, _LOCKS.c.token == self.token)
        with self.ctx.database.read() as connection:
            until = connection.scalar(sa.select(_LOCKS.c.until).where(mine))
        if until is None or until - now > timedelta(seconds=self.seconds / 2):
            return until is not None
        prolonged = sa.update(_LOCKS).where(mine)
        with self.ctx.database.write() as connection:
            ahead = now + timedelta(seconds=self.seconds)
            return connection.execute(prolonged.values(until=ahead)).rowcount == 1


@contextmanager
def hold(ctx: Context, name: str, seconds: float) -> Iterator[Hold | None]:
    """A lock for work of any length; None while somebody else holds it.

    Whoever leaves by an error leaves it as the dead do: the next one's is `inherited`.
    """
    token, now = own_name(), ctx.clock.now()
    with ctx.database.write() as connection:
        before = connection.scalar(sa.select(_LOCKS.c.token).where(_LOCKS.c.name == name))
        taken = _take(connection, name, token, now, seconds)
    if not taken:
        yield None
        return
    held, ended = Hold(ctx, name, seconds, token, inherited=bool(before)), threading.Event()
    keeper = threading.Thread(target=_keep, args=(held, ended), name=f"lock-{name}", daemon=True)
    keeper.start()
    try:
        yield held
    except BaseException:
        _end(keeper, ended)
        _leave(ctx, name, token, token_left=token)
        raise
    _end(keeper, ended)
    _leave(ctx, name, token, token_left="")


def is_abandoned(connection: Connection, name: str, now: datetime) -> bool:
    """Has its last owner lost it without giving it back?"""
    left = sa.and_(_LOCKS.c.name == name, _LOCKS.c.token != "", _LOCKS.c.until <= now)
    return connection.execute(sa.select(_LOCKS.c.name).where(left)).first() is not None


def _keep(held: Hold, ended: threading.Event) -> None:
    while not ended.wait(held.seconds / 4):
        try:
            if not held.kept():
                return
        except Exception:  # the next time, or the work itself, meets what is wrong
            log.exception("the lock %s could not be prolonged", held.name)


def _end(keeper: threading.Thread, ended: threading.Event) -> None:
    ended.set()
    keeper.join()


def _take(connection: Connection, name: str, token: str, now: datetime, seconds: float) -> bool:
    upsert(connection, Lock, [{"name": name, "token": "", "until": now}], key=["name"])
    free = sa.or_(_LOCKS.c.until <= now, _LOCKS.c.token == token)
    taken = sa.update(_LOCKS).where(_LOCKS.c.name == name, free)
    until = now + timedelta(seconds=seconds)
    if connection.execute(taken.values(token=token, until=until)).rowcount == 1:
        return True
    _bury(connection, name, now)
    return False


def _bury(connection: Connection, name: str, now: datetime) -> None:
    """Whoever was killed does not keep others waiting until its lock runs out."""
    here = sa.select(_LOCKS.c.token, _LOCKS.c.until).where(_LOCKS.c.name == name)
    token, until = connection.execute(here).one()
    if until > now + _MOURNING and not may_be_alive(token):
        his = sa.and_(_LOCKS.c.name == name, _LOCKS.c.token == token)
        connection.execute(sa.update(_LOCKS).where(his).values(until=now + _MOURNING))


def _leave(ctx: Context, name: str, token: str, *, token_left: str) -> None:
    mine = sa.update(_LOCKS).where(_LOCKS.c.name == name, _LOCKS.c.token == token)
    with ctx.database.write() as connection:
        connection.execute(mine.values(token=token_left, until=ctx.clock.now()))
