"""Who writes about what. All of it is derived from listed accounts and leaves with them.

Rows about a person are tied to their account in the database itself, so that no way out can
forget them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, String
from sqlmodel import Field, SQLModel

from discover.store.tables.columns import (
    default_column,
    id_column,
    instant_column,
    json_column,
    owner_column,
)

# Compared by code point in both databases, so that a beginning is a range.
_Plain = String().with_variant(String(collation="C"), "postgresql")


def _tag_column() -> Any:
    return Field(sa_column=Column(_Plain, primary_key=True, nullable=False))


class AccountTopicRow(SQLModel, table=True):
    """How much a listed account is about a topic."""

    __tablename__ = "account_topics"
    __table_args__ = (Index("ix_account_topics_topic", "topic", "weight"),)
    account_id: int = owner_column("accounts.id", primary_key=True)
    topic: str = Field(primary_key=True)
    weight: float = default_column(0.0)
    languages: str = default_column("")  # ",de,en," primary subtags the account writes
    evidence: dict[str, Any] = json_column(dict)  # tags, words, posts


class AccountTagRow(SQLModel, table=True):
    """A hashtag that an account which may be counted uses: one person, however often."""

    __tablename__ = "account_tags"
    __table_args__ = (Index("ix_account_tags_tag", "tag"),)
    account_id: int = owner_column("accounts.id", primary_key=True)
    tag: str = _tag_column()


class TagBesideRow(SQLModel, table=True):
    """A tag that no topic lists, used by this person in one post (or bio) with a topic's own."""

    __tablename__ = "tags_beside_topics"
    __table_args__ = (Index("ix_tags_beside_topics_tag", "tag", "topic"),)
    account_id: int = owner_column("accounts.id", primary_key=True)
    tag: str = _tag_column()
    topic: str = Field(primary_key=True)


class TopicDayRow(SQLModel, table=True):
    """On this day (days since 1970 UTC) this person posted on the topic."""

    __tablename__ = "topic_days"
    account_id: int = owner_column("accounts.id", primary_key=True)
    topic: str = Field(primary_key=True)
    day: int = Field(primary_key=True)
    __table_args__ = (Index("ix_topic_days_topic", "topic", "day"),)


class TagRow(SQLModel, table=True):
    """How many people on how many servers use a tag, as last counted, and what it leads to."""

    __tablename__ = "tags"
    tag: str = _tag_column()
    people: int = default_column(0)
    servers: int = default_column(0)
    topic: str | None = Field(default=None, index=True)  # grown: no topic lists the tag itself
    score: float = default_column(0.0)  # 0..1, how surely
    counted_at: datetime | None = instant_column()


class TouchedTag(SQLModel, table=True):
    """A tag to count again. Rows are only added, so that nobody waits for anybody."""

    __tablename__ = "touched_tags"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    tag: str


class TopicCatalogue(SQLModel, table=True):
    """Which version of the curated list everybody was measured by."""

    __tablename__ = "topic_catalogue"
    name: str = Field(primary_key=True)  # always "seed"
    digest: str = default_column("")
    done: int = default_column(0)  # accounts up to this id were measured again
