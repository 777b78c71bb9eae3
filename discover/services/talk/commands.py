"""What people tell our actor to do, done at once and answered in their language.

The words come in a message that the person's own server signed, which is their origin. A command
is carried out and its answer queued in one transaction, so that nothing is confirmed that is not
true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.observed import Door
from discover.policy.consent import (
    CLOCK_SKEW,
    AccountFacts,
    PersonAct,
    PersonFacts,
    decide_account,
)
from discover.policy.origin import host_of, likely_handle_key
from discover.services.consent import aliases, history, outs, suppressions
from discover.services.consent.decisions import decisions_to_json
from discover.services.consent.verdict_now import verdict_now
from discover.services.consent.withdraw import (
    POSTS,
    VERDICTS,
    VISITS,
    withdraw_account,
    withdraw_post_ids,
    withdraw_posts,
)
from discover.services.consent.withdrawals import Because
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, PERSONS, load_servers
from discover.services.federation import following, pushes, sent_notes
from discover.services.find.pack_proposals import MOST_NAMED
from discover.services.index import outbox
from discover.services.talk import pack_words, server_words
from discover.services.talk.answers import Reply, choose_language, direct_note
from discover.services.talk.spoken import Spoken
from discover.services.talk.suggest_command import people_for
from discover.store.database import table, upsert
from discover.store.tables import CommandRow, PersonRow, Task
from discover.wire.command_words import Verb
from discover.wire.commands import Message, parse, read_message, said
from discover.wire.hashtags import fold

if TYPE_CHECKING:
    from discover.services.federation.inbox import Received

_ANSWERS = table(CommandRow)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MOST_OF_PERSON = 20  # answers in an hour
MOST_OF_HOST = 200
# Beside our actor. A message to more people is a conversation, not a command.
MOST_OTHERS = 1
# By then somebody who came in has been visited.
_SOON = timedelta(seconds=20)
_ACTS = {
    Verb.IN: PersonAct.IN,
    Verb.IN_PROFILE: PersonAct.IN_PROFILE,
    Verb.ONLY: PersonAct.IN_TAGS,
}


def handle(ctx: Context, connection: Connection, received: Received) -> None:
    """A Create whose object mentions or addresses our actor; ignored unless it is a command.

    Beyond the rate limit, and in a message to many, nothing is done but an opt-out: a no always
    counts.
    """
    message = read_message(received.activity, ctx.actor_uri)
    if message is None or not _is_own_word(ctx, connection, message, received):
        return
    message = replace(message, heard_at=received.at)
    text = said(message.html, message.mentioned)
    command = parse(text, ctx.actor_name)
    if command is not None and command.verb in (Verb.YES, Verb.NO):
        # Said by the way unless somebody asked.
        asked = pack_words.is_asked(ctx, connection, message.author)
        command = command if asked else None
    now = ctx.clock.now()
    limited = _is_limited(ctx, connection, message.author, received.signer_host, now)
    leaving = command is not None and command.verb in (
        Verb.OUT,
        Verb.SERVER_OUT,
        Verb.PACK_OUT,
        Verb.NO,
    )
    # Whoever is named in a proposal may be addressed by it, too.
    proposing = command is not None and command.verb is Verb.PACK_PROPOSE
    most = MOST_NAMED if proposing else MOST_OTHERS
    if (limited or message.others > most) and not leaving:
        return
    if command is None and not _may_be_helped(ctx, connection, message.author, now):
        return
    reply = Reply(choose_language(command, message.language, text))
    if command is None:
        reply.help("not_understood", ctx.own_url)
    elif not _DO[command.verb](Spoken(ctx, connection, message, command, reply, now)):
        return
    if not limited:
        # Their server may be out by now, and this is how they learn that it was heard.
        last_word = command is not None and command.verb is Verb.SERVER_OUT
        _send(ctx, connection, message, received, reply, now, last_word=last_word)


def take_back(ctx: Context, connection: Connection, received: Received) -> None:
    """The same, of a server that is out by its contact account's word: only to say in again.

    Nothing else is heard, and nothing answered while it is out.
    """
    message = read_message(received.activity, ctx.actor_uri)
    if message is None or not _is_own_word(ctx, connection, message, received):
        return
    command = parse(said(message.html, message.mentioned), ctx.actor_name)
    if command is not None and command.verb in server_words.BACK:
        handle(ctx, connection, received)


def _is_own_word(
    ctx: Context, connection: Connection, message: Message, received: Received
) -> bool:
    """Of a person, signed by that very person's server; not of ourselves and not of a robot."""
    host = host_of(message.author)
    if message.author != received.signer_actor or host != received.signer_host:
        return False
    if received.automated or host is None or host == host_of(ctx.own_url):
        return False
    robot = sa.select(ACCOUNTS.c.uri).where(
        ACCOUNTS.c.uri == message.author, ACCOUNTS.c.type.in_(("Service", "Application"))
    )
    return connection.execute(robot).first() is None


def _is_limited(ctx: Context, connection: Connection, uri: str, host: str, now: datetime) -> bool:
    connection.execute(sa.delete(_ANSWERS).where(_ANSWERS.c.at < now - 2 * DAY))

    def answered(which: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).where(which, _ANSWERS.c.at > now - HOUR)
        return connection.scalar(query) or 0

    return (
        answered(_ANSWERS.c.person == ctx.digest(uri)) >= MOST_OF_PERSON
        or answered(_ANSWERS.c.host == host) >= MOST_OF_HOST
    )


def _may_be_helped(ctx: Context, connection: Connection, uri: str, now: datetime) -> bool:
    """Once a day for whoever is not understood: two robots never talk for long."""
    name = ctx.digest(f"help {uri}")
    helped = connection.execute(
        sa.select(_ANSWERS.c.id).where(_ANSWERS.c.person == name, _ANSWERS.c.at > now - DAY)
    ).first()
    if helped is None:
        connection.execute(sa.insert(_ANSWERS), {"person": name, "host": "", "at": now})
    return helped is None


def _send(
    ctx: Context,
    connection: Connection,
    message: Message,
    received: Received,
    reply: Reply,
    now: datetime,
    *,
    last_word: bool,
) -> None:
    if not received.inbox or host_of(received.inbox) != received.signer_host:
        return
    known = connection.scalar(sa.select(ACCOUNTS.c.handle).where(ACCOUNTS.c.uri == message.author))
    activity = direct_note(ctx, message, reply, now, known or None)
    row = {"person": ctx.digest(message.author), "host": received.signer_host, "at": now}
    connection.execute(sa.insert(_ANSWERS), row)
    sent_notes.send(
        connection, activity, received.inbox, now, about=reply.named, last_word=last_word
    )


# Each of these does one command and says so in the reply. False: nothing was done, say nothing.
Doing = Callable[[Spoken], bool]


def _come_in(spoken: Spoken) -> bool:
    ctx, connection, now = spoken.ctx, spoken.connection, spoken.now
    uri, act = spoken.who, _ACTS[spoken.command.verb]
    if _is_overtaken(spoken):
        return False
    tags = [fold(tag) for tag in spoken.command.tags]
    _keep_act(spoken, act, tags)
    _lift_suppression(spoken)
    _narrow(spoken, act, tags)
    pushes.look_at_who_asked(connection, uri, now)
    if ctx.follow_people:  # soon after that visit, not with the next round
        task = {"kind": "follows", "key": "", "payload": {}, "due_at": now + _SOON}
        upsert(connection, Task, [task], key=["kind", "key"])
    shown = " ".join(f"#{tag}" for tag in tags)
    spoken.reply.say(
        {PersonAct.IN: "in", PersonAct.IN_PROFILE: "in_profile"}.get(act, "only"), tags=shown
    )
    spoken.reply.still_needed(verdict_now(ctx, connection, uri, now))
    spoken.reply.say("leave")
    return True


def _is_overtaken(spoken: Spoken) -> bool:
    """Was it written before they left, and only late on its way? Their own clock is compared with
    itself where it can be, with ours where they left by another way than a message.
    """
    ctx, connection, uri = spoken.ctx, spoken.connection, spoken.who
    written = spoken.message.published
    if written is None:
        return False
    before = connection.execute(sa.select(PERSONS).where(PERSONS.c.uri == uri)).first()
    if before is not None:
        out = before.act == PersonAct.OUT.value and written <= (before.said_at or before.at)
        if out or (before.blocked_us and written <= before.at):
            return True
    names = [one for one in (uri, likely_handle_key(uri)) if one]
    left = suppressions.left_at(ctx, connection, names)
    return left is not None and written <= left


def _keep_act(spoken: Spoken, act: PersonAct, tags: list[str]) -> None:
    row = {
        "uri": spoken.who, "act": act.value, "tags": tags, "blocked_us": False, "at": spoken.now,
        "said_at": _said_at(spoken), "source": spoken.message.uri,
    }  # fmt: skip
    blocked = spoken.connection.scalar(
        sa.select(PERSONS.c.blocked_us).where(PERSONS.c.uri == spoken.who)
    )
    # A block is taken back by its Undo, which names it, and not by the way.
    columns = ["act", "tags", "at", "said_at"] + ([] if blocked else ["source"])
    upsert(spoken.connection, PersonRow, [row], key=["uri"], update=columns)


def _said_at(spoken: Spoken) -> datetime | None:
    """A clock that is far ahead would keep them from ever coming back."""
    written = spoken.message.published
    return written if written is None or written <= spoken.now + CLOCK_SKEW else spoken.now


def _lift_suppression(spoken: Spoken) -> None:
    """Only the person can come back after leaving for good, and that is who speaks here."""
    ctx, connection, uri = spoken.ctx, spoken.connection, spoken.who
    known = connection.scalars(sa.select(VERDICTS.c.handle_key).where(VERDICTS.c.uri == uri))
    # Nothing is kept of who left, not even the handle. All their names go by one, this is a guess.
    names = {one for one in (uri, likely_handle_key(uri), *known) if one}
    suppressions.lift(ctx, connection, sorted(names), spoken.now)
    if connection.scalar(sa.select(PERSONS.c.blocked_us).where(PERSONS.c.uri == uri)):
        # Which keeps them out, whatever else they say.
        outs.note(ctx, connection, "person", [uri], spoken.now)


def _narrow(spoken: Spoken, act: PersonAct, tags: list[str]) -> None:
    """What is held beyond the new act goes at once; what is missing is read anew."""
    connection, now, heard_at = spoken.connection, spoken.now, spoken.message.heard_at
    account_id = connection.scalar(sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == spoken.who))
    if account_id is None:
        return
    if act is PersonAct.IN_PROFILE:
        withdraw_posts(connection, account_id, now, Because("posts", heard_at))
    elif act is PersonAct.IN_TAGS:
        rows = connection.execute(
            sa.select(POSTS.c.id, POSTS.c.hashtags).where(POSTS.c.account_id == account_id)
        ).all()
        outside = [row.id for row in rows if not {*tags} & {*row.hashtags}]
        withdraw_post_ids(connection, outside, now, Because("post", heard_at))
    connection.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(read_at=None))
    outbox.note_whole_account(connection, account_id, now)


def _leave(spoken: Spoken) -> bool:
    ctx, connection, uri, now = spoken.ctx, spoken.connection, spoken.who, spoken.now
    because = Because("account", spoken.message.heard_at)
    _keep_act(spoken, PersonAct.OUT, [])
    outs.note(ctx, connection, "person", [uri], now)
    account = connection.execute(
        sa.select(ACCOUNTS.c.id, ACCOUNTS.c.handle_key).where(ACCOUNTS.c.uri == uri)
    ).first()
    if account is not None:
        withdraw_account(connection, account.id, now, because)
        connection.execute(sa.delete(VISITS).where(VISITS.c.handle_key == account.handle_key))
    for other in aliases.out_too(ctx, connection, uri, now):
        withdraw_account(connection, other, now, because)
    connection.execute(sa.delete(VISITS).where(VISITS.c.uri == uri))
    _forget_evidence(ctx, connection, uri, now)
    following.part(ctx, connection, uri)
    spoken.reply.say("out")
    return True


def _forget_evidence(ctx: Context, connection: Connection, uri: str, now: datetime) -> None:
    """Of the verdict only the no stays, so that "why" can tell it.

    Not even that where no handle leads to it: the person's own no is on record, and says it too.
    """
    host = host_of(uri) or ""
    facts = AccountFacts(
        server=load_servers(connection, [host])[host],
        signals=None,
        person=PersonFacts(act=PersonAct.OUT),
    )
    verdict = decide_account(facts, ctx.rules, now)
    row = {
        "answers": decisions_to_json(verdict), "seen": {}, "source": "",
        "door": Door.COMMAND.value, "seen_at": now, "rule_version": verdict.rule_version,
    }  # fmt: skip
    mine = VERDICTS.c.uri == uri
    kept = connection.execute(sa.select(VERDICTS.c.handle_key).where(mine)).first()
    if kept is None:
        return
    history.forget(connection, [uri])
    if kept.handle_key is None and likely_handle_key(uri) is None:
        connection.execute(sa.delete(VERDICTS).where(mine))
        return
    history.keep_change(connection, {**row, "uri": uri, "host": host})
    connection.execute(sa.update(VERDICTS).where(mine).values(**row))


def _tell_status(spoken: Spoken) -> bool:
    spoken.reply.status(verdict_now(spoken.ctx, spoken.connection, spoken.who, spoken.now))
    return True


def _tell_why(spoken: Spoken) -> bool:
    spoken.reply.why(
        verdict_now(spoken.ctx, spoken.connection, spoken.who, spoken.now), spoken.ctx.own_url
    )
    return True


def _suggest(spoken: Spoken) -> bool:
    people = people_for(spoken.ctx, spoken.command.topic, spoken.reply.language, spoken.who)
    if people:
        spoken.reply.say("suggestions", topic=spoken.command.topic)
        spoken.reply.people(people)
    else:
        spoken.reply.say("no_suggestions", topic=spoken.command.topic)
    return True


def _help(spoken: Spoken) -> bool:
    spoken.reply.help("help", spoken.ctx.own_url)
    return True


_DO: dict[Verb, Doing] = {
    Verb.IN: _come_in,
    Verb.IN_PROFILE: _come_in,
    Verb.ONLY: _come_in,
    Verb.OUT: _leave,
    Verb.STATUS: _tell_status,
    Verb.WHY: _tell_why,
    Verb.SUGGEST: _suggest,
    Verb.HELP: _help,
    **dict.fromkeys(server_words.VERBS, server_words.speak_for_server),
    **dict.fromkeys(pack_words.VERBS, pack_words.speak_of_packs),
    Verb.PACK_PROPOSE: pack_words.propose_pack,
    Verb.YES: pack_words.answer_question,
    Verb.NO: pack_words.answer_question,
}
