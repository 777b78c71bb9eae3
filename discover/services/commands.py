"""What people tell our actor to do, done at once and answered in their language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.engine import Connection

from discover.services.context import Context

if TYPE_CHECKING:  # the inbox's tasks lead here
    from discover.services.inbox import Received


def handle(ctx: Context, connection: Connection, received: Received) -> None:
    """A Create whose object mentions or addresses our actor."""
