"""Who said what, what was decided, and how it can be checked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column
from sqlmodel import Field, SQLModel

from discover.store.tables.columns import (
    default_column,
    id_column,
    instant_column,
    json_column,
    text_column,
)


class VerdictRow(SQLModel, table=True):
    """The newest verdict about an account, listed or not, and the evidence it rests on."""

    __tablename__ = "verdicts"
    uri: str = Field(primary_key=True)
    host: str = Field(index=True)
    handle_key: str | None = Field(default=None, index=True)
    answers: dict[str, Any] = json_column(dict)
    seen: dict[str, str] = json_column(dict)
    source: str = default_column("")
    door: str = default_column("")
    seen_at: datetime | None = instant_column(nullable=False)
    rule_version: str = default_column("")


class PersonRow(SQLModel, table=True):
    """A person's own deliberate act, keyed by actor URI."""

    __tablename__ = "persons"
    uri: str = Field(primary_key=True)
    act: str = default_column("none")  # PersonAct
    tags: list[str] = json_column()
    blocked_us: bool = default_column(False)
    at: datetime | None = instant_column(nullable=False)
    # When they wrote it, by their own server's clock: a later word may arrive before an earlier one
    said_at: datetime | None = instant_column()
    source: str = default_column("")


class Suppression(SQLModel, table=True):
    """People who left for good: a keyed hash, not their name.

    `leaving`: random, the same for all names of one account, which come back together. `along`: the
    `leaving` of whoever took this account along, because it says that it is the same person.
    """

    __tablename__ = "suppressions"
    digest: str = Field(primary_key=True)
    leaving: str = Field(default="", index=True, sa_column_kwargs={"default": ""})
    along: str = Field(default="", index=True, sa_column_kwargs={"default": ""})
    at: datetime | None = instant_column(nullable=False)


class ServerProof(SQLModel, table=True):
    """One proof that a server's admin has said something, as last looked at."""

    __tablename__ = "server_proofs"
    host: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)  # ServerOptIn value: relay, fasp, dns, well-known, contact
    statement: dict[str, Any] = json_column(dict)
    first_seen_at: datetime | None = instant_column(nullable=False)
    checked_at: datetime | None = instant_column(nullable=False)
    missing_since: datetime | None = instant_column()


class BlockedHost(SQLModel, table=True):
    """A host on a blocklist that the operator imported, or blocked by hand."""

    __tablename__ = "blocked_hosts"
    host: str = Field(primary_key=True)
    source: str = Field(primary_key=True)  # "operator", or the list's name
    reason: str = text_column()
    at: datetime | None = instant_column(nullable=False)


class VerdictHistory(SQLModel, table=True):
    """Each change of an account's verdict: what was seen when, by which rules."""

    __tablename__ = "verdict_history"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    uri: str = Field(index=True)
    host: str = Field(index=True)
    at: datetime | None = instant_column(nullable=False)
    answers: dict[str, Any] = json_column(dict)
    seen: dict[str, str] = json_column(dict)
    source: str = default_column("")
    door: str = default_column("")
    rule_version: str = default_column("")


class ConsentLogEntry(SQLModel, table=True):
    """Append-only and hash-chained: what was decided when, without names."""

    __tablename__ = "consent_log"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    at: datetime | None = instant_column(nullable=False)
    event: str
    details: dict[str, Any] = json_column(dict)
    previous: str = default_column("")
    digest: str = Field(unique=True)


class Withdrawal(SQLModel, table=True):
    """How fast a withdrawal took effect, without saying whose: for the public histogram."""

    __tablename__ = "withdrawals"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    cause: str
    known_at: datetime | None = instant_column(nullable=False)  # the moment we could know
    hidden_at: datetime | None = instant_column()  # gone from the answers
    gone_at: datetime | None = instant_column()  # gone from the raw index
    outbox_id: int | None = Field(default=None, sa_column=Column(BigInteger, index=True))


class RemovalCode(SQLModel, table=True):
    """A one-time code by which a person without an account here proves who they are."""

    __tablename__ = "removal_codes"
    digest: str = Field(primary_key=True)
    uri: str = Field(index=True)
    handle_key: str
    way: str  # message | profile
    purpose: str  # remove | data
    expires_at: datetime | None = instant_column(nullable=False)
    attempts: int = default_column(0)


class Daily(SQLModel, table=True):
    """Anonymous counts by day (accounts withdrawn, posts purged …)."""

    __tablename__ = "daily_counts"
    day: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    count: int = default_column(0)


class JournalMark(SQLModel, table=True):
    """How far a journal of withdrawals (store.journal) has been followed, in bytes."""

    __tablename__ = "journal_marks"
    name: str = Field(primary_key=True)
    size: int = default_column(0)
