"""What is found: servers, listed accounts, their posts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, text
from sqlmodel import Field, SQLModel

from discover.store.tables.columns import (
    default_column,
    id_column,
    instant_column,
    json_column,
    owner_column,
    text_column,
)

_LEAVING = text("kind IN ('purge_account', 'purge_server')")


class Server(SQLModel, table=True):
    """A server whose admin's will is on record, and what it says of itself."""

    __tablename__ = "servers"
    host: str = Field(primary_key=True)
    opt_in: str = default_column("none")  # ServerOptIn
    scope: str = default_column("all")  # ServerScope
    opted_out: bool = default_column(False)
    blocked: bool = default_column(False)
    note: str = text_column()
    recorded_at: datetime | None = instant_column()
    software: str | None = None
    version: str | None = None
    name: str = text_column()
    description: str = text_column()
    open_registrations: bool | None = None
    registrations: str | None = None  # Registrations; None: it does not say
    rules: list[str] = json_column()
    monthly_active: int | None = None
    languages: list[str] = json_column()
    robots: str = default_column("unseen")  # RobotsState
    noindex_header: bool = default_column(False)
    seen_at: datetime | None = instant_column()
    due_at: datetime | None = instant_column(index=True)
    failures: int = default_column(0)


class Account(SQLModel, table=True):
    """A listed account: nobody else has a row here."""

    __tablename__ = "accounts"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    uri: str = Field(unique=True)
    host: str = Field(index=True)
    handle: str = default_column("")
    handle_key: str = Field(default="", index=True, sa_column_kwargs={"default": ""})
    type: str = default_column("Person")
    username: str = default_column("")
    name: str = text_column()
    summary: str = text_column()
    summary_html: str = text_column()
    url: str | None = None
    fields: list[list[str]] = json_column()
    hashtags: list[str] = json_column()
    featured_tags: list[str] = json_column()
    emojis: list[list[str]] = json_column()
    language: str = default_column("und")  # of the bio
    languages: list[str] = json_column()  # of the posts (policy.languages)
    avatar_url: str | None = None
    avatar_changed_at: datetime | None = instant_column(index=True)  # copies of the old one go
    header_url: str | None = None
    inbox: str | None = None
    shared_inbox: str | None = None
    outbox: str | None = None
    followers_url: str | None = None
    signals: dict[str, Any] = json_column(dict)
    noindex_header: bool = default_column(False)
    followers: int | None = None
    following: int | None = None
    posts_total: int | None = None
    published: datetime | None = instant_column()
    last_post_at: datetime | None = instant_column(index=True)
    evidence_at: datetime | None = instant_column(index=True)
    posts_allowed: bool = default_column(False)
    # Out of the index because its evidence expired; it comes back when the evidence is renewed.
    hidden: bool = default_column(False)
    # The end of the last whole reading of the outbox: posts seen until then mark where the next
    # one may stop. What an interrupted visit left behind must not.
    read_at: datetime | None = instant_column()
    extras_at: datetime | None = instant_column()  # featured tags and counts were last read
    posts_per_day: float = default_column(0.0)


class Post(SQLModel, table=True):
    """An indexed post."""

    __tablename__ = "posts"
    __table_args__ = (
        # with the language, so that an account's activity is counted in the index alone
        Index("ix_posts_account_published", "account_id", "published", "language"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = id_column()
    uri: str = Field(unique=True)
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    type: str = default_column("Note")
    url: str | None = None
    audience: str = default_column("direct")
    published: datetime | None = instant_column(index=True, nullable=False)
    updated: datetime | None = instant_column()
    title: str = text_column()
    text: str = text_column()
    html: str = text_column()
    content_warning: str = text_column()
    sensitive: bool = default_column(False)
    language: str = default_column("und")
    hashtags: list[str] = json_column()
    media: list[list[str | None]] = json_column()
    emojis: list[list[str]] = json_column()
    link_titles: list[list[str]] = json_column()
    in_reply_to: str | None = None
    # As its server counts them, to be shown and for nothing else
    replies: int | None = None
    likes: int | None = None
    shares: int | None = None
    searchable_by: str = default_column("unsaid")
    opt_out_tags: list[str] = json_column()
    source_url: str = default_column("")
    seen_at: datetime | None = instant_column(nullable=False)
    rule_version: str = default_column("")


class Interaction(SQLModel, table=True):
    """A like or boost between two accounts that both consent to being counted."""

    __tablename__ = "interactions"
    activity: str = Field(primary_key=True)
    kind: str  # like | announce
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    post_id: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    at: datetime | None = instant_column(index=True, nullable=False)


class Mention(SQLModel, table=True):
    """Whom a findable post mentions, where both consent to being counted. Goes with either."""

    __tablename__ = "mentions"
    __table_args__ = (Index("ix_mentions_author_id", "author_id", "account_id"),)
    post_id: int = owner_column("posts.id", primary_key=True)
    account_id: int = Field(  # who is mentioned
        sa_column=Column(
            BigInteger,
            ForeignKey("accounts.id", ondelete="CASCADE"),
            primary_key=True,
            index=True,
        )
    )
    author_id: int = Field(sa_column=Column(BigInteger, nullable=False))  # the post's


class OutboxRow(SQLModel, table=True):
    """A search document that may differ from the database; written with the change itself."""

    __tablename__ = "outbox"
    __table_args__ = (
        # Looked for before every batch: they do not wait behind the news of others.
        Index("ix_outbox_leaving", "id", postgresql_where=_LEAVING, sqlite_where=_LEAVING),
        {"sqlite_autoincrement": True},
    )
    id: int | None = id_column()
    kind: str  # account | post | purge_account | purge_server
    ref: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, default=0))
    host: str | None = None
    at: datetime | None = instant_column(nullable=False)
