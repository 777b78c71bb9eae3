"""One database, two dialects: SQLite (WAL) and PostgreSQL, always through transactions.

`read()` and `write()` give a Core connection inside a transaction. On SQLite a write transaction
takes the write lock at its start, so that a reader never turns writer half-way and deadlocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import orjson
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlmodel import SQLModel

from discover.store.turns import Turns

_MIGRATIONS = Path(__file__).parent / "migrations"
# SQLite's limit of bound values is 32,766; lists are cut well below it.
CHUNK = 500
_BUSY_SECONDS = 60
_KEPT_READERS = 5  # each with a cache of its own

_COUNTED = {"preserve_rowcount": True}

T = TypeVar("T")


def from_json(text: str) -> Any:
    return [] if text == "[]" else orjson.loads(text)  # most lists are empty


class Database:
    """Engines for one database URL. Thread-safe; `close()` when done."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        # Told of each write transaction right after its commit
        self.committed: Callable[[Connection], None] = lambda _connection: None
        self._open = True
        self._kept: list[Connection] = []  # between two reads
        self._turns: Turns | None = None
        self._turn: Callable[[], AbstractContextManager[None]] = nullcontext
        if self.sqlite and self.url.database:
            self._turns = Turns(Path(self.url.database))
            self._turn = self._turns.turn
        self._reader = self._engine()
        if self.sqlite:
            self._writer = self._engine("BEGIN IMMEDIATE")
        else:
            # Each statement sees what is committed, in a transaction or out of it: BEGIN and
            # ROLLBACK would only be two more round trips.
            self._writer = self._reader
            self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    def _engine(self, begin: str | None = None) -> Engine:
        options: dict[str, Any] = {
            "json_serializer": lambda value: orjson.dumps(value).decode(),
            "json_deserializer": from_json,
        }
        if not self.sqlite:
            return sa.create_engine(self.url, pool_size=10, max_overflow=20, **options)
        # isolation_level None: the driver begins nothing by itself
        engine = sa.create_engine(
            self.url,
            poolclass=sa.QueuePool if begin else sa.NullPool,
            connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None},
            **options,
        )

        @sa.event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",  # a commit survives a power cut, not only a kill
                "wal_autocheckpoint=4000",  # 16 MB: what changes often is written back less often
                "foreign_keys=ON",
                "temp_store=MEMORY",
                "cache_size=-65536",
                "mmap_size=268435456",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        if begin:

            @sa.event.listens_for(engine, "begin")
            def _begin(connection: Connection) -> None:
                connection.exec_driver_sql(begin)

        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """What is read within it belongs together on SQLite: all of one moment."""
        # Most reads are over within the time that a pool and a transaction of SQLAlchemy's take.
        try:
            connection = self._kept.pop()
        except IndexError:
            connection = self._reader.connect()
        raw: Any = connection.connection.driver_connection
        try:
            if self.sqlite:
                raw.execute("BEGIN")
            yield connection
            connection.rollback()  # of SQLAlchemy's own view of it, if it has any
            if self.sqlite:
                raw.rollback()
        except BaseException:
            self._end(connection)
            self._let_go()  # the server may have gone away from all of them
            raise
        if self._open and len(self._kept) < _KEPT_READERS:
            self._kept.append(connection)
        else:
            self._end(connection)

    def _end(self, connection: Connection) -> None:
        if not self._open and not connection.invalidated:
            connection.detach()  # from a pool that nobody asks any more
        connection.close()

    def _let_go(self) -> None:
        while self._kept:
            with suppress(IndexError):
                self._kept.pop().close()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: committed on leaving, rolled back on an exception."""
        with self._turn(), self._writer.begin() as connection:
            yield connection
        self.committed(connection)

    def migrate(self) -> None:
        """Bring the schema to the newest version; does nothing when it is there."""
        with self._writer.connect() as connection:
            if not self.sqlite:
                # Several processes may start at once: the first migrates, the others wait.
                connection.execute(sa.text("SELECT pg_advisory_lock(7209)"))
                connection.commit()
            try:
                config = self.alembic_config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
            finally:
                if not self.sqlite:
                    connection.rollback()
                    connection.execute(sa.text("SELECT pg_advisory_unlock(7209)"))
                    connection.commit()

    def is_current(self) -> bool:
        """Is the schema the one this version was written for?"""
        head = ScriptDirectory.from_config(self.alembic_config()).get_current_head()
        with self._reader.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == head

    def alembic_config(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        return config

    def close(self) -> None:
        self._open = False
        self._let_go()
        self._reader.dispose()
        self._writer.dispose()
        if self._turns is not None:
            self._turns.close()


def table(model: type[SQLModel]) -> sa.Table:
    """The Core table of a SQLModel class."""
    found: sa.Table = model.__table__  # type: ignore[attr-defined]
    return found


def upsert(
    connection: Connection,
    model: type[SQLModel],
    rows: Sequence[dict[str, Any]],
    *,
    key: Sequence[str],
    update: Sequence[str] | None = None,
    update_values: Callable[[Any], dict[str, Any]] | None = None,
) -> None:
    """INSERT … ON CONFLICT (key) DO UPDATE for the columns `update` (None: do nothing).

    `update_values` must be a function of its own, not one made anew for each call: the statement
    is kept for it.
    """
    if rows:
        columns = None if update is None else tuple(update)
        statement = _upsert(connection.dialect.name, model, tuple(key), columns, update_values)
        connection.execute(statement, list(rows))


def insert_once(
    connection: Connection, model: type[SQLModel], row: dict[str, Any], *, key: Sequence[str]
) -> bool:
    """INSERT unless there is a row with this key already. True when it was inserted."""
    statement = _upsert(connection.dialect.name, model, tuple(key), None, None)
    # Without the option psycopg has forgotten the number when it is asked for.
    return connection.execute(statement, row, execution_options=_COUNTED).rowcount == 1


@lru_cache(maxsize=128)
def _upsert(
    dialect: str,
    model: type[SQLModel],
    key: tuple[str, ...],
    update: tuple[str, ...] | None,
    update_values: Callable[[Any], dict[str, Any]] | None,
) -> sa.Executable:
    target = table(model)
    insert: Any = sqlite.insert(target) if dialect == "sqlite" else postgresql.insert(target)
    if update is None:
        return cast("sa.Executable", insert.on_conflict_do_nothing(index_elements=list(key)))
    values = {name: insert.excluded[name] for name in update}
    if update_values is not None:
        values |= update_values(insert.excluded)
    return cast(
        "sa.Executable", insert.on_conflict_do_update(index_elements=list(key), set_=values)
    )


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """`items` in pieces that fit into one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
