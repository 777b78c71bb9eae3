"""Topic actors: who follows them, and what they boosted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from discover.store.tables.columns import id_column, instant_column, owner_column


class TopicFollower(SQLModel, table=True):
    """Who follows a topic's actor."""

    __tablename__ = "topic_followers"
    topic: str = Field(primary_key=True)
    actor: str = Field(primary_key=True)
    host: str = Field(index=True)
    inbox: str
    shared_inbox: str | None = None
    follow_id: str
    at: datetime | None = instant_column(nullable=False)


class TopicBoost(SQLModel, table=True):
    """A post that a topic's actor boosted. It goes with the post, and is undone before."""

    __tablename__ = "topic_boosts"
    __table_args__ = (
        Index("ux_topic_boosts_topic_post", "topic", "post_id", unique=True),
        Index("ix_topic_boosts_topic_at", "topic", "at"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = id_column()
    topic: str
    post_id: int = owner_column("posts.id")
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    host: str  # of the author
    actor: str  # of the topic
    activity: str = Field(unique=True)  # id of the Announce
    object: str  # URI of the post
    at: datetime | None = instant_column(nullable=False)
