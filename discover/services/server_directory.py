"""Servers that are in reach, for people who look for one: "a server for you"."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from discover.model.instance import Registrations
from discover.policy.consent import decide_server
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, SERVERS, blocked_among, server_facts
from discover.services.proof_rows import PROOFS, statement_of
from discover.services.topics import ACCOUNT_TOPICS

# Counts of people are made anew at most so often: it takes a walk through whole tables.
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
    at: datetime
    people: dict[str, int]
    topics: dict[str, Counter[str]]
    languages: dict[str, Counter[str]]  # of people who are about a topic
    stated: dict[str, tuple[str, ...]]  # languages that the admin's own statement names


@dataclass(slots=True)
class ServerDirectory:
    """The directory of one process."""

    ctx: Context
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: _Counts | None = None

    def __call__(self, query: ServerQuery) -> ServerAnswer:
        """Whether a server is in reach is asked at this moment, its counts may be a minute old."""
        counts = self._counts()
        cards = [_card(row, counts, query) for row in self._in_reach()]
        found = [card for card in cards if _fits(card, query)]
        found.sort(key=_order(query.sort))
        return ServerAnswer(
            servers=tuple(found[query.offset : query.offset + query.limit]),
            total=len(found),
            languages=_tally(tag for card in cards for tag in card.languages),
            software=_tally(card.software for card in cards if card.software),
        )

    def _in_reach(self) -> list[Any]:
        with self.ctx.database.read() as connection:
            rows = connection.execute(sa.select(SERVERS)).all()
            blocked = blocked_among(connection, [row.host for row in rows])
        return [
            row
            for row in rows
            if row.host not in blocked and decide_server(server_facts(row)).allowed
        ]

    def _counts(self) -> _Counts:
        with self._lock:
            now = self.ctx.clock.now()
            if self._kept is None or now - self._kept.at >= KEPT:
                self._kept = self._count(now)
            return self._kept

    def _count(self, now: datetime) -> _Counts:
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
        with self.ctx.database.read() as connection:
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
        return _Counts(now, people, topics, languages, stated)


def _card(row: Any, counts: _Counts, query: ServerQuery) -> ServerCard:
    people = counts.people.get(row.host, 0)
    topics = counts.topics.get(row.host, Counter())
    # The admin's statement to us counts before what the software shows.
    tags = counts.stated.get(row.host) or row.languages
    said = tuple(dict.fromkeys(tag.partition("-")[0].lower() for tag in tags))
    written = counts.languages.get(row.host, Counter())
    fit = 0.0
    if query.topics and people:
        # Smoothed, so that one enthusiast alone is not a whole server of them.
        fit = min(1.0, sum(topics[one] for one in query.topics) / (people + 5))
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
        people=people,
        topics=tuple(sorted(topics.items(), key=lambda item: (-item[1], item[0]))[:_TOPICS_SHOWN]),
        since=row.recorded_at,
        fit=fit,
    )


def _registrations(row: Any) -> Registrations | None:
    if row.registrations is not None:
        return Registrations(row.registrations)
    if row.open_registrations is None:
        return None
    return Registrations.OPEN if row.open_registrations else Registrations.CLOSED


def _fits(card: ServerCard, query: ServerQuery) -> bool:
    if query.languages and not set(query.languages) & set(card.languages):
        return False
    if query.registrations and card.registrations not in query.registrations:
        return False
    if query.software and card.software != query.software:
        return False
    if query.topics and card.fit == 0:
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
