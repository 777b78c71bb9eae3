"""The table of remote keys and the memory of used signatures."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.net.remote_keys import KnownKey
from discover.services.context import Context
from discover.services.facts import SERVERS
from discover.store.database import insert_new, table, upsert
from discover.store.tables import RemoteKey, SeenSignature

KEYS = table(RemoteKey)
SEEN = table(SeenSignature)

# More than a community's index ever hears from; the oldest go first.
MAX_KEYS = 200_000
MAX_KEYS_OF_HOST = 20_000
_PRUNE_EVERY = 500

_FIND = sa.select(KEYS).where(KEYS.c.key_id == sa.bindparam("key"))
_COLUMNS = [column.name for column in KEYS.columns if column.name != "key_id"]


class RemoteKeys:
    """Implements net.remote_keys.KeyStore. Only keys that made a good signature come here."""

    def __init__(
        self, ctx: Context, *, most: int = MAX_KEYS, most_of_host: int = MAX_KEYS_OF_HOST
    ) -> None:
        self._ctx = ctx
        self._most = most
        self._most_of_host = most_of_host
        self._written = 0

    def find(self, key_id: str) -> KnownKey | None:
        with self._ctx.database.read() as connection:
            row = connection.execute(_FIND, {"key": key_id}).mappings().first()
        return None if row is None else KnownKey(**row)

    def keep(self, key: KnownKey) -> None:
        with self._ctx.database.write() as connection:
            upsert(connection, RemoteKey, [asdict(key)], key=["key_id"], update=_COLUMNS)
            self._written += 1
            if self._written % min(_PRUNE_EVERY, self._most_of_host) == 0:
                _prune(connection, KEYS.c.host == key.host, self._most_of_host)
                _prune(connection, sa.true(), self._most)

    def forget(self, key_id: str) -> None:
        with self._ctx.database.write() as connection:
            connection.execute(sa.delete(KEYS).where(KEYS.c.key_id == key_id))

    def blocked(self) -> Collection[str]:
        with self._ctx.database.read() as connection:
            return connection.scalars(
                sa.select(SERVERS.c.host).where(SERVERS.c.blocked.is_(True))
            ).all()


def _prune(connection: Connection, which: sa.ColumnElement[bool], most: int) -> None:
    """Keep the `most` newest."""
    surplus = sa.select(KEYS.c.key_id).where(which).order_by(KEYS.c.fetched_at.desc()).offset(most)
    if connection.dialect.name == "sqlite":
        surplus = surplus.limit(-1)
    connection.execute(sa.delete(KEYS).where(KEYS.c.key_id.in_(surplus)))


class SeenSignatures:
    """Implements net.verify.Replays. Requests that come together are written together.

    A commit costs a disk's flush; with one for each request that would be the limit of the inbox.
    """

    def __init__(self, ctx: Context, *, forget_every: timedelta = timedelta(minutes=5)) -> None:
        self._ctx = ctx
        self._forget_every = forget_every
        self._forget_at = ctx.clock.now()
        self._waiting: list[tuple[str, datetime, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def first_time(self, digest: str, until: datetime) -> bool:
        """Durable when it returns."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((digest, until, answer))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return await answer

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                new = await asyncio.to_thread(self._write, [(one[0], one[1]) for one in batch])
            except BaseException as error:
                for _, _, answer in batch:
                    if not answer.done():
                        answer.set_exception(
                            error if isinstance(error, Exception) else RuntimeError("stopped")
                        )
                if not isinstance(error, Exception):
                    raise
                continue
            for (_, _, answer), first in zip(batch, new, strict=True):
                if not answer.done():
                    answer.set_result(first)

    def _write(self, rows: list[tuple[str, datetime]]) -> list[bool]:
        now = self._ctx.clock.now()
        with self._ctx.database.write() as connection:
            if now >= self._forget_at:
                connection.execute(sa.delete(SEEN).where(SEEN.c.until <= now))
                self._forget_at = now + self._forget_every
            values = [{"digest": digest, "until": until} for digest, until in rows]
            new = insert_new(connection, SeenSignature, values, key="digest")
        answers = []
        for digest, _ in rows:  # of the same twice in one batch, one is the first
            answers.append(digest in new)
            new.discard(digest)
        return answers
