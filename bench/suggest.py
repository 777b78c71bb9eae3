"""Milliseconds of a suggestion, against the bare database asked for the same likeness."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, chain, islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bench.editions import EDITIONS, Parts, opened
from bench.measure import Goal, Result, median, percentile
from discover.bootstrap import App
from discover.model.suggestions import SuggestionRequest
from discover.policy import similarity as policy
from discover.policy.similarity import Pool
from discover.services.consent.withdraw import INTERACTIONS
from discover.services.facts import ACCOUNTS, POSTS, SERVERS
from discover.services.suggest.similarity import TRAITS
from discover.services.suggest.suggesting import suggest
from discover.services.topics.catalogue import catalogue
from discover.store.database import Database

LIMIT = 20
_WARM, _BARE_EVERY = 10, 10
GOAL = 20.0  # milliseconds at the median
DATABASES = {"embedded": "SQLite", "server": "PostgreSQL"}
LANGUAGES = ("en", "de", "fr", "ja", "es", "pt", "it", "pl", "nl", "fi", "sv", "cs")
_TRAIT_COLUMNS = ("account_id", "trait", "pool", "weight", "place")

Asking = Callable[[random.Random], SuggestionRequest]


@dataclass(frozen=True, slots=True)
class Size:
    """So many people are made up, and `copies` more of each by the database itself."""

    people: int
    copies: int
    questions: int
    servers: int = 500
    tags: int = 30_000
    words: int = 50_000

    @property
    def accounts(self) -> int:
        return self.people * (1 + self.copies)


def run(parts: Parts, *, quick: bool) -> Result:
    size = Size(5_000, 1, 60) if quick else Size(20_000, 9, 90)
    result = Result(
        "suggest",
        f"Suggestions at {size.accounts:,} accounts, against the bare database (milliseconds)",
        [
            "database",
            "asked for",
            "median",
            "p95",
            "of it our processor time",
            "bare, median",
            "bare, p95",
            "ratio",
        ],
        unit="milliseconds at the median",
    )
    for edition in EDITIONS:
        settings = parts.settings(edition)
        with opened(settings) as app:
            print(f"  filling {DATABASES[edition]} with {size.accounts:,} accounts …", flush=True)
            fill(app.context.database, size)
            for name, asking in asked_for(size).items():
                ours, own, bare = _measure(app, asking, size.questions)
                row = (
                    median(ours), percentile(ours, 0.95), median(own), median(bare),
                    percentile(bare, 0.95),
                )  # fmt: skip
                ratio = f"{median(ours) / median(bare):.2f}"
                result.rows.append(
                    [DATABASES[edition], name, *(f"{one:.1f}" for one in row), ratio]
                )
                label = f"{DATABASES[edition]}, {name}"
                result.goals.append(Goal(f"ms, {label}", GOAL, median(ours), at_least=False))
                result.bars[label] = median(ours)
                result.bars[f"bare {label}"] = median(bare)
    result.notes += [
        (
            f"`suggest()` for {LIMIT} accounts, in the process of the clock: candidates from the"
            " index of traits, consent asked again for everybody who may be shown, ranking,"
            f" reasons. {size.questions} questions each, the bare query after every tenth."
        ),
        (
            "Bare is one SQL statement that adds up the same traits over everybody who has them,"
            f" sorts, and takes the {LIMIT} best ids. It loads nobody, asks for no consent, knows"
            " no diversity and gives no reasons; but it reads every row of every trait, and so"
            " grows with the number of accounts."
        ),
        (
            "Our processor time is that of our own process: all of it with SQLite, without the"
            " server's with PostgreSQL. On a machine that does other things at the same time the"
            " rest is waiting for a turn."
        ),
        (
            "The database is filled directly: tags, words, topics, servers and languages are as"
            " unevenly spread as Zipf's law has them. Nine tenths of the people are copies who share half"
            " of their tags and words with somebody."
        ),
    ]
    return result


def asked_for(size: Size) -> dict[str, Asking]:
    topics = sorted(catalogue().topics)

    def newcomer(chance: random.Random) -> SuggestionRequest:
        asked = chance.sample(topics, 3)
        return SuggestionRequest(topics=tuple(asked), languages=("en", "de"), limit=LIMIT)

    def topic(chance: random.Random) -> SuggestionRequest:
        return SuggestionRequest(topics=(chance.choice(topics),), limit=LIMIT)

    def like(number: int) -> Asking:
        def ask(chance: random.Random) -> SuggestionRequest:
            uris = tuple(_uri(chance.randrange(size.accounts), size) for _ in range(number))
            return SuggestionRequest(like=uris, limit=LIMIT)

        return ask

    def profile(chance: random.Random) -> SuggestionRequest:
        tags = tuple(f"tag{_zipf(chance, size.tags)}" for _ in range(6))
        return SuggestionRequest(tags=tags, limit=LIMIT)

    return {
        "a topic": topic,
        "three topics, two languages": newcomer,
        "like one account": like(1),
        "like ten accounts": like(10),
        "a profile of six tags": profile,
    }


def _measure(app: App, asking: Asking, questions: int) -> tuple[list[float], ...]:
    chance = random.Random(3)
    ours: list[float] = []
    own: list[float] = []
    bare: list[float] = []
    for number in range(questions + _WARM):
        request = asking(chance)
        traits = _as_traits(app, request)
        began, spent = time.perf_counter(), time.process_time()
        suggest(app.context, request)
        between, after = time.perf_counter(), time.process_time()
        if number >= _WARM:
            ours.append((between - began) * 1000)
            own.append((after - spent) * 1000)
        if number % _BARE_EVERY == 0:  # it takes long where there are many
            began = time.perf_counter()
            _bare(app.context.database, traits)
            bare.append((time.perf_counter() - began) * 1000)
    return ours, own, bare


def _as_traits(app: App, request: SuggestionRequest) -> list[str]:
    if not request.like:
        tags = [policy.trait(policy.TAG, tag) for tag in request.tags]
        if not request.languages:
            return tags + [policy.trait(policy.TOPIC, topic) for topic in request.topics]
        return [policy.topic_in(one, lang) for one in request.topics for lang in request.languages]
    kinds = (policy.LEADING, policy.TOPIC, policy.TAG, policy.WORD)
    with app.context.database.read() as connection:
        ids = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri.in_(request.like))
        names = connection.scalars(
            sa.select(TRAITS.c.trait).where(TRAITS.c.account_id.in_(ids)).distinct()
        )
        return [name for name in names if name.partition(":")[0] in kinds]


def _bare(database: Database, traits: Sequence[str]) -> None:
    with database.read() as connection:
        connection.execute(
            sa.select(TRAITS.c.account_id, sa.func.sum(TRAITS.c.weight).label("likeness"))
            .where(TRAITS.c.trait.in_(traits), TRAITS.c.pool < Pool.BOTS)
            .group_by(TRAITS.c.account_id)
            .order_by(sa.desc("likeness"))
            .limit(LIMIT)
        ).all()


# Filling


def fill(database: Database, size: Size) -> None:
    now = datetime.now(UTC)
    with database.write() as connection:
        connection.execute(
            sa.insert(SERVERS),
            [
                {"host": f"s{number}.example", "opt_in": "relay", "robots": "allowed"}
                for number in range(size.servers)
            ],
        )
    _insert(database, ACCOUNTS, (_account(number, size, now) for number in range(size.people)))
    (by_trait,) = TRAITS.indexes  # made at the end, which is much quicker
    with database.write() as connection:
        by_trait.drop(connection)
    _write(database, TRAITS, _TRAIT_COLUMNS, _traits(size))
    with database.write() as connection:
        _copy(connection, size)
        by_trait.create(connection)
    _insert(database, POSTS, _posts(size, now))
    _insert(database, INTERACTIONS, _interactions(size, now))
    _settle(database)


def _copy(connection: Connection, size: Size) -> None:
    """More people of the same kind, who share half of their tags and words with each other."""
    copies = (
        "WITH RECURSIVE copies(k) AS"
        " (SELECT 1 UNION ALL SELECT k + 1 FROM copies WHERE k < :copies)"
    )
    own = {"id": "id + :people * k", "uri": "uri || '-' || k"}
    own |= {name: f"{name} || '-' || k" for name in ("handle", "handle_key", "username")}
    names = [column.name for column in ACCOUNTS.columns]
    values = {"copies": size.copies, "people": size.people}
    for table, columns, picked in (
        ("accounts", names, [own.get(name, name) for name in names]),
        (
            "account_traits",
            list(_TRAIT_COLUMNS),
            [
                "account_id + :people * k",
                (
                    "CASE WHEN (trait LIKE 'tag%' OR trait LIKE 'word%')"
                    " AND (account_id + length(trait) + k) % 2 = 0"
                    " THEN trait || '-' || k ELSE trait END"
                ),
                "pool",
                "weight",
                "place * (0.8 + ((account_id * 7 + k * 13) % 100) / 500.0)",
            ],
        ),
    ):
        insert = f"INSERT INTO {table} ({', '.join(columns)})"
        select = f"SELECT {', '.join(picked)} FROM {table} CROSS JOIN copies"
        connection.execute(sa.text(f"{copies} {insert} {select}"), values)


def _settle(database: Database) -> None:
    """What the databases do by themselves when they have time."""
    with database.write() as connection:
        connection.exec_driver_sql("ANALYZE")
    if not database.sqlite:
        with database.read() as connection:
            raw: Any = connection.connection.driver_connection
            raw.rollback()
            raw.autocommit = True
            raw.execute("VACUUM ANALYZE account_traits")
            raw.autocommit = False


def _insert(database: Database, target: sa.Table, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows)
    columns = _columns(target, first)
    stored = [_stored(target, name, database) for name in columns]
    _write(
        database, target, columns, ([one(row) for one in stored] for row in chain([first], rows))
    )


def _write(
    database: Database, target: sa.Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Straight to the driver: SQLAlchemy would take longer than the database."""
    names, waiting = ", ".join(columns), iter(rows)
    with database.write() as connection:
        raw: Any = connection.connection.driver_connection
        if database.sqlite:
            places = ", ".join("?" * len(columns))
            raw.executemany(f"INSERT INTO {target.name} ({names}) VALUES ({places})", waiting)
            return
        with raw.cursor().copy(f"COPY {target.name} ({names}) FROM STDIN") as copy:
            for row in waiting:
                copy.write_row(row)


def _columns(target: sa.Table, row: dict[str, Any]) -> list[str]:
    """Those that are given, and those with a default that only our code knows."""
    return [c.name for c in target.columns if c.name in row or c.default is not None]


def _stored(target: sa.Table, name: str, database: Database) -> Callable[[dict[str, Any]], Any]:
    """How a row's value goes into a column, or the default that only our code knows."""
    column = target.columns[name]
    dialect = database._reader.dialect  # noqa: SLF001 - a bench may look inside
    bind: Any = column.type.dialect_impl(dialect).bind_processor(dialect)
    process: Callable[[Any], Any] = bind or (lambda value: value)
    default: Any = column.default
    if default is None:
        return lambda row: process(row[name])
    usual = process(default.arg(None) if default.is_callable else default.arg)
    return lambda row: process(row[name]) if name in row else usual


def _account(number: int, size: Size, now: datetime) -> dict[str, Any]:
    chance = random.Random(number)
    host = f"s{_server(number, size)}.example"
    name = f"p{number}"
    return {
        "uri": _uri(number, size),
        "host": host,
        "handle": f"{name}@{host}",
        "handle_key": f"{name}@{host}",
        "username": name,
        "name": f"Person {number}",
        "summary": "a few words about myself " * 5,
        "summary_html": "<p>" + "a few words about myself " * 5 + "</p>",
        "hashtags": [f"tag{tag}" for tag in _some(chance, size.tags, 3)],
        "language": _language(number),
        "languages": [_language(number)],
        "signals": {"discoverable": "true", "indexable": "true"},
        "followers": int(10 ** (4 * chance.random())),
        "last_post_at": now - timedelta(days=100 * chance.random() ** 2),
        "evidence_at": now,
        "published": now - timedelta(days=2000 * chance.random()),
    }


def _traits(size: Size) -> Iterator[tuple[Any, ...]]:
    """Rows with _TRAIT_COLUMNS. What people are like is drawn for all of them at once."""
    names = sorted(catalogue().topics)
    chance = random.Random(2)
    topics = _draws(chance, len(names), 2 * size.people)
    tags = _draws(chance, size.tags, 6 * size.people)
    words = _draws(chance, size.words, 10 * size.people)
    for number in range(size.people):
        about = {names[one]: 0.3 + 0.7 * chance.random() for one in islice(topics, 2)}
        length = math.hypot(*about.values())
        found = policy.traits(
            topics=about,
            leading={topic: weight / length for topic, weight in about.items()},
            tags={f"tag{one}": 1.0 for one in islice(tags, 6)},
            words={f"word{one}": 1.0 for one in islice(words, 10)},
            languages=(_language(number),),
            server=f"s{_server(number, size)}.example",
            people=len,
            everybody=size.accounts,
        )
        draw = chance.random()
        pool = Pool.MANY if draw < 0.6 else Pool.FAIR if draw < 0.9 else Pool.NOBODY
        push = chance.random()
        for name, weight in found.items():
            yield number + 1, name, pool.value, weight, policy.place(weight, push, push)


def _posts(size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    for number in range(0, size.people, 5):
        yield {
            "uri": f"{_uri(number, size)}/1",
            "account_id": number + 1,
            "audience": "public",
            "published": now - timedelta(days=1),
            "text": "good morning",
            "seen_at": now,
        }


def _interactions(size: Size, now: datetime) -> Iterator[dict[str, Any]]:
    chance = random.Random(1)
    for number in range(size.people):
        yield {
            "activity": f"https://s.example/boosts/{number}",
            "kind": "announce",
            "account_id": 1 + chance.randrange(size.accounts),
            "post_id": 1 + _zipf(chance, size.people // 5),
            "at": now,
        }


def _uri(number: int, size: Size) -> str:
    """Copies come behind the people they are copies of."""
    copy, person = divmod(number, size.people)
    name = f"p{person}-{copy}" if copy else f"p{person}"
    return f"https://s{_server(person, size)}.example/users/{name}"


def _server(number: int, size: Size) -> int:
    return _zipf(random.Random(number * 7 + 1), size.servers)


def _language(number: int) -> str:
    return LANGUAGES[_zipf(random.Random(number * 7 + 2), len(LANGUAGES))]


def _draws(chance: random.Random, of: int, count: int) -> Iterator[int]:
    """Many at once, which is much quicker."""
    _zipf(chance, of)
    return iter(chance.choices(range(of), cum_weights=_scales[of], k=count))


def _some(chance: random.Random, of: int, count: int) -> list[int]:
    return list(dict.fromkeys(_zipf(chance, of) for _ in range(count)))


_scales: dict[int, list[float]] = {}


def _zipf(chance: random.Random, of: int) -> int:
    """0 ≤ x < of, the small ones far more often."""
    if of not in _scales:
        _scales[of] = list(accumulate(1 / (rank + 1) for rank in range(of)))
    return chance.choices(range(of), cum_weights=_scales[of])[0]
