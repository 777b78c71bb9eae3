"""The operator's console: who may enter, who is inside, what was done there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from discover.store.tables.columns import (
    default_column,
    id_column,
    instant_column,
    json_column,
    text_column,
)


class Operator(SQLModel, table=True):
    """Who may enter the console. None is there by itself; the command line makes them."""

    __tablename__ = "operators"
    name: str = Field(primary_key=True)
    password: str = text_column()  # Argon2id, as argon2-cffi writes it
    created_at: datetime | None = instant_column(nullable=False)
    changed_at: datetime | None = instant_column(nullable=False)
    entered_at: datetime | None = instant_column()


class OperatorSession(SQLModel, table=True):
    """Somebody inside. The token itself is only in their browser."""

    __tablename__ = "operator_sessions"
    digest: str = Field(primary_key=True)  # SHA-256 of the token
    operator: str = Field(index=True)
    began_at: datetime | None = instant_column(nullable=False)
    seen_at: datetime | None = instant_column(nullable=False)


class LoginTry(SQLModel, table=True):
    """Failed logins by a digest of the name, or of the client, that was tried."""

    __tablename__ = "login_tries"
    digest: str = Field(primary_key=True)
    failures: int = default_column(0)
    last_at: datetime | None = instant_column(index=True, nullable=False)


class AuditEntry(SQLModel, table=True):
    """What an operator did. Written before it is done; what came of it is added after."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_act_subject", "act", "subject"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = id_column()
    at: datetime | None = instant_column(index=True, nullable=False)
    operator: str
    act: str
    subject: str = text_column()
    before: dict[str, Any] = json_column(dict)
    after: dict[str, Any] = json_column(dict)
    outcome: str = default_column("begun")  # begun | done | failed


class BlocklistDraft(SQLModel, table=True):
    """A blocklist that was read and shown, and not yet applied."""

    __tablename__ = "blocklist_drafts"
    token: str = Field(primary_key=True)
    name: str
    operator: str
    blocks: list[list[str]] = json_column()  # host, severity, reason
    skipped: dict[str, Any] = json_column(dict)
    at: datetime | None = instant_column(nullable=False)


class IndexRebuild(SQLModel, table=True):
    """A rebuild of the index that somebody asked for, and how far it is."""

    __tablename__ = "index_rebuilds"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    operator: str
    asked_at: datetime | None = instant_column(nullable=False)
    began_at: datetime | None = instant_column()
    ended_at: datetime | None = instant_column()
    accounts_done: int = default_column(0)
    accounts_all: int = default_column(0)
    posts_done: int = default_column(0)
    posts_all: int = default_column(0)
    last_error: str = text_column()


class TopicEdit(SQLModel, table=True):
    """What operators changed about the curated topics; laid over the seed."""

    __tablename__ = "topic_edits"
    __table_args__ = (
        Index("ux_topic_edits", "topic", "what", "language", "value", unique=True),
        {"sqlite_autoincrement": True},
    )
    id: int | None = id_column()
    topic: str  # "" for what holds everywhere
    what: str  # tag | name | hidden | banned
    language: str = default_column("")
    value: str = default_column("")
    operator: str
    at: datetime | None = instant_column(nullable=False)
