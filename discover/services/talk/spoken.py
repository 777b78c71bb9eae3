"""A command as it reached us, with what it takes to carry it out and to answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from discover.services.context import Context
from discover.services.talk.answers import Reply
from discover.wire.commands import Command, Message


@dataclass(frozen=True, slots=True)
class Spoken:
    """In one transaction: what was said is done, and `reply` gathers the words about it."""

    ctx: Context
    connection: Connection
    message: Message
    command: Command
    reply: Reply
    now: datetime

    @property
    def who(self) -> str:
        """The actor URI of whoever says it."""
        return self.message.author
