"""Leave for good, or see what is held, without an account here: by a one-time code.

Sent as a direct message and typed back; or whoever asks keeps the code and puts into the profile
only what is derived from it, since everybody reads a profile. Either way only who controls the
account can bring both together.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from html import escape
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Actor, Handle
from discover.model.fetched import FetchError
from discover.model.observed import HostTurn, Observation, Outcome
from discover.model.words import N_, Sentence
from discover.policy.consent import ServerFacts, decide_server
from discover.policy.origin import host_of
from discover.ports import Fetcher
from discover.services.consent import held
from discover.services.consent.withdraw import forget_person
from discover.services.consent.your_data import your_data
from discover.services.context import Context
from discover.services.crawl.visiting.documents import Document, fetch_document
from discover.services.crawl.visiting.handles import NoAnswer, look_up, prove_handle
from discover.services.crawl.visiting.tools import Tools
from discover.services.facts import load_servers, people_who_asked, suppressed
from discover.services.federation import sent_notes
from discover.store.database import table
from discover.store.tables import Account, Follower, RemoteKey, RemovalCode
from discover.wire.actor import parse_actor
from discover.wire.documents import ParseError
from discover.wire.webfinger import Jrd

CODES = table(RemovalCode)

VALID = timedelta(hours=1)
# Each try of a right code makes us ask the person's server. A wrong one costs nobody else anything:
# nobody guesses a hundred bits.
MOST_TRIES = 5
# Messages that wait for their answer; they bother people. Nothing else counts, or strangers could
# keep somebody from leaving.
MOST_OF_PERSON = 3
MOST_OF_HOST = 30
MOST_AT_ONCE = 2000
LATER = 600  # seconds
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like another
_FOR_PROFILE = "secret-"  # how a code begins of which a half belongs into the profile
_CODE = 20  # characters, about 99 bits
_PUBLISHED = 12  # characters of what stands in the profile; there is no way back to the code


class Way(StrEnum):
    MESSAGE = "message"
    PROFILE = "profile"


class Purpose(StrEnum):
    REMOVE = "remove"
    DATA = "data"


class Why(StrEnum):
    """Why something is refused, for the status of the answer."""

    NO_HANDLE = "no handle"
    NOTHING_HELD = "nothing held"
    NOT_NOW = "not now"
    NO_PROOF = "no proof"


class Refused(Exception):
    """A plain sentence for the person who asked; `wait`: seconds until it may go better."""

    def __init__(self, why: Why, sentence: str, wait: int | None = None) -> None:
        super().__init__(sentence)
        self.why, self.sentence = why, sentence
        self.wait = LATER if wait is None and why is Why.NOT_NOW else wait


@dataclass(frozen=True, slots=True)
class Asked:
    """`code` confirms, and is None when it went as a message; `publish` belongs into the profile."""

    handle: Handle
    purpose: Purpose
    way: Way
    code: str | None
    publish: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Confirmed:
    """`data` is None when somebody was removed; then nothing is held any more."""

    handle: Handle
    purpose: Purpose
    data: dict[str, Any] | None


def ask(ctx: Context, handle: Handle, purpose: Purpose, way: Way) -> Asked:
    """Make a code. Raises Refused where there is nothing to do or too much was asked."""
    start = "waypost-" if way is Way.MESSAGE else _FOR_PROFILE
    code = start + "".join(secrets.choice(_ALPHABET) for _ in range(_CODE))
    with ctx.database.write() as connection:
        now = ctx.clock.now()
        connection.execute(sa.delete(CODES).where(CODES.c.expires_at <= now))
        _check_reach(ctx, connection, handle)
        if way is Way.MESSAGE:
            _check_room(connection, handle)
        who = held.person(ctx, connection, handle.key)
        uri = who.uris[0] if len(who.uris) == 1 else ""
        if way is Way.MESSAGE:
            uri = _send(ctx, connection, handle, purpose, code, now)
        row = {
            "digest": _digest(ctx, handle, code), "uri": uri, "handle_key": handle.key,
            "way": way.value, "purpose": purpose.value, "expires_at": now + VALID, "attempts": 0,
        }  # fmt: skip
        connection.execute(sa.insert(CODES), row)
    if way is Way.MESSAGE:
        return Asked(handle, purpose, way, None, None, now + VALID)
    return Asked(handle, purpose, way, code, published(code), now + VALID)


def published(code: str) -> str:
    """What a profile shows of a code."""
    derived = hashlib.sha256(f"in the profile: {code}".encode()).digest()
    return "waypost-" + "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in derived[:_PUBLISHED])


def half_of(typed: str) -> str | None:
    """What belongs into the profile for a code as somebody typed it; None if nothing does."""
    code = typed.strip().lower()
    return published(code) if code.startswith(_FOR_PROFILE) else None


async def confirm(
    ctx: Context,
    fetcher: Fetcher,
    handle: Handle,
    code: str,
    base_url: Callable[[str], str],
    may_ask: Callable[[str], bool],
) -> Confirmed:
    """Check the proof and do what was asked for. Raises Refused, and then nothing has happened.

    `base_url`: the scheme and host under which a host's own documents are found. `may_ask`: has
    this host been asked little enough of late?
    """
    code = code.strip().lower()
    row = await asyncio.to_thread(_try, ctx, handle, code, may_ask)
    uris = (row.uri,) if row.uri else ()
    if row.way == Way.PROFILE.value:
        actor = await _fetch(ctx, fetcher, handle, base_url)
        if not _shows(actor, published(code)):
            raise Refused(
                Why.NO_PROOF,
                Sentence(
                    "The code is not in the profile of @{handle} as its server shows it to us. Save"
                    " the profile with the code in the bio or in a field, and try again.",
                    handle=handle,
                ),
            )
        uris = (actor.uri,)
    return await asyncio.to_thread(_do, ctx, handle, row, uris)


def _check_reach(ctx: Context, connection: Connection, handle: Handle) -> ServerFacts:
    """Only where we hold something or may visit anyway do we ask anybody's server."""
    server = load_servers(connection, [handle.host])[handle.host]
    if suppressed(connection, [ctx.digest(handle.key)]):
        raise Refused(
            Why.NOTHING_HELD,
            Sentence(
                "@{handle} has left for good; nothing but a keyed hash is held.", handle=handle
            ),
        )
    if not held.person(ctx, connection, handle.key).uris and not decide_server(server).allowed:
        raise Refused(
            Why.NOTHING_HELD,
            Sentence(
                "We hold nothing about @{handle}, and {host} has not opted in, so nothing will be.",
                handle=handle,
                host=handle.host,
            ),
        )
    if server.blocked or server.opted_out:
        raise Refused(
            Why.NO_PROOF,
            Sentence(
                "We do not speak with {host}, so its people cannot prove themselves there."
                " Please write to the operator.",
                host=handle.host,
            ),
        )
    return server


def _check_room(connection: Connection, handle: Handle) -> None:
    """Messages reach others, so they are bounded; the way by the profile always stays open."""
    mine = CODES.c.handle_key == handle.key
    hosts = CODES.c.handle_key.endswith(f"@{handle.host}", autoescape=True)
    for which, most in ((mine, MOST_OF_PERSON), (hosts, MOST_OF_HOST), (sa.true(), MOST_AT_ONCE)):
        waiting = connection.scalar(
            sa.select(sa.func.count())
            .select_from(CODES)
            .where(CODES.c.way == Way.MESSAGE.value, which)
        )
        if (waiting or 0) >= most:
            raise Refused(
                Why.NOT_NOW,
                N_(
                    "Too many messages wait for their answer. Put a code into the profile instead;"
                    " that way is open."
                ),
            )


def _digest(ctx: Context, handle: Handle, code: str) -> str:
    return ctx.digest(f"removal code {code} of {handle.key}")


def _try(ctx: Context, handle: Handle, code: str, may_ask: Callable[[str], bool]) -> Any:
    """The code's row, with one try less. A wrong code costs nobody a try."""
    this = CODES.c.digest == _digest(ctx, handle, code)
    with ctx.database.write() as connection:
        row = connection.execute(
            sa.select(CODES).where(this, CODES.c.expires_at > ctx.clock.now())
        ).first()
        if row is None:
            raise Refused(
                Why.NO_PROOF, N_("This code was not given out for this account, or has expired.")
            )
        if row.attempts >= MOST_TRIES:
            raise Refused(Why.NOT_NOW, N_("This code was tried too often. Ask for a new one."))
        if row.way == Way.PROFILE.value and not may_ask(handle.host):
            raise Refused(
                Why.NOT_NOW,
                Sentence(
                    "{host} was asked often just now. Try again in a minute.", host=handle.host
                ),
                60,
            )
        connection.execute(sa.update(CODES).where(this).values(attempts=CODES.c.attempts + 1))
    return row


def _do(ctx: Context, handle: Handle, row: Any, uris: tuple[str, ...]) -> Confirmed:
    purpose = Purpose(row.purpose)
    with ctx.database.write() as connection:
        once = connection.execute(sa.delete(CODES).where(CODES.c.digest == row.digest)).rowcount
    if not once:
        raise Refused(Why.NO_PROOF, N_("This code was used already."))
    if purpose is Purpose.DATA:
        return Confirmed(handle, purpose, your_data(ctx, handle, *uris))
    forget_person(ctx, handle, *uris)
    return Confirmed(handle, purpose, None)


async def _nowhere(_seen: Observation) -> Outcome:
    return Outcome()


async def _fetch(
    ctx: Context, fetcher: Fetcher, handle: Handle, base_url: Callable[[str], str]
) -> Actor:
    """The actor of this handle, from its own server, confirmed both ways. Nothing is kept."""
    turn = await asyncio.to_thread(_turn, ctx, handle)
    tools = Tools(fetcher=fetcher, sink=_nowhere, clock=ctx.clock, base_url=base_url)
    known: dict[str, Jrd] = {}
    try:
        jrd = await look_up(tools, handle, turn)
        if isinstance(jrd, NoAnswer) or jrd.self_uri is None:
            raise _cannot(handle)
        known[handle.key] = jrd
        got = await fetch_document(fetcher, jrd.self_uri, solicited=turn.solicited)
        if not isinstance(got, Document):
            raise _cannot(handle)
        actor = parse_actor(got.doc)
        proven = await prove_handle(tools, actor, turn, known)
    except (FetchError, ParseError):
        raise _cannot(handle) from None
    if isinstance(proven, NoAnswer) or proven.key != handle.key:
        raise Refused(
            Why.NO_PROOF,
            Sentence(
                "The server does not confirm that @{handle} is the account it shows.", handle=handle
            ),
        )
    return actor


def _turn(ctx: Context, handle: Handle) -> HostTurn:
    with ctx.database.read() as connection:
        server = _check_reach(ctx, connection, handle)
        solicited = decide_server(server).allowed or bool(people_who_asked(connection, handle.host))
    now = ctx.clock.now()
    return HostTurn(
        host=handle.host, lease="", lease_until=now, solicited=solicited, server_due=False,
        software=server.software, not_before=None,
    )  # fmt: skip


def _cannot(handle: Handle) -> Refused:
    return Refused(
        Why.NOT_NOW,
        Sentence(
            "{host} did not show us the profile of @{handle}. Try again later.",
            host=handle.host,
            handle=handle,
        ),
    )


def _shows(actor: Actor, code: str) -> bool:
    texts = [actor.summary, *(text for row in actor.fields for text in (row.name, row.value))]
    return any(code in text.lower() for text in texts)


def _send(
    ctx: Context, connection: Connection, handle: Handle, purpose: Purpose, code: str, now: datetime
) -> str:
    """The code as a direct message, queued. Returns the actor's URI."""
    for model, name in ((Account, "uri"), (Follower, "actor"), (RemoteKey, "actor")):
        source = table(model)
        row = connection.execute(
            sa.select(source.c[name].label("uri"), source.c.inbox).where(
                source.c[name].in_(held.person(ctx, connection, handle.key).uris),
                source.c.inbox.is_not(None),
            )
        ).first()
        if row is not None and host_of(row.inbox) == host_of(row.uri):
            message = _message(ctx, row.uri, handle, purpose, code, now)
            sent_notes.send(connection, message, row.inbox, now)
            return str(row.uri)
    raise Refused(
        Why.NO_PROOF,
        Sentence(
            "We do not know where to send a message to @{handle}. Put a code into the profile"
            " instead.",
            handle=handle,
        ),
    )


def _message(
    ctx: Context, uri: str, handle: Handle, purpose: Purpose, code: str, now: datetime
) -> dict[str, Any]:
    what = {
        Purpose.REMOVE: "to remove you from this index for good",
        Purpose.DATA: "for everything that this index holds about you",
    }[purpose]
    name, published = uuid.uuid4(), now.strftime("%Y-%m-%dT%H:%M:%SZ")
    content = (
        f'<p><a href="{escape(uri)}" class="u-url mention">@{escape(handle.user)}</a> somebody,'
        f" probably you, asked {what}. The code is <b>{code}</b>, good for an hour at"
        f" {escape(ctx.own_url)}/remove. If it was not you, do nothing.</p>"
    )
    note = {
        "id": f"{ctx.own_url}/notes/{name}", "type": "Note", "attributedTo": ctx.actor_uri,
        "to": [uri], "cc": [], "published": published, "content": content,
        "tag": [{"type": "Mention", "href": uri, "name": f"@{handle}"}],
    }  # fmt: skip
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{ctx.own_url}/activities/{name}", "type": "Create", "actor": ctx.actor_uri,
        "to": [uri], "cc": [], "published": published, "object": note,
    }  # fmt: skip
