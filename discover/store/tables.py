"""The tables. The database is the truth; the search index can always be derived from it.

Hosts, actor URIs and post URIs are as their origin spells them; `handle_key` is lower case.
Times are `Instant`s. Ids are never reused (the index knows documents by them).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, Text
from sqlmodel import Field, SQLModel

from discover.store.types import Instant

# SQLite numbers only INTEGER keys by itself.
_Id = BigInteger().with_variant(Integer(), "sqlite")


def _id() -> Any:
    return Field(default=None, sa_column=Column(_Id, primary_key=True, autoincrement=True))


def _instant(*, index: bool = False, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Instant(), index=index, nullable=nullable))


def _json(kind: type[list[Any] | dict[str, Any]] = list) -> Any:
    return Field(default_factory=kind, sa_column=Column(JSON, nullable=False, default=kind))


def _text() -> Any:
    return Field(default="", sa_column=Column(Text, nullable=False, default=""))


def _value(default: Any) -> Any:
    """A default for both faces of a column: rows made as objects and rows inserted in bulk."""
    return Field(default=default, sa_column_kwargs={"default": default})


class Server(SQLModel, table=True):
    """A server whose admin's will is on record, and what it says of itself."""

    __tablename__ = "servers"
    host: str = Field(primary_key=True)
    opt_in: str = _value("none")  # ServerOptIn
    scope: str = _value("all")  # ServerScope
    opted_out: bool = _value(False)
    blocked: bool = _value(False)
    note: str = _text()
    recorded_at: datetime | None = _instant()
    software: str | None = None
    version: str | None = None
    name: str = _text()
    description: str = _text()
    open_registrations: bool | None = None
    languages: list[str] = _json()
    robots: str = _value("unseen")  # RobotsState
    noindex_header: bool = _value(False)
    seen_at: datetime | None = _instant()
    due_at: datetime | None = _instant(index=True)
    failures: int = _value(0)


class HostLease(SQLModel, table=True):
    """Which worker may talk to a host now, and when the host may be asked again."""

    __tablename__ = "host_leases"
    host: str = Field(primary_key=True)
    token: str | None = None
    until: datetime | None = _instant()
    not_before: datetime | None = _instant()
    crawl_delay: float | None = None


class Account(SQLModel, table=True):
    """A listed account: nobody else has a row here."""

    __tablename__ = "accounts"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = _id()
    uri: str = Field(unique=True)
    host: str = Field(index=True)
    handle: str = _value("")
    handle_key: str = Field(default="", index=True, sa_column_kwargs={"default": ""})
    type: str = _value("Person")
    username: str = _value("")
    name: str = _text()
    summary: str = _text()
    summary_html: str = _text()
    url: str | None = None
    fields: list[list[str]] = _json()
    hashtags: list[str] = _json()
    featured_tags: list[str] = _json()
    emojis: list[list[str]] = _json()
    language: str = _value("und")  # of the bio
    languages: list[str] = _json()  # of the posts (policy.languages)
    avatar_url: str | None = None
    header_url: str | None = None
    inbox: str | None = None
    shared_inbox: str | None = None
    outbox: str | None = None
    followers_url: str | None = None
    signals: dict[str, Any] = _json(dict)
    noindex_header: bool = _value(False)
    followers: int | None = None
    following: int | None = None
    posts_total: int | None = None
    published: datetime | None = _instant()
    last_post_at: datetime | None = _instant()
    evidence_at: datetime | None = _instant(index=True)
    posts_allowed: bool = _value(False)
    # Out of the index because its evidence expired; it comes back when the evidence is renewed.
    hidden: bool = _value(False)
    # The end of the last whole reading of the outbox: posts seen until then mark where the next
    # one may stop. What an interrupted visit left behind must not.
    read_at: datetime | None = _instant()
    posts_per_day: float = _value(0.0)


class Post(SQLModel, table=True):
    """An indexed post."""

    __tablename__ = "posts"
    __table_args__ = (
        # with the language, so that an account's activity is counted in the index alone
        Index("ix_posts_account_published", "account_id", "published", "language"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    uri: str = Field(unique=True)
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    type: str = _value("Note")
    url: str | None = None
    audience: str = _value("direct")
    published: datetime | None = _instant(index=True, nullable=False)
    updated: datetime | None = _instant()
    title: str = _text()
    text: str = _text()
    html: str = _text()
    content_warning: str = _text()
    sensitive: bool = _value(False)
    language: str = _value("und")
    hashtags: list[str] = _json()
    media: list[list[str | None]] = _json()
    emojis: list[list[str]] = _json()
    in_reply_to: str | None = None
    searchable_by: str = _value("unsaid")
    opt_out_tags: list[str] = _json()
    source_url: str = _value("")
    seen_at: datetime | None = _instant(nullable=False)
    rule_version: str = _value("")


class VerdictRow(SQLModel, table=True):
    """The newest verdict about an account, listed or not, and the evidence it rests on."""

    __tablename__ = "verdicts"
    uri: str = Field(primary_key=True)
    host: str = Field(index=True)
    handle_key: str | None = Field(default=None, index=True)
    answers: dict[str, Any] = _json(dict)
    seen: dict[str, str] = _json(dict)
    source: str = _value("")
    door: str = _value("")
    seen_at: datetime | None = _instant(nullable=False)
    rule_version: str = _value("")


class PersonRow(SQLModel, table=True):
    """A person's own deliberate act, keyed by actor URI."""

    __tablename__ = "persons"
    uri: str = Field(primary_key=True)
    act: str = _value("none")  # PersonAct
    tags: list[str] = _json()
    blocked_us: bool = _value(False)
    at: datetime | None = _instant(nullable=False)
    source: str = _value("")


class Suppression(SQLModel, table=True):
    """People who left for good: a keyed hash, not their name."""

    __tablename__ = "suppressions"
    digest: str = Field(primary_key=True)
    at: datetime | None = _instant(nullable=False)


class Visit(SQLModel, table=True):
    """An appointment with an account, by actor URI or, before that is known, by handle."""

    __tablename__ = "visits"
    __table_args__ = (Index("ix_visits_host_due", "host", "due_at"), {"sqlite_autoincrement": True})
    id: int | None = _id()
    host: str
    uri: str | None = Field(default=None, unique=True)
    handle_key: str | None = Field(default=None, unique=True)
    handle: str | None = None
    door: str = _value("directory")
    due_at: datetime | None = _instant(index=True, nullable=False)
    failures: int = _value(0)
    etag: str | None = None
    last_modified: str | None = None
    last_at: datetime | None = _instant()
    last_detail: str = _value("")


class OutboxRow(SQLModel, table=True):
    """A search document that may differ from the database; written with the change itself."""

    __tablename__ = "outbox"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = _id()
    kind: str  # account | post | purge_account | purge_server
    ref: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, default=0))
    host: str | None = None
    at: datetime | None = _instant(nullable=False)


class Task(SQLModel, table=True):
    """Work to be done until it is done; one row per (kind, key)."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ux_tasks_kind_key", "kind", "key", unique=True),
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    kind: str
    key: str = _value("")
    payload: dict[str, Any] = _json(dict)
    due_at: datetime | None = _instant(index=True, nullable=False)
    attempts: int = _value(0)
    token: str | None = None
    until: datetime | None = _instant()
    last_error: str = _text()


class Lock(SQLModel, table=True):
    """Named locks that a dead owner loses: one indexer, one live scheduler."""

    __tablename__ = "locks"
    name: str = Field(primary_key=True)
    token: str = _value("")
    until: datetime | None = _instant(nullable=False)


class KeyRow(SQLModel, table=True):
    """Our actor's keys."""

    __tablename__ = "actor_keys"
    name: str = Field(primary_key=True)
    private_pem: str = _text()
    created_at: datetime | None = _instant(nullable=False)
    retired_at: datetime | None = _instant()


class RemoteKey(SQLModel, table=True):
    """A remote actor's public key, and where to write to that actor."""

    __tablename__ = "remote_keys"
    key_id: str = Field(primary_key=True)
    actor: str = Field(index=True)
    host: str = Field(index=True)
    pem: str = _text()
    inbox: str | None = None
    shared_inbox: str | None = None
    automated: bool = _value(False)  # Service or Application: nobody to talk with
    fetched_at: datetime | None = _instant(index=True, nullable=False)


class SeenSignature(SQLModel, table=True):
    """Replay memory: a signature is good once within its window."""

    __tablename__ = "seen_signatures"
    digest: str = Field(primary_key=True)
    until: datetime | None = _instant(index=True, nullable=False)


class SeenActivity(SQLModel, table=True):
    """Activities that were accepted, by a digest of actor and id: each counts once."""

    __tablename__ = "seen_activities"
    digest: str = Field(primary_key=True)
    at: datetime | None = _instant(index=True, nullable=False)


class Follower(SQLModel, table=True):
    """Who follows our actor; `relay` when it is an instance actor that follows Public."""

    __tablename__ = "followers"
    actor: str = Field(primary_key=True)
    host: str = Field(index=True)
    inbox: str
    shared_inbox: str | None = None
    follow_id: str
    public: bool = _value(False)  # it follows Public, as relays' clients of Mastodon's kind do
    relay: bool = _value(False)
    at: datetime | None = _instant(nullable=False)


class Following(SQLModel, table=True):
    """Whom our actor follows: people who opted in by a deliberate act, and relays."""

    __tablename__ = "following"
    actor: str = Field(primary_key=True)
    host: str = Field(index=True)
    inbox: str
    follow_id: str = Field(index=True)
    relay: bool = _value(False)
    state: str = _value("pending")  # pending | accepted | rejected
    at: datetime | None = _instant(nullable=False)


class Delivery(SQLModel, table=True):
    """An activity on its way to one inbox, in the order of ids per host."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ux_deliveries_activity_inbox", "activity_id", "inbox", unique=True),
        Index("ix_deliveries_host", "host", "id"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = _id()
    activity_id: str
    inbox: str
    host: str
    body: str = _text()
    created_at: datetime | None = _instant(nullable=False)
    due_at: datetime | None = _instant(index=True, nullable=False)
    attempts: int = _value(0)
    last_error: str = _text()


class DeliveryHost(SQLModel, table=True):
    """How a host takes our deliveries: who works on it, and until when it is left alone."""

    __tablename__ = "delivery_hosts"
    host: str = Field(primary_key=True)
    failures: int = _value(0)
    parked_until: datetime | None = _instant()
    token: str | None = None
    until: datetime | None = _instant()


class DeliveryFailure(SQLModel, table=True):
    """What was given up, for the record."""

    __tablename__ = "delivery_failures"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = _id()
    activity_id: str
    inbox: str
    host: str
    attempts: int = _value(0)
    last_error: str = _text()
    at: datetime | None = _instant(nullable=False)


class Report(SQLModel, table=True):
    """A Flag that somebody sent us, for the operator."""

    __tablename__ = "reports"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = _id()
    actor: str
    objects: list[str] = _json()
    content: str = _text()
    at: datetime | None = _instant(nullable=False)
    handled: bool = _value(False)


class Interaction(SQLModel, table=True):
    """A like or boost between two accounts that both consent to being counted."""

    __tablename__ = "interactions"
    activity: str = Field(primary_key=True)
    kind: str  # like | announce
    account_id: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    post_id: int = Field(sa_column=Column(BigInteger, nullable=False, index=True))
    at: datetime | None = _instant(index=True, nullable=False)


class CommandRow(SQLModel, table=True):
    """When whom was answered, for the rate limit of answers; a digest, not a name."""

    __tablename__ = "command_answers"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = _id()
    person: str = Field(index=True)  # digest of the actor URI
    host: str = Field(index=True)
    at: datetime | None = _instant(index=True, nullable=False)


class ServerProof(SQLModel, table=True):
    """One proof that a server's admin has said something, as last looked at."""

    __tablename__ = "server_proofs"
    host: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)  # ServerOptIn value: relay, fasp, dns, well-known, contact
    statement: dict[str, Any] = _json(dict)
    first_seen_at: datetime | None = _instant(nullable=False)
    checked_at: datetime | None = _instant(nullable=False)
    missing_since: datetime | None = _instant()


class BlockedHost(SQLModel, table=True):
    """A host on a blocklist that the operator imported, or blocked by hand."""

    __tablename__ = "blocked_hosts"
    host: str = Field(primary_key=True)
    source: str = Field(primary_key=True)  # "operator", or the list's name
    reason: str = _text()
    at: datetime | None = _instant(nullable=False)


class VerdictHistory(SQLModel, table=True):
    """Each change of an account's verdict: what was seen when, by which rules."""

    __tablename__ = "verdict_history"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = _id()
    uri: str = Field(index=True)
    host: str = Field(index=True)
    at: datetime | None = _instant(nullable=False)
    answers: dict[str, Any] = _json(dict)
    seen: dict[str, str] = _json(dict)
    source: str = _value("")
    door: str = _value("")
    rule_version: str = _value("")


class ConsentLogEntry(SQLModel, table=True):
    """Append-only and hash-chained: what was decided when, without names."""

    __tablename__ = "consent_log"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = _id()
    at: datetime | None = _instant(nullable=False)
    event: str
    details: dict[str, Any] = _json(dict)
    previous: str = _value("")
    digest: str = Field(unique=True)


class Withdrawal(SQLModel, table=True):
    """How fast a withdrawal took effect, without saying whose: for the public histogram."""

    __tablename__ = "withdrawals"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = _id()
    cause: str
    known_at: datetime | None = _instant(nullable=False)  # the moment we could know
    hidden_at: datetime | None = _instant()  # gone from the answers
    gone_at: datetime | None = _instant()  # gone from the raw index
    outbox_id: int | None = Field(default=None, sa_column=Column(BigInteger, index=True))


class RemovalCode(SQLModel, table=True):
    """A one-time code by which a person without an account here proves who they are."""

    __tablename__ = "removal_codes"
    digest: str = Field(primary_key=True)
    uri: str = Field(index=True)
    handle_key: str
    way: str  # message | profile
    purpose: str  # remove | data
    expires_at: datetime | None = _instant(nullable=False)
    attempts: int = _value(0)


class Daily(SQLModel, table=True):
    """Anonymous counts by day (accounts withdrawn, posts purged …)."""

    __tablename__ = "daily_counts"
    day: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    count: int = _value(0)
