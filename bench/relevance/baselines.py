"""What we are held against: plain engines, trigrams with popularity, popularity."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from bench.relevance.corpora import Corpus, Person, Question
from bench.relevance.metrics import DEEP
from discover.engines.tantivy_folder import Folder
from discover.engines.tantivy_reading import open_index
from discover.engines.weights import ACCOUNT_FIELDS
from discover.model.query import Kind
from discover.settings import Settings

Ranking = Callable[[Question], list[int]]  # person numbers

# Everything that a plain engine would be given, too; topics are ours.
_TANTIVY_FIELDS = [name for name in ACCOUNT_FIELDS if name != "topics"]
_MEILISEARCH_FIELDS = ["username", "handle", "name", "tags", "bio", "fields", "terms"]

# fediscoverer's numbers (its app/models/follow_recommendation)
MOST_SIMILAR = 20
MOST_POPULAR = 10
THRESHOLD = 0.3  # of PostgreSQL's operator %


def plain_engine(settings: Settings, numbers: dict[int, int]) -> Ranking:
    """The engine's own parser over its own index; `numbers`: account id -> person."""
    ask = _tantivy(settings) if settings.embedded else _meilisearch(settings)
    return lambda question: [numbers[one] for one in ask(_text(question)) if one in numbers]


def _text(question: Question) -> str:
    text = question.words if question.like is None else question.like.bio
    return " ".join(re.findall(r"\w+", text))


def _tantivy(settings: Settings) -> Callable[[str], list[int]]:
    folder = Folder(settings.home / "index")
    pointer = folder.read(Kind.ACCOUNTS)
    assert pointer is not None
    index = open_index(folder.root / pointer.folder)
    searcher = index.searcher()

    def ask(text: str) -> list[int]:
        found = searcher.search(index.parse_query(text, _TANTIVY_FIELDS), DEEP)
        addresses = [address for _, address in found.hits]
        return [int(str(one)) for one in searcher.fast_field_values("id", addresses)]

    return ask


def _meilisearch(settings: Settings) -> Callable[[str], list[int]]:
    key = settings.search_key.get_secret_value()
    client = httpx.Client(base_url=settings.search_url, headers={"Authorization": f"Bearer {key}"})
    path = f"/indexes/{settings.search_prefix}_{Kind.ACCOUNTS.value}/search"

    def ask(text: str) -> list[int]:
        body: dict[str, Any] = {
            "q": text,
            "limit": DEEP,
            "attributesToRetrieve": ["id"],
            "attributesToSearchOn": _MEILISEARCH_FIELDS,
        }
        answer = client.post(path, json=body)
        answer.raise_for_status()
        return [int(hit["id"]) for hit in answer.json()["hits"]]

    return ask


def popularity(corpus: Corpus) -> Ranking:
    """2 · followers + likes + shares; nobody has likes or shares here."""
    best = [one.number for one in _popular(corpus.people)][:DEEP]
    return lambda _question: best


def trigrams(corpus: Corpus) -> Ranking:
    """As fediscoverer recommends: up to 20 whose name, user name and summary have a similarity
    above 0.3, then the 10 most popular. It leaves the similar ones unsorted; here the most similar
    come first, which only helps it.
    """
    texts = {
        one.number: _trigrams(f"P. {one.number} p{one.number} {one.bio}") for one in corpus.people
    }
    popular = [one.number for one in _popular(corpus.people)][:MOST_POPULAR]

    def rank(question: Question) -> list[int]:
        like = question.like
        asked = _trigrams(question.words) if like is None else texts[like.number]
        similar = sorted(
            ((_similarity(asked, text), number) for number, text in texts.items()), reverse=True
        )
        close = [
            number
            for likeness, number in similar
            if likeness >= THRESHOLD and (like is None or number != like.number)
        ]
        return list(dict.fromkeys([*close[:MOST_SIMILAR], *popular]))

    return rank


def _popular(people: Sequence[Person]) -> list[Person]:
    return sorted(people, key=lambda one: -2 * one.followers)


def _trigrams(text: str) -> set[str]:
    """As pg_trgm: words in lower case, two spaces before each and one behind."""
    found: set[str] = set()
    for word in re.findall(r"\w+", text.lower()):
        padded = f"  {word} "
        found.update(padded[place : place + 3] for place in range(len(padded) - 2))
    return found


def _similarity(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0
