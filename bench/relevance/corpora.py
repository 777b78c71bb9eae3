"""A corpus whose topics are known: real sentences (data/README.md). The other is in newcomers."""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from discover.model.actor import (
    Actor,
    ActorExtras,
    ActorType,
    ConsentSignals,
    Counts,
    Flag,
    Handle,
)
from discover.model.observed import ActorSeen, Door, ExtrasSeen, Observation, PostsSeen
from discover.model.post import Audience, Post
from discover.wire.hashtags import in_text

DATA = Path(__file__).parent / "data" / "sib200.tsv"
YES = ConsentSignals(discoverable=Flag.TRUE, indexable=Flag.TRUE)
EVERYTHING = "everything"  # the label of those who are right for no question
FEWEST = 3  # a question with fewer right answers tells little
_LANGUAGES = ("en", "de", "fr", "es", "pt", "it", "pl", "nl", "ja", "ar")
# What people of each language call the topics of SIB-200
_NAMES = {
    "science/technology": (
        "science", "Wissenschaft", "science", "ciencia", "ciência", "scienza", "nauka",
        "wetenschap", "科学", "علوم",
    ),
    "travel": (
        "travel", "Reisen", "voyage", "viajes", "viagens", "viaggi", "podróże", "reizen", "旅行",
        "سفر",
    ),
    "politics": (
        "politics", "Politik", "politique", "política", "política", "politica", "polityka",
        "politiek", "政治", "سياسة",
    ),
    "sports": (
        "sports", "Sport", "sport", "deportes", "esporte", "sport", "sport", "sport", "スポーツ",
        "رياضة",
    ),
    "health": (
        "health", "Gesundheit", "santé", "salud", "saúde", "salute", "zdrowie", "gezondheid",
        "健康", "صحة",
    ),
    "entertainment": (
        "entertainment", "Unterhaltung", "divertissement", "entretenimiento", "entretenimento",
        "intrattenimento", "rozrywka", "entertainment", "エンタメ", "ترفيه",
    ),
    "geography": (
        "geography", "Geographie", "géographie", "geografía", "geografia", "geografia",
        "geografia", "geografie", "地理", "جغرافيا",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """`topics` are the labels, the main one first; nothing that is asked knows them."""

    number: int
    topics: tuple[str, ...]
    language: str
    server: str
    bio: str
    posts: tuple[str, ...]
    followers: int
    featured: tuple[str, ...] = ()
    age: timedelta = timedelta(days=1)

    @property
    def uri(self) -> str:
        return f"https://{self.server}/users/p{self.number}"

    def observations(self, now: datetime) -> Iterator[Observation]:
        actor = Actor(
            uri=self.uri,
            type=ActorType.PERSON,
            username=f"p{self.number}",
            signals=YES,
            name=f"P. {self.number}",
            summary=self.bio,
            summary_html=f"<p>{self.bio}</p>",
            url=f"https://{self.server}/@p{self.number}",
            hashtags=in_text(self.bio),
            language=self.language,
            published=now - timedelta(days=900),
        )
        yield ActorSeen(
            actor, Handle(f"p{self.number}", self.server), self.uri, now, Door.DIRECTORY
        )
        extras = ActorExtras(Counts(followers=self.followers), self.featured)
        yield ExtrasSeen(self.uri, extras)
        yield PostsSeen(
            self.uri,
            tuple(
                Post(
                    uri=f"{self.uri}/{place}",
                    type="Note",
                    author=self.uri,
                    audience=Audience.PUBLIC,
                    published=now - self.age - timedelta(hours=place),
                    text=text,
                    html=f"<p>{text}</p>",
                    language=self.language,
                    hashtags=in_text(text),
                )
                for place, text in enumerate(self.posts)
            ),
            f"{self.uri}/outbox",
            now,
        )


@dataclass(frozen=True, slots=True)
class Question:
    """Words that somebody types, or somebody whose likes are wanted (`like`)."""

    language: str
    topics: tuple[str, ...]
    words: str = ""
    like: Person | None = None
    how: str = "name"  # in which way the words name the topic

    def grade(self, person: Person) -> int:
        """3: the same main topic and language; 2: the language, and another topic of theirs;
        1: the main topic in another language.
        """
        if self.like is not None and person.number == self.like.number:
            return 0
        main = person.topics[0] == self.topics[0]
        if person.language == self.language:
            return 3 if main else 2 if set(person.topics) & set(self.topics) else 0
        return 1 if main else 0


@dataclass(frozen=True, slots=True)
class Corpus:
    name: str
    people: tuple[Person, ...]
    words: tuple[Question, ...]
    likes: tuple[Question, ...]


def sentences(share: int) -> Corpus:
    """People made of five real sentences of one topic, one of them their bio. No hashtags."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    with DATA.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            found[row["language"], row["topic"]].append(row["text"])
    chance = random.Random(7)
    people: list[Person] = []
    for (language, topic), texts in found.items():
        for start in range(0, len(texts) // share - 4, 5):
            bio, *posts = texts[start : start + 5]
            number = len(people)
            people.append(
                Person(
                    number,
                    (topic,),
                    language,
                    f"s{int(40 * chance.random() ** 2)}.example",
                    bio,
                    tuple(posts),
                    int(10 ** (4 * chance.random())),
                    age=timedelta(days=60 * chance.random()),
                )
            )
    words = [
        Question(language, (topic,), words=names[place])
        for place, language in enumerate(_LANGUAGES)
        for topic, names in _NAMES.items()
    ]
    return corpus("real sentences (SIB-200)", people, words)


def corpus(name: str, people: list[Person], words: list[Question]) -> Corpus:
    mains: dict[tuple[str, str], list[Person]] = defaultdict(list)
    for person in people:
        mains[person.language, person.topics[0]].append(person)
    asked = [one for one in words if len(mains[one.language, one.topics[0]]) >= FEWEST]
    likes = [
        Question(language, some[0].topics, like=some[0])
        for (language, _topic), some in sorted(mains.items())
        if len(some) > FEWEST and some[0].topics != (EVERYTHING,)
    ]
    return Corpus(name, tuple(people), tuple(asked), tuple(likes))
