"""What people say about starter packs, told to our actor: in, out, a proposal, yes and no."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Handle
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.federation import sent_notes
from discover.services.find import packs
from discover.services.find.pack_proposals import Asked, Proposed, open_question, propose
from discover.services.talk.answers import Reply, question_note
from discover.services.talk.spoken import Spoken
from discover.wire.command_words import LANGUAGES, Verb
from discover.wire.commands import named

VERBS = (Verb.PACK_IN, Verb.PACK_OUT)
_SAY = {
    Proposed.DONE: "pack_proposed",
    Proposed.NOT_LISTED: "pack_only_listed",
    Proposed.BAD_NAME: "pack_bad_name",
    Proposed.TAKEN: "pack_taken",
    Proposed.ENOUGH: "pack_enough",
    Proposed.NOBODY: "pack_nobody",
}


def speak_of_packs(spoken: Spoken) -> bool:
    """Without a pack's name every pack is meant. A no counts, even to a pack that is not there."""
    slug = spoken.command.topic
    if spoken.command.verb is Verb.PACK_OUT:
        packs.leave(spoken.ctx, spoken.connection, spoken.who, slug)
        spoken.reply.say("pack_left" if slug else "packs_left", pack=slug)
    elif packs.join(spoken.ctx, spoken.connection, spoken.who, slug):
        spoken.reply.say("pack_joined" if slug else "packs_joined", pack=slug)
    elif packs.is_computed(slug):
        spoken.reply.say("packs_still_left", pack=slug)
    else:
        spoken.reply.say("pack_unknown", pack=slug)
    return True


def propose_pack(spoken: Spoken) -> bool:
    """`pack NAME @a@x @b@y`: each of them is asked, and nobody is told how that went."""
    ctx, connection, now = spoken.ctx, spoken.connection, spoken.now
    message, topic = spoken.message, spoken.command.topic
    uris = [uri for uri in message.mentioned if uri != ctx.actor_uri]
    keys = [key for one in named(message.html, message.mentioned) if (key := _key(one))]

    who = connection.execute(
        sa.select(ACCOUNTS.c.id, ACCOUNTS.c.handle).where(ACCOUNTS.c.uri == spoken.who)
    ).first()

    def ask(asked: Asked) -> None:
        row = asked.account.row
        language = next((one for one in row.languages if one in LANGUAGES), "en")
        question = Reply(language)
        question.say("pack_asked", who=who.handle if who else spoken.who, pack=topic)
        question.more(f"{ctx.own_url}/packs")
        about = f"the pack {topic}"
        activity = question_note(ctx, row.uri, row.handle, about, question, now)
        sent_notes.send(connection, activity, asked.inbox, now, about=[who.id] if who else ())

    done = Proposed.NOBODY
    if uris or keys:
        done = propose(ctx, connection, spoken.who, topic, uris, keys, ask)
    spoken.reply.say(_SAY[done], pack=topic)
    return True


def answer_question(spoken: Spoken) -> bool:
    """Yes and no, which mean nothing unless a question is open."""
    slug = open_question(spoken.ctx, spoken.connection, spoken.who)
    if slug is None:
        return False
    if spoken.command.verb is Verb.NO:
        packs.leave(spoken.ctx, spoken.connection, spoken.who, slug)
        spoken.reply.say("pack_left", pack=slug)
    elif packs.join(spoken.ctx, spoken.connection, spoken.who, slug):
        spoken.reply.say("pack_yes", pack=slug)
    else:
        spoken.reply.say("pack_unknown", pack=slug)
    return True


def is_asked(ctx: Context, connection: Connection, uri: str) -> bool:
    return open_question(ctx, connection, uri) is not None


def _key(text: str) -> str | None:
    try:
        return Handle.parse(text).key
    except ValueError:
        return None
