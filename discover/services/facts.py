"""Rows to facts: what the consent decision is fed with, at every door."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import ActorType, ConsentSignals, Flag, SearchableBy
from discover.model.instance import RobotsState, ServerOptIn, ServerScope
from discover.model.post import Audience
from discover.policy.consent import AccountFacts, PersonAct, PersonFacts, PostFacts, ServerFacts
from discover.policy.origin import host_of, likely_handle_key
from discover.services.context import Context
from discover.store.database import chunks, table
from discover.store.lookup import Asked, Lookup, among, in_parts, together
from discover.store.tables import Account, BlockedHost, PersonRow, Post, Server, Suppression

SERVERS = table(Server)
PERSONS = table(PersonRow)
ACCOUNTS = table(Account)
POSTS = table(Post)
SUPPRESSIONS = table(Suppression)
BLOCKED = table(BlockedHost)

# What a person does to be listed
DELIBERATE = (PersonAct.IN.value, PersonAct.IN_PROFILE.value, PersonAct.IN_TAGS.value)

_NOBODY = PersonFacts()
_SUPPRESSED = PersonFacts(suppressed=True)

# The columns that facts are made of
SERVER_COLUMNS = (
    SERVERS.c.host, SERVERS.c.opt_in, SERVERS.c.scope, SERVERS.c.opted_out,
    SERVERS.c.blocked, SERVERS.c.robots, SERVERS.c.software,
)  # fmt: skip
ACCOUNT_FACTS = (
    ACCOUNTS.c.id, ACCOUNTS.c.uri, ACCOUNTS.c.host, ACCOUNTS.c.handle_key, ACCOUNTS.c.type,
    ACCOUNTS.c.signals, ACCOUNTS.c.evidence_at, ACCOUNTS.c.noindex_header,
    ACCOUNTS.c.last_post_at, ACCOUNTS.c.summary, ACCOUNTS.c.fields, ACCOUNTS.c.hashtags,
)  # fmt: skip
POST_FACTS = (
    POSTS.c.id, POSTS.c.uri, POSTS.c.account_id, POSTS.c.audience, POSTS.c.published,
    POSTS.c.searchable_by, POSTS.c.opt_out_tags, POSTS.c.hashtags, POSTS.c.sensitive,
    POSTS.c.content_warning,
)  # fmt: skip

# Statements are made once: to make one costs more than to run it.
_SERVERS_OF = Lookup(sa.select(*SERVER_COLUMNS).where(among(SERVERS.c.host)))
_PERSONS_OF = Lookup(
    sa.select(PERSONS.c.uri, PERSONS.c.act, PERSONS.c.tags, PERSONS.c.blocked_us).where(
        among(PERSONS.c.uri)
    )
)
_BLOCKED = Lookup(sa.select(BLOCKED.c.host).where(among(BLOCKED.c.host)))
_ANYBODY_LEFT = Lookup(sa.select(SUPPRESSIONS.c.digest).limit(1))
_LEFT_AMONG = sa.select(SUPPRESSIONS.c.digest).where(among(SUPPRESSIONS.c.digest))


def signals_to_json(signals: ConsentSignals) -> dict[str, Any]:
    """Compact: what is absent or false is left out."""
    seen: dict[str, Any] = {
        "discoverable": signals.discoverable.value,
        "indexable": signals.indexable.value,
    }
    if signals.noindex is not Flag.ABSENT:
        seen["noindex"] = signals.noindex.value
    for name in ("locked", "suspended", "memorial", "hidden_from_strangers", "reduced"):
        if getattr(signals, name):
            seen[name] = True
    if signals.moved_to:
        seen["moved_to"] = signals.moved_to
    if signals.opt_out_tags:
        seen["opt_out_tags"] = list(signals.opt_out_tags)
    if signals.searchable_by is not SearchableBy.UNSAID:
        seen["searchable_by"] = signals.searchable_by.value
    if signals.posts_hidden_before:
        seen["posts_hidden_before"] = signals.posts_hidden_before.timestamp()
    if signals.software_hint:
        seen["software_hint"] = signals.software_hint
    return seen


@lru_cache(maxsize=32)
def _two_flags(discoverable: str, indexable: str) -> ConsentSignals:
    return ConsentSignals(discoverable=Flag(discoverable), indexable=Flag(indexable))


def signals_from_json(seen: Mapping[str, Any]) -> ConsentSignals:
    if len(seen) == 2 and "discoverable" in seen and "indexable" in seen:
        return _two_flags(seen["discoverable"], seen["indexable"])  # nearly everybody
    hidden_before = seen.get("posts_hidden_before")
    return ConsentSignals(
        discoverable=Flag(seen.get("discoverable", "absent")),
        indexable=Flag(seen.get("indexable", "absent")),
        noindex=Flag(seen.get("noindex", "absent")),
        locked=bool(seen.get("locked")),
        suspended=bool(seen.get("suspended")),
        memorial=bool(seen.get("memorial")),
        moved_to=seen.get("moved_to"),
        opt_out_tags=tuple(seen.get("opt_out_tags", ())),
        searchable_by=SearchableBy(seen.get("searchable_by", "unsaid")),
        hidden_from_strangers=bool(seen.get("hidden_from_strangers")),
        posts_hidden_before=(
            datetime.fromtimestamp(hidden_before, UTC) if hidden_before is not None else None
        ),
        reduced=bool(seen.get("reduced")),
        software_hint=seen.get("software_hint"),
    )


def server_facts(row: Any) -> ServerFacts:
    """From a row (or mapping) with SERVER_COLUMNS."""
    return ServerFacts(
        host=row.host,
        opt_in=ServerOptIn(row.opt_in),
        scope=ServerScope(row.scope),
        opted_out=row.opted_out,
        blocked=row.blocked,
        robots=RobotsState(row.robots),
        software=row.software,
    )


def load_servers(connection: Connection, hosts: Iterable[str]) -> dict[str, ServerFacts]:
    """Facts for each host; a host that is not on record has none of the good ones."""
    hosts = set(hosts)
    asked = _of_servers(hosts)
    return _servers(hosts, *together(connection, *asked))


def load_facts(
    ctx: Context, connection: Connection, rows: Iterable[Any]
) -> tuple[dict[str, ServerFacts], dict[str, PersonFacts]]:
    """`load_servers` and `load_persons` at once, of rows with ACCOUNT_FACTS."""
    names = {row.uri: row.handle_key for row in rows}
    hosts = {row.host for row in rows}
    on_record, blocked, persons, left = together(
        connection, *_of_servers(hosts), *_of_persons(names)
    )
    found = _persons(ctx, connection, names, persons, anybody_left=bool(left))
    return _servers(hosts, on_record, blocked), found


def _of_servers(hosts: Collection[str]) -> list[Asked]:
    names = {name for host in hosts for name in _names_of(host)}
    return [(_SERVERS_OF, in_parts(hosts)), (_BLOCKED, in_parts(names))]


def _servers(
    hosts: Iterable[str], on_record: Iterable[Any], blocked: Iterable[Any]
) -> dict[str, ServerFacts]:
    found = {host: ServerFacts(host) for host in hosts}
    for row in on_record:
        found[row.host] = server_facts(row)
    for host in _below(found, blocked):
        found[host] = replace(found[host], blocked=True)
    return found


def blocked_among(connection: Connection, hosts: Iterable[str]) -> set[str]:
    """Which of these hosts a blocklist names, or names a parent domain of."""
    hosts = set(hosts)
    names = {name for host in hosts for name in _names_of(host)}
    return _below(hosts, _BLOCKED(connection, names))


def _below(hosts: Iterable[str], blocked: Iterable[Any]) -> set[str]:
    named = {row.host for row in blocked}
    if not named:
        return set()
    return {host for host in hosts if not named.isdisjoint(_names_of(host))}


@lru_cache(maxsize=8192)
def _names_of(host: str) -> tuple[str, ...]:
    """The host without its port, and every domain above it that has a dot."""
    labels = host.partition(":")[0].split(".")
    longer = max(1, len(labels) - 1)
    return tuple(".".join(labels[start:]) for start in range(longer))


def load_persons(
    ctx: Context, connection: Connection, names: Mapping[str, str | None]
) -> dict[str, PersonFacts]:
    """Facts for each actor URI in `names` (URI -> handle key, if known).

    Of whoever is known by address only, the handle that it usually goes with counts as theirs: they
    may have left before anybody saw which address their handle leads to.
    """
    persons, left = together(connection, *_of_persons(names))
    return _persons(ctx, connection, names, persons, anybody_left=bool(left))


def _of_persons(names: Collection[str]) -> list[Asked]:
    return [(_PERSONS_OF, in_parts(names)), (_ANYBODY_LEFT, [{}] if names else [])]


def _persons(
    ctx: Context,
    connection: Connection,
    names: Mapping[str, str | None],
    rows: Iterable[Any],
    *,
    anybody_left: bool,
) -> dict[str, PersonFacts]:
    found = dict.fromkeys(names, _NOBODY)
    for row in rows:
        found[row.uri] = PersonFacts(
            act=PersonAct(row.act), tags=frozenset(row.tags), blocked_us=row.blocked_us
        )
    if not anybody_left:
        return found
    digests: dict[str, list[str]] = {}  # one handle may lead to several addresses
    for uri, handle in names.items():
        for name in (uri, handle or likely_handle_key(uri)):
            if name:
                digests.setdefault(ctx.digest(name), []).append(uri)
    for digest in suppressed(connection, digests):
        found.update(dict.fromkeys(digests[digest], _SUPPRESSED))
    return found


def suppressed(connection: Connection, digests: Iterable[str]) -> set[str]:
    """Which of these digests are on the suppression list."""
    found: set[str] = set()
    for part in chunks(list(digests)):
        found.update(connection.scalars(_LEFT_AMONG, {"among": part}))
    return found


def people_who_asked(connection: Connection, host: str) -> list[str]:
    """Actor URIs of those on this host who opted in by a deliberate act of their own."""
    rows = connection.scalars(
        sa.select(PERSONS.c.uri).where(
            PERSONS.c.uri.like(f"http%://{host}/%"),
            PERSONS.c.act.in_(DELIBERATE),
            PERSONS.c.blocked_us.is_(False),
        )
    )
    return [uri for uri in rows if host_of(uri) == host]


def account_facts(row: Any, server: ServerFacts, person: PersonFacts) -> AccountFacts:
    """From a row with ACCOUNT_FACTS."""
    return AccountFacts(
        server=server,
        person=person,
        signals=signals_from_json(row.signals),
        actor_type=ActorType(row.type),
        evidence_at=row.evidence_at,
        noindex_header=row.noindex_header,
        last_post_at=row.last_post_at,
        empty_profile=not row.summary and not row.fields,
        hashtags=tuple(row.hashtags),
    )


def post_facts(row: Any, author_uri: str) -> PostFacts:
    """From a row with POST_FACTS."""
    return PostFacts(
        uri=row.uri,
        author=author_uri,
        audience=Audience(row.audience),
        published=row.published,
        searchable_by=SearchableBy(row.searchable_by),
        opt_out_tags=tuple(row.opt_out_tags),
        hashtags=tuple(row.hashtags),
        sensitive=row.sensitive or bool(row.content_warning),
    )
