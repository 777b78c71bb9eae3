"""The table of remote keys."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.net.remote_keys import KnownKey
from discover.services.context import Context
from discover.services.facts import SERVERS, suppressed
from discover.store.database import table, upsert
from discover.store.tables import RemoteKey

KEYS = table(RemoteKey)

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

    def may_keep(self, actor: str) -> bool:
        with self._ctx.database.read() as connection:
            return not suppressed(connection, [self._ctx.digest(actor)])

    def keep(self, key: KnownKey) -> None:
        with self._ctx.database.write() as connection:
            if suppressed(connection, [self._ctx.digest(key.actor)]):
                return  # since it was fetched
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
