"""`pack out` and `pack in`: what people say about starter packs, told to our actor."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from discover.services import packs
from discover.services.answers import Reply
from discover.services.context import Context
from discover.wire.command_words import Verb
from discover.wire.commands import Command, Message

VERBS = (Verb.PACK_IN, Verb.PACK_OUT)


def speak_of_packs(
    ctx: Context,
    connection: Connection,
    message: Message,
    command: Command,
    reply: Reply,
    _now: datetime,
) -> bool:
    """Without a pack's name every pack is meant. A no counts, even to a pack that is not there."""
    slug = command.topic
    if command.verb is Verb.PACK_OUT:
        packs.leave(ctx, connection, message.author, slug)
        reply.say("pack_left" if slug else "packs_left", pack=slug)
    elif packs.join(ctx, connection, message.author, slug):
        reply.say("pack_joined" if slug else "packs_joined", pack=slug)
    else:
        reply.say("pack_unknown", pack=slug)
    return True
