"""Many new rows in one statement, or many gone, by the short way to the driver.

SQLAlchemy's own way writes out one placeholder for each value of each row, which PostgreSQL's
driver then takes apart again: that takes several times as long as the database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from discover.store.database import table
from discover.store.types import Instant


class Insert:
    """INSERT of any number of rows with these columns, made once.

    `unless` names the columns of a unique key: rows that are there already are left as they are,
    but for the columns in `update`, which take the new values. Raises SQLAlchemy's own errors, and ValueError for a column that has a default and no value.
    """

    def __init__(
        self,
        model: type[SQLModel],
        columns: Sequence[str],
        *,
        unless: Sequence[str] = (),
        update: Sequence[str] = (),
        returning: str = "",
    ) -> None:
        self._table, self._returning = table(model), returning
        self._columns, self._unless, self._update = tuple(columns), tuple(unless), tuple(update)
        self._plans: dict[str, _Plan] = {}
        for column in self._table.columns:
            if column.default is not None and column.name not in self._columns:
                raise ValueError(f"{self._table.name}.{column.name} needs a value")

    def __call__(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Any]:
        """The column named by `returning` of the rows that were written, as the driver has it."""
        if not rows:
            return []
        dialect = connection.dialect
        plan = self._plans.get(dialect.name)
        if plan is None:
            plan = self._plans[dialect.name] = self._plan(dialect)
        with _cursor(connection, plan.sql) as cursor:
            plan.run(cursor, rows)
            return [row[0] for row in cursor.fetchall()] if self._returning else []

    def _plan(self, dialect: sa.Dialect) -> _Plan:
        quote = dialect.identifier_preparer.quote
        names = ", ".join(map(quote, self._columns))
        into = f"INSERT INTO {quote(self._table.name)} ({names})"
        unless = ""
        if self._unless:
            news = ", ".join(f"{quote(one)} = excluded.{quote(one)}" for one in self._update)
            then = f"UPDATE SET {news}" if news else "NOTHING"
            unless = f" ON CONFLICT ({', '.join(map(quote, self._unless))}) DO {then}"
        if self._returning:
            unless += f" RETURNING {quote(self._returning)}"
        columns = [self._table.c[name] for name in self._columns]
        together = dialect.name != "sqlite" or bool(self._returning)
        if not together:
            sql = f"{into} VALUES ({', '.join('?' * len(columns))}){unless}"
        elif dialect.name == "sqlite":  # to many statements in one go it gives no answer
            picked = ", ".join(f"value ->> '$.{one.name}'" for one in columns)
            sql = f"{into} SELECT {picked} FROM json_each(?) WHERE true{unless}"  # noqa: S608 -- names of ours
        else:
            # One JSON document for all of them.
            types = ", ".join(
                f"{quote(one.name)} {one.type.compile(dialect=dialect)}" for one in columns
            )
            given = f"json_to_recordset(%s::json) AS given({types})"
            sql = f"{into} SELECT {names} FROM {given}{unless}"  # noqa: S608 -- names of ours
        converts = tuple((column.name, _conversion(column, dialect)) for column in columns)
        return _Plan(sql, converts, together)


def _conversion(column: sa.Column[Any], dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    """As SQLAlchemy would, in fewer steps."""
    kind = column.type
    if isinstance(kind, sa.JSON):
        # Within a JSON document it is written as it is.
        return _json if dialect.name == "sqlite" else None
    if isinstance(kind, Instant):
        return lambda value: kind.process_bind_param(value, dialect)
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _json(value: Any) -> str:
    return "[]" if value == [] else orjson.dumps(value).decode()  # most lists are empty


class Delete:
    """DELETE of the rows whose `column` (a number or text) is any of so many values, made once."""

    def __init__(self, model: type[SQLModel], column: str) -> None:
        self._table, self._column = table(model), column

    def __call__(self, connection: Connection, values: Iterable[Any]) -> None:
        given = list(values)
        if not given:
            return
        dialect = connection.dialect
        quote = dialect.identifier_preparer.quote
        among = "IN (SELECT value FROM json_each(?))" if dialect.name == "sqlite" else "= ANY(%s)"
        sql = f"DELETE FROM {quote(self._table.name)} WHERE {quote(self._column)} {among}"  # noqa: S608 -- names of ours
        with _cursor(connection, sql) as cursor:
            cursor.execute(
                sql, (orjson.dumps(given).decode() if dialect.name == "sqlite" else given,)
            )


@contextmanager
def _cursor(connection: Connection, sql: str) -> Iterator[Any]:
    """The driver's own, whose errors become SQLAlchemy's."""
    dialect = connection.dialect
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except dialect.loaded_dbapi.Error as error:
        raise sa.exc.DBAPIError.instance(
            sql, None, error, dialect.loaded_dbapi.Error, dialect=dialect
        ) from error
    finally:
        cursor.close()


@dataclass(frozen=True, slots=True)
class _Plan:
    """A statement as the driver takes it, and the conversions of what goes in."""

    sql: str
    columns: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    together: bool

    def run(self, cursor: Any, rows: Sequence[Mapping[str, Any]]) -> None:
        values = [
            [row[name] for row in rows] if convert is None else [convert(row[name]) for row in rows]
            for name, convert in self.columns
        ]
        if not self.together:
            cursor.executemany(self.sql, zip(*values, strict=True))
            return
        names = [name for name, _ in self.columns]
        given = [dict(zip(names, one, strict=True)) for one in zip(*values, strict=True)]
        cursor.execute(self.sql, (orjson.dumps(given).decode(),))
