"""SELECTs that are made once and asked by the short way to the driver, alone or together."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from discover.store.database import chunks, from_json
from discover.store.types import Instant, instant


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

    def start(self, connection: Connection, values: Iterable[dict[str, Any]]) -> list[Any]:
        """Cursors on their way, one for each set of values; for `rows_of`."""
        plan, raw = self._plan(connection), connection.connection
        return [plan.start(raw, given) for given in values]

    def rows_of(self, connection: Connection, cursors: Iterable[Any]) -> list[Any]:
        plan = self._plan(connection)
        fetched = [plan.converted(cursor.fetchall()) for cursor in cursors]
        return [self._row._make(row) for rows in fetched for row in rows]

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
    answers = []
    try:
        with raw.pipeline():
            for lookup, cursors in [(one, one.start(connection, values)) for one, values in asked]:
                answers.append(lookup.rows_of(connection, cursors))
    except connection.dialect.loaded_dbapi.Error:
        return [lookup.one_by_one(connection, values) for lookup, values in asked]
    return answers


def in_parts(items: Iterable[Any], **more: Any) -> list[dict[str, Any]]:
    """Sets of values for a lookup with `among`, as many as the list needs."""
    return [{**more, "among": part} for part in chunks(list(items))]


def _reads(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    """What makes of the driver's value what the column's type promises; None for nothing."""
    if isinstance(kind, sa.Float):
        return None  # both drivers give floats as they are
    if isinstance(kind, Instant):
        return instant
    processor: Any = kind.dialect_impl(dialect).result_processor(dialect, None)
    if processor is not None and isinstance(kind, sa.JSON):
        return _json
    return cast("Callable[[Any], Any] | None", processor)


def _json(text: str | None) -> Any:
    return None if text is None else from_json(text)


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
        outs = [_reads(column.type, dialect) for column in statement.selected_columns]
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
