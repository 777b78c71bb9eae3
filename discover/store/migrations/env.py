"""Alembic runs here, on the connection that Database.migrate gives it."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import discover.store.tables  # noqa: F401 - fills the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
