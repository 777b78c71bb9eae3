"""The kinds of columns the tables are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, Text
from sqlmodel import Field

from discover.store.types import Instant

# SQLite numbers only INTEGER keys by itself.
_Id = BigInteger().with_variant(Integer(), "sqlite")


def id_column() -> Any:
    """A primary key that is never used twice (with sqlite_autoincrement)."""
    return Field(default=None, sa_column=Column(_Id, primary_key=True, autoincrement=True))


def instant_column(*, index: bool = False, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Instant(), index=index, nullable=nullable))


def json_column(kind: type[list[Any] | dict[str, Any]] = list) -> Any:
    return Field(default_factory=kind, sa_column=Column(JSON, nullable=False, default=kind))


def text_column() -> Any:
    return Field(default="", sa_column=Column(Text, nullable=False, default=""))


def default_column(default: Any) -> Any:
    """A default for both faces of a column: rows made as objects and rows inserted in bulk."""
    return Field(default=default, sa_column_kwargs={"default": default})


def owner_column(of: str, *, primary_key: bool = False) -> Any:
    """The account (or whatever) a derived row is about, and with which it goes."""
    return Field(
        sa_column=Column(
            BigInteger, ForeignKey(of, ondelete="CASCADE"), primary_key=primary_key, nullable=False
        )
    )
