"""What a server's own contact account says for the whole server, in a message to our actor."""

from __future__ import annotations

from discover.policy.origin import host_of
from discover.services.consent.contacts import ContactAnswer, Word, contact_said
from discover.services.talk.spoken import Spoken
from discover.wire.command_words import Verb

_WORDS: dict[Verb, Word] = {
    Verb.SERVER_IN: "in",
    Verb.SERVER_PROFILES: "profiles",
    Verb.SERVER_OUT: "out",
}
VERBS = tuple(_WORDS)
# What may be said for a server that is out by its contact account's word
BACK = frozenset({Verb.SERVER_IN, Verb.SERVER_PROFILES})


def speak_for_server(spoken: Spoken) -> bool:
    """It counts when the server itself names the writer as its contact, which is looked up.

    Whoever else says it is told that it is looked up, and nothing comes of it.
    """
    word = _WORDS[spoken.command.verb]
    answer = contact_said(spoken.ctx, spoken.connection, spoken.who, word)
    if answer is ContactAnswer.DONE:
        spoken.reply.say(
            {"in": "server_in", "profiles": "server_profiles", "out": "server_out"}[word]
        )
    elif answer is ContactAnswer.REFUSED:
        spoken.reply.say("server_refused")
    else:
        spoken.reply.say("server_looking")
        spoken.reply.more(f"{spoken.ctx.own_url}/why?handle={host_of(spoken.who)}")
    return True
