"""Our actor: its keys, its followers, what it sends and receives."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel

from discover.store.tables.columns import (
    default_column,
    id_column,
    instant_column,
    json_column,
    text_column,
)


class KeyRow(SQLModel, table=True):
    """Our actor's keys."""

    __tablename__ = "actor_keys"
    name: str = Field(primary_key=True)
    private_pem: str = text_column()
    created_at: datetime | None = instant_column(nullable=False)
    retired_at: datetime | None = instant_column()


class RemoteKey(SQLModel, table=True):
    """A remote actor's public key, and where to write to that actor."""

    __tablename__ = "remote_keys"
    key_id: str = Field(primary_key=True)
    actor: str = Field(index=True)
    host: str = Field(index=True)
    pem: str = text_column()
    inbox: str | None = None
    shared_inbox: str | None = None
    automated: bool = default_column(False)  # Service or Application: nobody to talk with
    fetched_at: datetime | None = instant_column(index=True, nullable=False)


class SeenSignature(SQLModel, table=True):
    """Replay memory: a signature is good once within its window."""

    __tablename__ = "seen_signatures"
    digest: str = Field(primary_key=True)
    until: datetime | None = instant_column(index=True, nullable=False)


class SeenActivity(SQLModel, table=True):
    """Activities that were accepted, by a digest of actor and id: each counts once."""

    __tablename__ = "seen_activities"
    digest: str = Field(primary_key=True)
    at: datetime | None = instant_column(index=True, nullable=False)


class Follower(SQLModel, table=True):
    """Who follows our actor; `relay` when it is an instance actor that follows Public."""

    __tablename__ = "followers"
    actor: str = Field(primary_key=True)
    host: str = Field(index=True)
    inbox: str
    shared_inbox: str | None = None
    follow_id: str
    public: bool = default_column(
        False
    )  # it follows Public, as relays' clients of Mastodon's kind do
    relay: bool = default_column(False)
    at: datetime | None = instant_column(nullable=False)


class Following(SQLModel, table=True):
    """Whom our actor follows: people who opted in by a deliberate act, and relays."""

    __tablename__ = "following"
    actor: str = Field(primary_key=True)
    host: str = Field(index=True)
    inbox: str
    follow_id: str = Field(index=True)
    relay: bool = default_column(False)
    state: str = default_column("pending")  # pending | accepted | rejected
    at: datetime | None = instant_column(nullable=False)


class Delivery(SQLModel, table=True):
    """An activity on its way to one inbox, in the order of ids per host."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ux_deliveries_activity_inbox", "activity_id", "inbox", unique=True),
        Index("ix_deliveries_host", "host", "id"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = id_column()
    activity_id: str
    inbox: str
    host: str
    body: str = text_column()
    created_at: datetime | None = instant_column(nullable=False)
    due_at: datetime | None = instant_column(index=True, nullable=False)
    attempts: int = default_column(0)
    last_error: str = text_column()
    last_word: bool = default_column(False)  # the answer to "server out" goes to who said it


class DeliveryHost(SQLModel, table=True):
    """How a host takes our deliveries: who works on it, and until when it is left alone."""

    __tablename__ = "delivery_hosts"
    host: str = Field(primary_key=True)
    failures: int = default_column(0)
    parked_until: datetime | None = instant_column()
    token: str | None = None
    until: datetime | None = instant_column()


class DeliveryFailure(SQLModel, table=True):
    """What was given up, for the record."""

    __tablename__ = "delivery_failures"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    activity_id: str
    inbox: str
    host: str
    attempts: int = default_column(0)
    last_error: str = text_column()
    at: datetime | None = instant_column(nullable=False)


class SentNote(SQLModel, table=True):
    """A direct message of our actor's, for its addressee's server to fetch for some days."""

    __tablename__ = "sent_notes"
    id: str = Field(primary_key=True)
    addressee: str = Field(index=True)
    note: dict[str, Any] = json_column(dict)
    at: datetime | None = instant_column(nullable=False)


class NotePerson(SQLModel, table=True):
    """Whom a direct message of ours names: with them it goes, sent or not."""

    __tablename__ = "sent_note_people"
    note: str = Field(
        sa_column=Column(
            Text, ForeignKey("sent_notes.id", ondelete="CASCADE"), primary_key=True, nullable=False
        )
    )
    account_id: int = Field(
        sa_column=Column(BigInteger, primary_key=True, nullable=False, index=True)
    )
    activity: str


class Report(SQLModel, table=True):
    """A Flag that somebody sent us, for the operator."""

    __tablename__ = "reports"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    actor: str
    objects: list[str] = json_column()
    content: str = text_column()
    at: datetime | None = instant_column(nullable=False)
    handled: bool = default_column(False)
    handled_at: datetime | None = instant_column()
    note: str = text_column()  # the operator's own


class CommandRow(SQLModel, table=True):
    """When whom was answered, for the rate limit of answers; a digest, not a name."""

    __tablename__ = "command_answers"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    person: str = Field(index=True)  # digest of the actor URI
    host: str = Field(index=True)
    at: datetime | None = instant_column(index=True, nullable=False)
