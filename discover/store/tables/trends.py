"""What posts use, by the hour at which it happened. All of it leaves with the posts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, String
from sqlmodel import Field, SQLModel

from discover.store.tables.columns import (
    default_column,
    instant_column,
    json_column,
    owner_column,
)

# Compared by code point in both databases, which is fast and never merges two names.
_Plain = String().with_variant(String(collation="C"), "postgresql")


def _name_column() -> Any:
    return Field(sa_column=Column(_Plain, primary_key=True, nullable=False))


class TrendUse(SQLModel, table=True):
    """One post uses a hashtag or a link, or answers a post. Only of those who may be counted."""

    __tablename__ = "trend_uses"
    __table_args__ = (
        Index("ix_trend_uses_hour", "kind", "hour", "name", "language"),
        Index("ix_trend_uses_name", "kind", "name", "hour", "account_id"),
    )
    post_id: int = owner_column("posts.id", primary_key=True)
    kind: str = Field(primary_key=True)  # tag | link | reply
    name: str = _name_column()  # folded tag, normalised address, URI of the post that is answered
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    hour: int  # of publishing: hours since 1970 UTC
    language: str = default_column("und")


class TrendLevel(SQLModel, table=True):
    """How much is usual for a name that several people use: means, kept because they are dear.

    `language` is a primary subtag, or '' for all together. Whatever is missing is worked out from
    the uses, so that a row may go at any time, and it does when one of its people leaves.
    """

    __tablename__ = "trend_levels"
    kind: str = Field(primary_key=True)
    name: str = _name_column()
    language: str = Field(primary_key=True)
    day: int = Field(index=True)  # days since 1970 UTC; older rows say nothing about today
    uses: float = default_column(0.0)  # in a day
    daily: list[float] = json_column()  # policy.trends.Level
    weekly: list[float] = json_column()


class TrendCount(SQLModel, table=True):
    """Who spoke of a name within a window that is often asked for, counted a few minutes ago.

    When one of its people leaves, the row forgets its numbers in the same transaction, and the
    name is counted anew when asked. `language` as in TrendLevel.
    """

    __tablename__ = "trend_counts"
    __table_args__ = (Index("ix_trend_counts_name", "kind", "name"),)
    kind: str = Field(primary_key=True)
    hours: int = Field(primary_key=True)  # the window's length
    language: str = Field(primary_key=True)
    name: str = _name_column()
    # The count that is under way or was the last; 0 as soon as one of its people left.
    round: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, default=0))
    counted: bool = default_column(False)  # False: the numbers below say nothing
    servers: list[list[Any]] = json_column()  # [host, people, uses]
    days: list[list[int]] = json_column()  # [day since 1970 UTC, people, uses], of a week
    usual: float = default_column(0.0)
    until: datetime | None = instant_column()  # then the first one's consent is too old
    made_at: datetime | None = instant_column()
