"""Servers that use us as their auxiliary service provider (FASP v0.1), and what we asked of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlmodel import Field, SQLModel

from discover.store.tables.columns import (
    default_column,
    id_column,
    instant_column,
    json_column,
    text_column,
)


def _connection_column() -> Any:
    return Field(
        sa_column_args=(ForeignKey("fasp_connections.id", ondelete="CASCADE"),), nullable=False
    )


class FaspConnection(SQLModel, table=True):
    """One registration with one server. Its id is the `serverId`, the keyid of what comes in.

    `confirmed_at`: the server's first call that its key signed; nothing before that counts.
    """

    __tablename__ = "fasp_connections"
    id: str = Field(primary_key=True)
    host: str = Field(index=True)  # whose accounts its admin may speak for
    base_url: str = Field(index=True)  # without a trailing slash
    own: bool = default_column(False)  # is the base URL certainly the server's, not a user's?
    private_pem: str = text_column()  # ours, for this server alone
    remote_id: str = default_column("")  # `faspId`, the keyid of what goes out
    remote_key: str = default_column("")  # base64 of the raw Ed25519 key
    completion_url: str = default_column("")
    capabilities: list[str] = json_column()  # those that the server has enabled
    created_at: datetime | None = instant_column(nullable=False)
    confirmed_at: datetime | None = instant_column()
    heard_at: datetime | None = instant_column()  # its last call
    renewed_at: datetime | None = instant_column()  # its subscriptions, whole
    due_at: datetime | None = instant_column(index=True)  # None: nothing to ask of it
    failures: int = default_column(0)
    last_error: str = text_column()


class FaspRequest(SQLModel, table=True):
    """A subscription or a backfill request at a server; what it announces names one of these."""

    __tablename__ = "fasp_requests"
    __table_args__ = (
        Index("ix_fasp_requests_connection", "connection_id", "kind", "remote_id"),
        {"sqlite_autoincrement": True},
    )
    id: int | None = id_column()
    connection_id: str = _connection_column()
    kind: str  # subscription | backfill
    category: str  # account | content
    type: str = default_column("")  # lifecycle | trends; "" for a backfill
    remote_id: str | None = None  # always as text; None until the server has named it
    # asking | open | more (a continuation is to be asked for) | done | stale (to be deleted)
    state: str = default_column("asking")
    rounds: int = default_column(0)  # announcements of a backfill
    heard_at: datetime | None = instant_column()
    created_at: datetime | None = instant_column(nullable=False)


class FaspInvitation(SQLModel, table=True):
    """A code that lets one server register while registrations are by invitation."""

    __tablename__ = "fasp_invitations"
    digest: str = Field(primary_key=True)
    note: str = text_column()
    created_at: datetime | None = instant_column(nullable=False)
    expires_at: datetime | None = instant_column(nullable=False)


class FaspDebugCall(SQLModel, table=True):
    """A call of the debug callback, as its specification wants it logged, and its answer."""

    __tablename__ = "fasp_debug_calls"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = id_column()
    connection_id: str = _connection_column()
    at: datetime | None = instant_column(nullable=False)
    address: str = default_column("")
    body: str = text_column()
    answered_at: datetime | None = instant_column()
