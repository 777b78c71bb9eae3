"""Who leaves is found at once, however much waits to be indexed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LEAVING = sa.text("kind IN ('purge_account', 'purge_server')")


def upgrade() -> None:
    op.create_index(
        "ix_outbox_leaving", "outbox", ["id"], postgresql_where=LEAVING, sqlite_where=LEAVING
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_leaving", table_name="outbox")
