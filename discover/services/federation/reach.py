"""Who may be looked at because of a push: those we hold, whose server opted in, or who did.

Most of what is pushed speaks of people who never asked for us, so a whole group of activities is
judged with a handful of queries before any of them is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.consent import (
    PersonAct,
    PersonFacts,
    ServerFacts,
    decide_server,
    must_purge,
)
from discover.policy.origin import addresses_above, host_of
from discover.services.context import Context
from discover.services.facts import (
    ACCOUNTS,
    DELIBERATE,
    PERSONS,
    POSTS,
    load_persons,
    load_servers,
)
from discover.store.lookup import Lookup, among
from discover.wire.jsonld import as_id, types
from discover.wire.received import object_uri, pushed_post

if TYPE_CHECKING:
    from discover.services.federation.inbox import Received

_HELD_POSTS = Lookup(sa.select(POSTS.c.uri).where(among(POSTS.c.uri)))
_HELD_ACCOUNTS = Lookup(sa.select(ACCOUNTS.c.uri).where(among(ACCOUNTS.c.uri)))
# Of these only what we hold is anything to us; those speak of a post, which may be a new one.
_HELD_ONLY = frozenset({"Delete", "Like", "Add", "Remove"})
_PUSHED = frozenset({"Create", "Update", "Announce"})

_ASKED = Lookup(
    sa.select(PERSONS.c.uri).where(
        among(PERSONS.c.uri), PERSONS.c.act.in_(DELIBERATE), PERSONS.c.blocked_us.is_(False)
    )
)


@dataclass(frozen=True, slots=True)
class _Question:
    """What has to be known to say whether an activity is anything to us."""

    held: tuple[str, ...] = ()  # one of these is ours
    people: tuple[str, ...] = ()  # or one of these may be looked at
    post: str | None = None  # or this, which does not say whose it is


@dataclass(frozen=True, slots=True)
class _Known:
    held: set[str]
    servers: dict[str, ServerFacts]
    persons: dict[str, PersonFacts]
    asked: set[str]
    in_reach: dict[str, bool] = field(default_factory=dict)  # of people, once it was asked


def concerning(ctx: Context, connection: Connection, group: Sequence[Received]) -> list[bool]:
    """Would any handler (services.federation.pushes) do anything about these? In their order."""
    questions = [_question(received) for received in group]
    known = _look_up(ctx, connection, questions)
    return [_is_ours(known, question) for question in questions]


def holds(connection: Connection, uri: str) -> bool:
    return bool(_HELD_POSTS(connection, [uri]) or _HELD_ACCOUNTS(connection, [uri]))


def may_look(ctx: Context, connection: Connection, uri: str) -> bool:
    """May a post be fetched to learn whose it is?

    Where the server has opted in; elsewhere only below the address of a person who has.
    """
    question = _Question(post=uri)
    return _is_ours(_look_up(ctx, connection, [question]), question)


def may_look_at_person(ctx: Context, connection: Connection, uri: str) -> bool:
    """Is this person in reach: by their server's opt-in, or by their own deliberate act?"""
    question = _Question(people=(uri,))
    return _is_ours(_look_up(ctx, connection, [question]), question)


def in_reach(
    ctx: Context, connection: Connection, *, people: Iterable[str] = (), posts: Iterable[str] = ()
) -> set[str]:
    """Which of these URIs are ours already or may be looked at; asked together."""
    questions = {uri: _Question(held=(uri,), people=(uri,)) for uri in people}
    questions |= {uri: _Question(held=(uri,), post=uri) for uri in posts}
    known = _look_up(ctx, connection, questions.values())
    return {uri for uri, question in questions.items() if _is_ours(known, question)}


def asked_themselves(ctx: Context, connection: Connection, uris: Iterable[str]) -> set[str]:
    """Which are people who asked for us by an act of their own, or stand below their addresses.

    Whatever their server says of itself, unless it is out or blocked.
    """
    above = {uri: [uri, *addresses_above(uri)] for uri in uris}
    asked = {row.uri for row in _ASKED(connection, {up for ups in above.values() for up in ups})}
    asked -= {
        uri
        for uri, one in load_persons(ctx, connection, dict.fromkeys(asked)).items()
        if one.suppressed
    }
    servers = load_servers(connection, {host for uri in asked if (host := host_of(uri))})
    asked = {uri for uri in asked if not _is_refused(servers.get(host_of(uri) or ""))}
    return {uri for uri, ups in above.items() if not asked.isdisjoint(ups)}


def held_among(connection: Connection, uris: Iterable[str]) -> set[str]:
    """Which of these we hold, as a post or an account."""
    wanted = list(uris)
    found = (_HELD_POSTS(connection, wanted), _HELD_ACCOUNTS(connection, wanted))
    return {row.uri for rows in found for row in rows}


def _question(received: Received) -> _Question:
    activity = received.activity
    object_, target = object_uri(activity), as_id(activity.get("target"))
    held = [received.actor, object_, target]
    people: list[str | None] = [received.actor, target]
    post = None
    kinds = types(activity)
    if not _HELD_ONLY.isdisjoint(kinds):
        people = []
    elif not _PUSHED.isdisjoint(kinds):
        uri, author = pushed_post(activity)
        held.append(uri)
        people = [author, object_ if "Update" in kinds else None]
        if author is None and uri is not None:
            post, people = uri, []
    return _Question(tuple(filter(None, held)), tuple(filter(None, people)), post)


def _look_up(ctx: Context, connection: Connection, questions: Iterable[_Question]) -> _Known:
    held = {uri for question in questions for uri in question.held}
    found = {
        row.uri for lookup in (_HELD_POSTS, _HELD_ACCOUNTS) for row in lookup(connection, held)
    }
    # Of what we hold anyway nothing else is asked.
    open_ = [one for one in questions if found.isdisjoint(one.held)]
    people = {uri for question in open_ for uri in question.people}
    posts = {question.post for question in open_ if question.post is not None}
    above = {up for uri in posts for up in addresses_above(uri)}
    hosts = {host for uri in people | posts if (host := host_of(uri)) is not None}
    return _Known(
        held=found,
        servers=load_servers(connection, hosts),
        persons=load_persons(ctx, connection, dict.fromkeys(people | above)),
        asked={row.uri for row in _ASKED(connection, above)},
    )


def _is_ours(known: _Known, question: _Question) -> bool:
    if not known.held.isdisjoint(question.held):
        return True
    if question.post is not None and _may_look(known, question.post):
        return True
    for uri in question.people:
        if uri not in known.in_reach:
            known.in_reach[uri] = _may_look_at_person(known, uri)
        if known.in_reach[uri]:
            return True
    return False


def _may_look(known: _Known, uri: str) -> bool:
    host = host_of(uri)
    server = known.servers.get(host) if host else None
    if server is None or _is_refused(server):
        return False
    above = addresses_above(uri)
    if any(_said_no(known.persons[up]) for up in above):
        return False
    return _has_in(server) or any(up in known.asked for up in above)


def _may_look_at_person(known: _Known, uri: str) -> bool:
    host = host_of(uri)
    server = known.servers.get(host) if host else None
    if server is None or _is_refused(server):
        return False
    person = known.persons[uri]
    if _said_no(person):
        return False
    return person.act.value in DELIBERATE or _has_in(server)


def _said_no(person: PersonFacts) -> bool:
    return person.suppressed or person.blocked_us or person.act is PersonAct.OUT


def _is_refused(server: ServerFacts | None) -> bool:
    return server is None or server.blocked or server.opted_out


def _has_in(server: ServerFacts) -> bool:
    """Also while its robots.txt is still to be read, or cannot be: that comes before any visit."""
    return not must_purge(decide_server(server))
