"""A whole index of a given size, written straight into the database and the engine."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import orjson
import sqlalchemy as sa

from bench import suggest
from discover.bootstrap import App
from discover.model.query import AccountDocument, Kind, PostDocument
from discover.services.facts import ACCOUNTS, POSTS
from discover.services.trends.levels import refresh_levels
from discover.services.trends.uses import LINK, REPLY, TAG, USES, hour_of

FIRST = 1_000_000  # the first of our posts; those of the suggestions' bench lie below
AGE = timedelta(days=175)
COUNTED = timedelta(days=36)
_PART = 20_000
_PHRASES = 5000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_POST_COLUMNS = (
    "id", "uri", "account_id", "type", "url", "audience", "published", "title", "text", "html",
    "content_warning", "sensitive", "language", "hashtags", "media", "emojis", "in_reply_to",
    "searchable_by", "opt_out_tags", "source_url", "link_titles", "seen_at", "rule_version",
)  # fmt: skip
_USE_COLUMNS = ("post_id", "kind", "name", "account_id", "hour", "language")


@dataclass(frozen=True, slots=True)
class Size:
    people: suggest.Size
    posts: int


@dataclass(frozen=True, slots=True)
class _Post:
    id: int
    author: int  # from 0
    age: timedelta
    text: str
    tags: tuple[str, ...]
    link: str | None
    answers: int | None
    language: str


def fill(app: App, size: Size) -> None:
    """Either edition, without what the hourly task of trends works out."""
    database, now = app.context.database, datetime.now(UTC)
    suggest.fill(database, size.people)
    with database.write() as connection:
        connection.execute(sa.update(ACCOUNTS).values(posts_allowed=True))
    suggest._write(  # noqa: SLF001
        database, POSTS, _POST_COLUMNS, (_row(one, size, now) for one in posts(size))
    )
    suggest._write(database, USES, _USE_COLUMNS, _uses(size, now))  # noqa: SLF001
    with database.write() as connection:
        connection.exec_driver_sql("ANALYZE")
    every: dict[Kind, Iterator[AccountDocument | PostDocument]] = {
        Kind.ACCOUNTS: _account_documents(size),
        Kind.POSTS: _post_documents(size, now),
    }
    for kind, documents in every.items():
        with app.context.engine.rebuild(kind) as fresh:
            while part := list(islice(documents, _PART)):
                fresh.add(part)
            fresh.swap()


def learn_levels(app: App) -> float:
    """The first round of the hourly task of trends. Returns the seconds it took."""
    began = time.perf_counter()
    refresh_levels(app.context)
    return time.perf_counter() - began


def posts(size: Size) -> Iterator[_Post]:
    """The same each time: few people write much, few tags and words are used much, most lately."""
    chance = random.Random(11)
    phrases = _phrases(size)
    for number in range(size.posts):
        author = int(size.people.accounts * chance.random() ** 2)
        tags = {f"tag{suggest._zipf(chance, size.people.tags)}": None for _ in range(_tags(chance))}  # noqa: SLF001
        yield _Post(
            id=FIRST + number,
            author=author,
            age=AGE * chance.random() ** 1.5,
            text=f"{chance.choice(phrases)} {chance.choice(phrases)}",
            tags=tuple(tags),
            link=f"https://news.example/{suggest._zipf(chance, 50_000)}"  # noqa: SLF001
            if chance.random() < 0.15
            else None,
            answers=FIRST + int(number * chance.random())
            if number and chance.random() < 0.2
            else None,
            language=suggest._language(author),  # noqa: SLF001
        )


def questions(size: Size, count: int) -> list[str]:
    """One or two words as people write them, and unfinished ones."""
    chance = random.Random(12)
    phrases = _phrases(size)
    asked: list[str] = []
    while len(asked) < count:
        words = chance.choice(phrases).split()
        first = chance.choice(words)
        asked.append((first, f"{first} {chance.choice(words)}", first[:-1])[len(asked) % 3])
    return asked


def _tags(chance: random.Random) -> int:
    return chance.choices((0, 1, 2, 3, 6), (45, 25, 15, 10, 5))[0]


def _phrases(size: Size) -> list[str]:
    chance = random.Random(13)
    return [
        " ".join(f"word{suggest._zipf(chance, size.people.words)}" for _ in range(7))  # noqa: SLF001
        for _ in range(_PHRASES)
    ]


def _uri(number: int) -> str:
    return f"https://s0.example/posts/{number}"


def _row(one: _Post, size: Size, now: datetime) -> tuple[Any, ...]:
    author = suggest._uri(one.author, size.people)  # noqa: SLF001
    uri = f"{author}/statuses/{one.id}"
    at, seen = _stored(now - one.age), _stored(now)
    return (
        one.id, uri, one.author + 1, "Note", uri, "public", at, "", one.text,
        f"<p>{one.text}</p>", "", False, one.language, orjson.dumps(list(one.tags)).decode(),
        "[]", "[]", None if one.answers is None else _uri(one.answers), "unsaid", "[]", "",
        "[]", seen, "bench",
    )  # fmt: skip


def _uses(size: Size, now: datetime) -> Iterator[tuple[Any, ...]]:
    for one in posts(size):
        if one.age > COUNTED:
            continue
        rest = (one.author + 1, hour_of(now - one.age), one.language)
        for tag in one.tags:
            yield (one.id, TAG, tag, *rest)
        if one.link is not None:
            yield (one.id, LINK, one.link, *rest)
        if one.answers is not None:
            yield (one.id, REPLY, _uri(one.answers), *rest)


def _account_documents(size: Size) -> Iterator[AccountDocument]:
    chance = random.Random(14)
    phrases = _phrases(size)
    for number in range(size.people.accounts):
        yield AccountDocument(
            id=number + 1,
            handle=f"p{number}@s.example",
            username=f"p{number}",
            name=f"Person {number}",
            bio=chance.choice(phrases),
            fields="",
            tags=(f"tag{suggest._zipf(chance, size.people.tags)}",),  # noqa: SLF001
            terms=chance.choice(phrases),
            languages=(suggest._language(number),),  # noqa: SLF001
            server="s.example",
            software="mastodon",
            bot=False,
            last_active=0,
            prior=chance.random(),
        )


def _post_documents(size: Size, now: datetime) -> Iterator[PostDocument]:
    for one in posts(size):
        yield PostDocument(
            id=one.id,
            account_id=one.author + 1,
            text=one.text,
            tags=one.tags,
            language=one.language,
            server=f"s{suggest._server(one.author, size.people)}.example",  # noqa: SLF001
            media=(),
            sensitive=False,
            reply=one.answers is not None,
            bot=False,
            published=int((now - one.age).timestamp()),
        )


def _stored(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)
