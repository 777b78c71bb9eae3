"""One database, two dialects: SQLite (WAL) and PostgreSQL, always through transactions.

`read()` and `write()` give a Core connection inside a transaction. On SQLite a write transaction
takes the write lock at its start, so that a reader never turns writer half-way and deadlocks.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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

_MIGRATIONS = Path(__file__).parent / "migrations"
# SQLite's limit of bound values is 32,766; lists are cut well below it.
CHUNK = 500
_BUSY_SECONDS = 60

_COUNTED = {"preserve_rowcount": True}

T = TypeVar("T")


def _loads(text: str) -> Any:
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
        self._reader = self._engine("BEGIN")
        if self.sqlite:
            self._writer = self._engine("BEGIN IMMEDIATE")
        else:
            # Each statement sees what is committed, in a transaction or out of it: BEGIN and
            # ROLLBACK would only be two more round trips.
            self._writer = self._reader
            self._reader = self._writer.execution_options(isolation_level="AUTOCOMMIT")

    def _engine(self, begin: str) -> Engine:
        options: dict[str, Any] = {
            "json_serializer": lambda value: orjson.dumps(value).decode(),
            "json_deserializer": _loads,
        }
        if not self.sqlite:
            return sa.create_engine(self.url, pool_size=10, max_overflow=20, **options)
        # isolation_level None: the driver begins nothing by itself, the event below does
        engine = sa.create_engine(
            self.url, connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None}, **options
        )

        @sa.event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            for pragma in (
                "journal_mode=WAL",
                "synchronous=FULL",  # a commit survives a power cut, not only a kill
                "foreign_keys=ON",
                "temp_store=MEMORY",
                "cache_size=-65536",
                "mmap_size=268435456",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @sa.event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: committed on leaving, rolled back on an exception."""
        with self._writer.begin() as connection:
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
        self._reader.dispose()
        self._writer.dispose()


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


def insert_new(
    connection: Connection, model: type[SQLModel], rows: Sequence[dict[str, Any]], *, key: str
) -> set[Any]:
    """INSERT the rows whose key is not there yet. Returns the keys of those."""
    if not rows:
        return set()
    return set(connection.scalars(_insert_new(connection.dialect.name, model, key), list(rows)))


@lru_cache(maxsize=32)
def _insert_new(dialect: str, model: type[SQLModel], key: str) -> sa.Executable:
    target = table(model)
    insert: Any = sqlite.insert(target) if dialect == "sqlite" else postgresql.insert(target)
    unless_there = insert.on_conflict_do_nothing(index_elements=[key])
    return cast("sa.Executable", unless_there.returning(target.c[key]))


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


def among(column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """`column IN (:among)` for statements that are made once and asked with any list."""
    return column.in_(sa.bindparam("among", expanding=True))


Question = sa.Select[Any] | sa.CompoundSelect[Any] | sa.TextualSelect


class Lookup:
    """A SELECT, mostly with `among`, made once. Rows come as named tuples.

    Asked hundreds of times a second, so it goes to the driver itself, with the conversions that
    SQLAlchemy would make: its own way there takes ten times as long as the database.
    """

    def __init__(self, statement: Question) -> None:
        self._statement = statement
        names = [str(column.key) for column in statement.selected_columns]
        self._row: Any = namedtuple("Row", names)  # type: ignore[misc]  # noqa: PYI024
        self._plans: dict[str, _Plan] = {}

    def __call__(self, connection: Connection, items: Iterable[Any], **more: Any) -> list[Any]:
        """The rows for any number of items, in no order."""
        return self.one_by_one(connection, in_parts(items, **more))

    def one_by_one(self, connection: Connection, values: Iterable[dict[str, Any]]) -> list[Any]:
        """The rows for each of these sets of values."""
        plan = self._plan(connection)
        rows: list[Any] = []
        for given in values:
            rows += map(self._row._make, plan.ask(connection, given))
        return rows

    def _plan(self, connection: Connection) -> _Plan:
        dialect = connection.dialect
        plan = self._plans.get(dialect.name)
        if plan is None:
            plan = self._plans[dialect.name] = _Plan.of(self._statement, dialect)
        return plan


Asked = tuple[Lookup, Sequence[dict[str, Any]]]


def together(connection: Connection, *asked: Asked) -> list[list[Any]]:
    """The rows of several lookups, each with sets of values, as `Lookup.one_by_one` has them.

    PostgreSQL is asked for all of them in one round trip, which takes longer than most answers.
    """
    if connection.dialect.name == "sqlite":
        return [lookup.one_by_one(connection, values) for lookup, values in asked]
    raw: Any = connection.connection.driver_connection
    try:
        with raw.pipeline():
            waiting = [
                (lookup, plan, [plan.start(raw, given) for given in values])
                for lookup, values in asked
                for plan in [lookup._plan(connection)]  # noqa: SLF001 - of this module
            ]
            fetched = [
                (lookup, plan, [cursor.fetchall() for cursor in cursors])
                for lookup, plan, cursors in waiting
            ]
    except connection.dialect.loaded_dbapi.Error:
        return [lookup.one_by_one(connection, values) for lookup, values in asked]
    return [
        [lookup._row._make(row) for rows in parts for row in plan.converted(rows)]  # noqa: SLF001
        for lookup, plan, parts in fetched
    ]


def in_parts(items: Iterable[Any], **more: Any) -> list[dict[str, Any]]:
    """Sets of values for a lookup with `among`, as many as the list needs."""
    return [{**more, "among": part} for part in chunks(list(items))]


_LIST = re.compile(r"(NOT )?IN \(__\[POSTCOMPILE_(\w+)\]\)")


@dataclass(frozen=True, slots=True)
class _Plan:
    """A statement as the driver takes it, and the conversions of what goes in and comes back."""

    statement: Question
    sql: str
    values: dict[str, Any]  # bound within the statement itself
    lists: frozenset[str]  # these values are lists: one value each to the driver
    bound: dict[str, Callable[[Any], Any]]
    columns: tuple[tuple[int, Callable[[Any], Any]], ...]
    sqlite: bool

    @classmethod
    def of(cls, statement: Question, dialect: sa.Dialect) -> _Plan:
        lite = dialect.name == "sqlite"
        compiled = statement.compile(
            dialect=sqlite.dialect(paramstyle="named") if lite else dialect
        )

        def one(found: re.Match[str]) -> str:
            no, name = found.groups()
            if lite:
                return f"{no or ''}IN (SELECT value FROM json_each(:{name}))"  # noqa: S608 -- a name of ours
            return f"<> ALL(%({name})s)" if no else f"= ANY(%({name})s)"

        ins = {
            name: bind.type.dialect_impl(dialect).bind_processor(dialect)
            for name, bind in compiled.binds.items()
        }
        outs = [
            None  # both drivers give floats as they are
            if isinstance(column.type, sa.Float)
            else column.type.dialect_impl(dialect).result_processor(dialect, None)
            for column in statement.selected_columns
        ]
        return cls(
            statement=statement,
            sql=_LIST.sub(one, str(compiled)),
            values={name: value for name, value in compiled.params.items() if value is not None},
            lists=frozenset(match[2] for match in _LIST.finditer(str(compiled))),
            bound={name: convert for name, convert in ins.items() if convert is not None},
            columns=tuple((place, out) for place, out in enumerate(outs) if out is not None),
            sqlite=lite,
        )

    def ask(self, connection: Connection, given: dict[str, Any]) -> Iterable[Sequence[Any]]:
        cursor = None
        try:
            cursor = self.start(connection.connection, given)
            rows = cursor.fetchall()
        except connection.dialect.loaded_dbapi.Error:
            # The same once more, so that whoever catches it meets SQLAlchemy's own errors.
            return connection.execute(self.statement, given).all()
        finally:
            if cursor is not None:
                cursor.close()
        return self.converted(rows)

    def start(self, raw: Any, given: dict[str, Any]) -> Any:
        """The driver's cursor, on its way."""
        values = {**self.values, **given}
        cursor = raw.cursor()
        cursor.execute(self.sql, {name: self._bind(name, values[name]) for name in values})
        return cursor

    def converted(self, rows: Sequence[Sequence[Any]]) -> Iterable[Sequence[Any]]:
        if not rows or not self.columns:
            return rows
        columns: list[Any] = list(zip(*rows, strict=True))
        for place, convert in self.columns:
            columns[place] = map(convert, columns[place])
        return zip(*columns, strict=True)

    def _bind(self, name: str, value: Any) -> Any:
        convert = self.bound.get(name)
        if name not in self.lists:
            return value if convert is None else convert(value)
        items = list(value) if convert is None else [convert(one) for one in value]
        return orjson.dumps(items).decode() if self.sqlite else items


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """`items` in pieces that fit into one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
