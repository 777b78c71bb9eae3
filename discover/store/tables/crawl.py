"""Whose turn it is: appointments and leases."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from discover.store.tables.columns import default_column, id_column, instant_column


class HostLease(SQLModel, table=True):
    """Which worker may talk to a host now, and when the host may be asked again."""

    __tablename__ = "host_leases"
    host: str = Field(primary_key=True)
    token: str | None = None
    until: datetime | None = instant_column()
    not_before: datetime | None = instant_column()
    crawl_delay: float | None = None


class Visit(SQLModel, table=True):
    """An appointment with an account, by actor URI or, before that is known, by handle."""

    __tablename__ = "visits"
    __table_args__ = (Index("ix_visits_host_due", "host", "due_at"), {"sqlite_autoincrement": True})
    id: int | None = id_column()
    host: str
    uri: str | None = Field(default=None, unique=True)
    handle_key: str | None = Field(default=None, unique=True)
    handle: str | None = None
    door: str = default_column("directory")
    due_at: datetime | None = instant_column(index=True, nullable=False)
    failures: int = default_column(0)
    etag: str | None = None
    last_modified: str | None = None
    last_at: datetime | None = instant_column()
    last_detail: str = default_column("")
