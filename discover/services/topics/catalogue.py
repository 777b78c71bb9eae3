"""Topics as they are read: the curated list, who is about what, and how a topic does."""

from __future__ import annotations

import hashlib
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.topics import AccountTopic, Topic, TopicView
from discover.policy.languages import covered
from discover.policy.telling import Telling
from discover.policy.topics import Catalogue
from discover.services.context import Context
from discover.store.database import chunks, table
from discover.store.lookup import Lookup, among
from discover.store.tables import AccountTagRow, AccountTopicRow, TagRow, TopicDayRow
from discover.wire.hashtags import fold

ACCOUNT_TOPICS = table(AccountTopicRow)
ACCOUNT_TAGS = table(AccountTagRow)
TOPIC_DAYS = table(TopicDayRow)
TAGS = table(TagRow)

_SEED = files("discover") / "topics" / "seed.toml"
_TELLING = files("discover") / "topics" / "telling.toml"
_PLAIN = ("parent", "related")
_TAGS_SHOWN = 20
_RELATED_SHOWN = 12
# Of a large topic, so many of its heaviest people say what else they are about.
_ASKED_FOR_RELATED = 2000

_OF = Lookup(
    sa.select(
        ACCOUNT_TOPICS.c.account_id, ACCOUNT_TOPICS.c.topic, ACCOUNT_TOPICS.c.weight,
        ACCOUNT_TOPICS.c.evidence,
    ).where(among(ACCOUNT_TOPICS.c.account_id))
)  # fmt: skip
_TAG_PEOPLE = Lookup(
    sa.select(ACCOUNT_TAGS.c.tag, sa.func.count().label("people"))
    .where(among(ACCOUNT_TAGS.c.tag))
    .group_by(ACCOUNT_TAGS.c.tag)
)


class _Edited:
    """The list as operators have edited it, with its digest; None while they have not."""

    now: tuple[Catalogue, str] | None = None


def lay_over(edited: tuple[Catalogue, str] | None) -> None:
    """Put an edited list in force in this process (services.topics.edits); None: the seed again."""
    _Edited.now = edited


def catalogue() -> Catalogue:
    """The curated list in force. Raises ValueError when the file is damaged."""
    return _Edited.now[0] if _Edited.now is not None else _seed()


def catalogue_digest() -> str:
    """Changes with the list, so that everybody is measured again."""
    return _Edited.now[1] if _Edited.now is not None else seed_digest()


@lru_cache(maxsize=1)
def read_seed() -> tuple[tuple[Topic, ...], dict[str, list[str]]]:
    """The topics of the file, and its lists of words about tags."""
    read = tomllib.loads(_SEED.read_text(encoding="utf-8"))
    topics = tuple(_topic(name, entry) for name, entry in read["topics"].items())
    return topics, {name: read[name] for name in ("modifiers", "generic", "ambiguous")}


@lru_cache(maxsize=1)
def seed_digest() -> str:
    return hashlib.sha256(_SEED.read_bytes()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _seed() -> Catalogue:
    topics, lists = read_seed()
    return Catalogue(topics, fold, **lists)


@lru_cache(maxsize=1)
def telling() -> Telling:
    """What words of running text tell of topics. Raises ValueError when the file is damaged."""
    return Telling(read_telling(), fold)


def read_telling() -> dict[str, dict[str, str]]:
    """By topic and language, beginnings of words."""
    read: dict[str, dict[str, str]] = tomllib.loads(_TELLING.read_text(encoding="utf-8"))
    return read


def _topic(name: str, entry: dict[str, Any]) -> Topic:
    """In each language the name comes first, then hashtags; the name as one word is a tag too."""
    names: dict[str, str] = {}
    hashtags: dict[str, tuple[str, ...]] = {}
    for language, words in entry.items():
        if language not in _PLAIN:
            names[language] = words[0]
            tags = ("".join(words[0].split()), *words[1:])
            hashtags[language] = tuple(dict.fromkeys(filter(None, map(fold, tags))))
    return Topic(name, names, hashtags, entry.get("parent"), tuple(entry.get("related", ())))


def topics_of(
    connection: Connection, account_ids: Iterable[int]
) -> dict[int, tuple[AccountTopic, ...]]:
    """The topics of accounts, the heaviest first. Accounts without any are left out.

    It asks for no consent: show only those of accounts that `hydrate` has let through.
    """
    found: dict[int, list[AccountTopic]] = {}
    for row in _OF(connection, set(account_ids)):
        found.setdefault(row.account_id, []).append(
            AccountTopic(
                row.topic,
                row.weight,
                tuple(row.evidence.get("tags", ())),
                tuple(row.evidence.get("words", ())),
                row.evidence.get("posts", 0),
            )
        )
    return {
        account_id: tuple(sorted(topics, key=lambda one: (-one.weight, one.topic)))
        for account_id, topics in found.items()
    }


def accounts_of_topic(
    connection: Connection,
    topic_id: str,
    limit: int,
    offset: int = 0,
    languages: Collection[str] = (),
) -> list[tuple[int, float]]:
    """Account ids and weights, the heaviest first; any of the languages.

    For `hydrate`, which decides who of them is shown.
    """
    return accounts_of_topics(connection, (topic_id,), limit, offset, languages)


def accounts_of_topics(
    connection: Connection,
    topic_ids: Sequence[str],
    limit: int,
    offset: int = 0,
    languages: Collection[str] = (),
) -> list[tuple[int, float]]:
    """As `accounts_of_topic`; who is about several of the topics has their weights added up."""
    several = len(topic_ids) > 1
    weight = sa.func.sum(ACCOUNT_TOPICS.c.weight) if several else ACCOUNT_TOPICS.c.weight
    query = sa.select(ACCOUNT_TOPICS.c.account_id, weight.label("weight")).where(
        ACCOUNT_TOPICS.c.topic.in_(topic_ids)
    )
    if languages:
        query = query.where(
            sa.or_(*(ACCOUNT_TOPICS.c.languages.contains(f",{one},") for one in covered(languages)))
        )
    if several:
        query = query.group_by(ACCOUNT_TOPICS.c.account_id)
    query = query.order_by(sa.desc("weight"), ACCOUNT_TOPICS.c.account_id)
    rows = connection.execute(query.limit(limit).offset(offset)).all()
    return [(row.account_id, row.weight) for row in rows]


def topic_views(ctx: Context, topic_ids: Collection[str] | None = None) -> tuple[TopicView, ...]:
    """People and movement of these topics, or of all; without tags, languages and what is shared."""
    topics = catalogue().topics
    wanted = list(topics) if topic_ids is None else [one for one in topic_ids if one in topics]
    with ctx.database.read() as connection:
        people = _people(connection, topic_ids)
        week, before = _weeks(connection, _today(ctx))
    return tuple(
        TopicView(
            topics[one],
            people=people.get(one, 0),
            related=topics[one].related,
            week=week.get(one, 0),
            week_before=before.get(one, 0),
            children=catalogue().children(one),
        )
        for one in wanted
    )


def topic_view(ctx: Context, topic_id: str) -> TopicView | None:
    """Everything about one topic; None when the list does not have it."""
    topic = catalogue().by_id(topic_id)
    if topic is None:
        return None
    with ctx.database.read() as connection:
        mine = ACCOUNT_TOPICS.c.topic == topic_id
        people = connection.scalar(
            sa.select(sa.func.count()).select_from(ACCOUNT_TOPICS).where(mine)
        )
        week, before = _weeks(connection, _today(ctx), topic_id)
        tags = _tags(connection, topic_id)
        languages = _languages(connection, topic_id)
        shared = _shared(connection, topic_id)
    related = dict.fromkeys([*topic.related, *shared])
    return TopicView(
        topic,
        people=people or 0,
        tags=tags,
        languages=languages,
        related=tuple(related)[:_RELATED_SHOWN],
        week=week.get(topic_id, 0),
        week_before=before.get(topic_id, 0),
        children=catalogue().children(topic_id),
    )


def people_of_topics(connection: Connection, topic_ids: Collection[str]) -> dict[str, int]:
    """How many listed accounts are about each of these topics; nobody's are left out."""
    return _people(connection, topic_ids)


def tag_people(connection: Connection, tags: Iterable[str]) -> dict[str, int]:
    """How many people use each of these folded tags at this moment; nobody's are left out."""
    return {row.tag: row.people for row in _TAG_PEOPLE(connection, set(tags))}


def _today(ctx: Context) -> int:
    """Days since 1970 UTC."""
    return int(ctx.clock.now().timestamp() // 86_400)


def _people(connection: Connection, topic_ids: Collection[str] | None = None) -> dict[str, int]:
    query = sa.select(ACCOUNT_TOPICS.c.topic, sa.func.count().label("people"))
    if topic_ids is not None:
        query = query.where(ACCOUNT_TOPICS.c.topic.in_(topic_ids))
    rows = connection.execute(query.group_by(ACCOUNT_TOPICS.c.topic))
    return {row.topic: row.people for row in rows}


def _weeks(
    connection: Connection, today: int, topic_id: str | None = None
) -> tuple[dict[str, int], dict[str, int]]:
    """Distinct people by topic: today and the six days before, then the week before those."""
    found: list[dict[str, int]] = []
    for first, last in ((today - 6, today), (today - 13, today - 7)):
        query = (
            sa.select(
                TOPIC_DAYS.c.topic,
                sa.func.count(TOPIC_DAYS.c.account_id.distinct()).label("people"),
            )
            .where(TOPIC_DAYS.c.day.between(first, last))
            .group_by(TOPIC_DAYS.c.topic)
        )
        if topic_id is not None:
            query = query.where(TOPIC_DAYS.c.topic == topic_id)
        found.append({row.topic: row.people for row in connection.execute(query)})
    return found[0], found[1]


def _tags(connection: Connection, topic_id: str) -> tuple[tuple[str, int], ...]:
    """The list's tags and the grown ones that people use, most used first."""
    grown = connection.scalars(sa.select(TAGS.c.tag).where(TAGS.c.topic == topic_id)).all()
    used: dict[str, int] = {}
    for part in chunks(list(dict.fromkeys([*catalogue().tags(topic_id), *grown]))):
        used |= tag_people(connection, part)
    ranked = sorted(used.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ranked[:_TAGS_SHOWN])


def _languages(connection: Connection, topic_id: str) -> tuple[tuple[str, int], ...]:
    rows = connection.execute(
        sa.select(ACCOUNT_TOPICS.c.languages, sa.func.count().label("people"))
        .where(ACCOUNT_TOPICS.c.topic == topic_id)
        .group_by(ACCOUNT_TOPICS.c.languages)
    )
    counted: Counter[str] = Counter()
    for row in rows:
        for language in filter(None, row.languages.split(",")):
            counted[language] += row.people
    return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0])))


def _shared(connection: Connection, topic_id: str) -> list[str]:
    """What else its people are about, without what stands above or below it."""
    heaviest = (
        sa.select(ACCOUNT_TOPICS.c.account_id)
        .where(ACCOUNT_TOPICS.c.topic == topic_id)
        .order_by(ACCOUNT_TOPICS.c.weight.desc())
        .limit(_ASKED_FOR_RELATED)
        .subquery()
    )
    family = {topic_id, *catalogue().ancestors(topic_id), *catalogue().children(topic_id)}
    rows = connection.execute(
        sa.select(ACCOUNT_TOPICS.c.topic, sa.func.count().label("people"))
        .join(heaviest, heaviest.c.account_id == ACCOUNT_TOPICS.c.account_id)
        .where(ACCOUNT_TOPICS.c.topic.not_in(family))
        .group_by(ACCOUNT_TOPICS.c.topic)
    ).all()
    everybody = _people(connection, [row.topic for row in rows])
    # Among the people of any topic some like what very many like; that alone relates nothing.
    ranked = sorted(
        (-row.people / everybody.get(row.topic, 1) ** 0.5, row.topic)
        for row in rows
        if row.people > 1 and catalogue().by_id(row.topic)
    )
    return [topic for _, topic in ranked[:_RELATED_SHOWN]]
