"""Servers that are in reach, for people who look for one: "a server for you"."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import Registrations, ServerOptIn
from discover.policy.consent import decide_server
from discover.policy.languages import covered, primary
from discover.services.consent.proof_rows import PROOFS, statement_of
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, SERVERS, blocked_among, server_facts
from discover.services.topics.catalogue import ACCOUNT_TOPICS

# All servers are looked at anew at most so often: it takes a walk through whole tables.
KEPT = timedelta(seconds=60)
_TOPICS_SHOWN = 8


class ServerSort(StrEnum):
    FIT = "fit"  # what was asked for first, then by people
    PEOPLE = "people"
    NAME = "name"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class ServerQuery:
    """`languages` are primary subtags, `topics` topic ids: any of them. `registrations` empty: all;
    a server that does not say is then left out only where something is asked for.
    """

    languages: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    registrations: tuple[Registrations, ...] = ()
    software: str = ""
    text: str = ""
    sort: ServerSort = ServerSort.FIT
    limit: int = 30
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ServerCard:
    """A server that is in reach. `people` and `topics` (id, people) count who is listed here."""

    host: str
    name: str
    description: str
    rules: tuple[str, ...]
    registrations: Registrations | None
    software: str | None
    version: str | None
    languages: tuple[str, ...]
    monthly_active: int | None
    people: int
    topics: tuple[tuple[str, int], ...]
    since: datetime | None  # on record
    fit: float = 0.0  # how many of its listed people are about what was asked for, 0..1


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    servers: tuple[ServerCard, ...]
    total: int
    languages: tuple[tuple[str, int], ...]  # of all servers in reach, with how many of them
    software: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class _Counts:
    people: dict[str, int]
    topics: dict[str, Counter[str]]
    languages: dict[str, Counter[str]]  # of people who are about a topic
    stated: dict[str, tuple[str, ...]]  # languages that the admin's own statement names


@dataclass(frozen=True, slots=True)
class _Known:
    """All servers as they were at a moment: enough to choose and to order a page of them."""

    at: datetime
    counts: _Counts
    cards: tuple[ServerCard, ...]  # without rules, which only a page shows
    languages: tuple[tuple[str, int], ...]
    software: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class ServerDirectory:
    """The directory of one process."""

    ctx: Context
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: _Known | None = None

    def __call__(self, query: ServerQuery) -> ServerAnswer:
        """Which servers there are may be a minute old. Those of the page are read anew, and
        whether they are in reach is asked at this moment.
        """
        known = self._known()
        found = [card for card in known.cards if _fits(card, query)]
        if query.topics:
            found = [
                replace(card, fit=fit)
                for card in found
                if (fit := _fit(card.host, known.counts, query)) > 0
            ]
        found.sort(key=_order(query.sort))
        page = found[query.offset : query.offset + query.limit]
        with self.ctx.database.read() as connection:
            rows = {
                row.host: row
                for row in _in_reach(connection, SERVERS.c.host.in_([card.host for card in page]))
            }
        shown = [
            replace(_card(rows[card.host], known.counts), fit=card.fit)
            for card in page
            if card.host in rows
        ]
        return ServerAnswer(
            servers=tuple(shown),
            total=len(found) - (len(page) - len(shown)),
            languages=known.languages,
            software=known.software,
        )

    def _known(self) -> _Known:
        with self._lock:
            now = self.ctx.clock.now()
            if self._kept is None or now - self._kept.at >= KEPT:
                self._kept = self._look(now)
            return self._kept

    def _look(self, now: datetime) -> _Known:
        with self.ctx.database.read() as connection:
            rows = _in_reach(connection, SERVERS.c.opt_in != ServerOptIn.NONE.value)
            counts = _count(connection)
        cards = tuple(replace(_card(row, counts), rules=()) for row in rows)
        return _Known(
            at=now,
            counts=counts,
            cards=cards,
            languages=_tally(tag for card in cards for tag in card.languages),
            software=_tally(card.software for card in cards if card.software),
        )


def _in_reach(connection: Connection, which: sa.ColumnElement[bool]) -> list[Any]:
    rows = connection.execute(sa.select(SERVERS).where(which)).all()
    blocked = blocked_among(connection, [row.host for row in rows])
    return [
        row for row in rows if row.host not in blocked and decide_server(server_facts(row)).allowed
    ]


def _count(connection: Connection) -> _Counts:
    people_of = sa.select(ACCOUNTS.c.host, sa.func.count().label("people"))
    topics_of = sa.select(
        ACCOUNTS.c.host,
        ACCOUNT_TOPICS.c.topic,
        ACCOUNT_TOPICS.c.languages,
        sa.func.count().label("people"),
    ).join(ACCOUNT_TOPICS, ACCOUNT_TOPICS.c.account_id == ACCOUNTS.c.id)
    shown = ACCOUNTS.c.hidden.is_(False)
    topics: dict[str, Counter[str]] = {}
    languages: dict[str, Counter[str]] = {}
    rows = connection.execute(people_of.where(shown).group_by(ACCOUNTS.c.host))
    people = {row.host: row.people for row in rows}
    rows = connection.execute(
        topics_of.where(shown).group_by(
            ACCOUNTS.c.host, ACCOUNT_TOPICS.c.topic, ACCOUNT_TOPICS.c.languages
        )
    )
    for row in rows:
        topics.setdefault(row.host, Counter())[row.topic] += row.people
        for tag in filter(None, row.languages.split(",")):
            languages.setdefault(row.host, Counter())[tag] += row.people
    stated = {
        row.host: said.languages
        for row in connection.execute(sa.select(PROOFS).order_by(PROOFS.c.kind))
        if (said := statement_of(row)) is not None and said.agrees and said.languages
    }
    return _Counts(people, topics, languages, stated)


def _fit(host: str, counts: _Counts, query: ServerQuery) -> float:
    """Smoothed, so that one enthusiast alone is not a whole server of them."""
    topics, people = counts.topics.get(host, Counter()), counts.people.get(host, 0)
    return min(1.0, sum(topics[one] for one in query.topics) / (people + 5))


def _card(row: Any, counts: _Counts) -> ServerCard:
    topics = counts.topics.get(row.host, Counter())
    # The admin's statement to us counts before what the software shows.
    tags = counts.stated.get(row.host) or row.languages
    said = tuple(dict.fromkeys(map(primary, tags)))
    written = counts.languages.get(row.host, Counter())
    return ServerCard(
        host=row.host,
        name=row.name or row.host,
        description=row.description,
        rules=tuple(row.rules),
        registrations=_registrations(row),
        software=row.software,
        version=row.version,
        # Where it does not say, what its people write in.
        languages=said or tuple(tag for tag, _ in written.most_common(3)),
        monthly_active=row.monthly_active,
        people=counts.people.get(row.host, 0),
        topics=tuple(sorted(topics.items(), key=lambda item: (-item[1], item[0]))[:_TOPICS_SHOWN]),
        since=row.recorded_at,
    )


def _registrations(row: Any) -> Registrations | None:
    if row.registrations is not None:
        return Registrations(row.registrations)
    if row.open_registrations is None:
        return None
    return Registrations.OPEN if row.open_registrations else Registrations.CLOSED


def _fits(card: ServerCard, query: ServerQuery) -> bool:
    if query.languages and not set(covered(query.languages)) & set(card.languages):
        return False
    if query.registrations and card.registrations not in query.registrations:
        return False
    if query.software and card.software != query.software:
        return False
    words = query.text.casefold().split()
    text = f"{card.host} {card.name} {card.description}".casefold()
    return all(word in text for word in words)


def _order(sort: ServerSort) -> Any:
    if sort is ServerSort.NAME:
        return lambda card: (card.name.casefold(), card.host)
    if sort is ServerSort.NEWEST:
        return lambda card: (-(card.since.timestamp() if card.since else 0), card.host)
    if sort is ServerSort.PEOPLE:
        return lambda card: (-card.people, card.host)
    return lambda card: (-card.fit, -card.people, card.host)


def _tally(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    counted: Counter[str] = Counter(values)
    return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
