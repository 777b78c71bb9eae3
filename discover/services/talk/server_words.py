"""What a server's own contact account says for the whole server, in a message to our actor."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from discover.policy.origin import host_of
from discover.services.consent.proofs import ContactAnswer, Word, contact_said
from discover.services.context import Context
from discover.services.talk.answers import Reply
from discover.wire.command_words import Verb
from discover.wire.commands import Command, Message

_WORDS: dict[Verb, Word] = {
    Verb.SERVER_IN: "in",
    Verb.SERVER_PROFILES: "profiles",
    Verb.SERVER_OUT: "out",
}
VERBS = tuple(_WORDS)
# What may be said for a server that is out by its contact account's word
BACK = frozenset({Verb.SERVER_IN, Verb.SERVER_PROFILES})


def speak_for_server(
    ctx: Context,
    connection: Connection,
    message: Message,
    command: Command,
    reply: Reply,
    _now: datetime,
) -> bool:
    """It counts when the server itself names the writer as its contact, which is looked up.

    Whoever else says it is told that it is looked up, and nothing comes of it.
    """
    word = _WORDS[command.verb]
    answer = contact_said(ctx, connection, message.author, word)
    if answer is ContactAnswer.DONE:
        reply.say({"in": "server_in", "profiles": "server_profiles", "out": "server_out"}[word])
    elif answer is ContactAnswer.REFUSED:
        reply.say("server_refused")
    else:
        reply.say("server_looking")
        reply.more(f"{ctx.own_url}/why?handle={host_of(message.author)}")
    return True
