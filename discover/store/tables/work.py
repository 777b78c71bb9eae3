"""Work to be done until it is done, and who is doing it."""

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


class Task(SQLModel, table=True):
    """Work to be done until it is done; one row per (kind, key)."""

    __tablename__ = "tasks"
    __table_args__ = (
        Index("ux_tasks_kind_key", "kind", "key", unique=True),
        Index("ix_tasks_kind_due_at", "kind", "due_at"),  # the inbox's are taken up by themselves
        {"sqlite_autoincrement": True},
    )
    id: int | None = id_column()
    kind: str
    key: str = default_column("")
    payload: dict[str, Any] = json_column(dict)
    due_at: datetime | None = instant_column(nullable=False)
    attempts: int = default_column(0)
    token: str | None = None
    until: datetime | None = instant_column()
    last_error: str = text_column()


class TaskRun(SQLModel, table=True):
    """When a kind of task that comes again and again was last done to its end."""

    __tablename__ = "task_runs"
    kind: str = Field(primary_key=True)
    done_at: datetime | None = instant_column(nullable=False)


class Lock(SQLModel, table=True):
    """Named locks that a dead owner loses: one indexer, one live scheduler."""

    __tablename__ = "locks"
    name: str = Field(primary_key=True)
    token: str = default_column("")
    until: datetime | None = instant_column(nullable=False)
