"""Words that name a topic bring its people, in the language of the words first."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files

from sqlalchemy.engine import Connection

from discover.model.letters import WORD
from discover.model.query import Hit
from discover.model.views import AccountView
from discover.policy import similarity as traits
from discover.policy.asking import Asked, Asking
from discover.policy.ranking import ELSEWHERE, topical_score
from discover.policy.topics import Catalogue
from discover.services.suggest import candidates
from discover.services.topics.catalogue import catalogue
from discover.wire.hashtags import fold

_AROUND = files("discover") / "topics" / "asking.toml"
_WORD = re.compile(f"[{WORD}]+")


def named(text: str) -> Asked | None:
    """None when the words name no topic, or say more than that."""
    return _asking(catalogue()).read(text)


@lru_cache(maxsize=2)
def _asking(topics: Catalogue) -> Asking:
    return Asking(topics, fold, tomllib.loads(_AROUND.read_text(encoding="utf-8")))


def wanted(asked: Asked) -> dict[str, float]:
    """Trait to how much it is what was asked for."""
    here = {
        traits.topic_in(topic, language): 1.0
        for topic in asked.topics
        for language in asked.languages
    }
    elsewhere = ELSEWHERE if asked.languages else 1.0
    return here | {traits.trait(traits.TOPIC, topic): elsewhere for topic in asked.topics}


def written_so(asked: Asked, views: Iterable[AccountView]) -> bool:
    """Does anybody whom the engine found write a guessed word as it was typed?"""
    typed = set(map(fold, asked.words.split()))
    for view in views:
        said = {fold(word) for word in _WORD.findall(f"{view.name} {view.summary}")}
        if typed <= said | {fold(tag) for tag in view.hashtags}:
            return True
    return False


def people(connection: Connection, asked: Asked, least: int, *, bots: bool) -> list[Hit]:
    """The weightiest of the topics, for `hydrate`."""
    found = candidates.sharing(connection, wanted(asked), bots=bots, least=least)
    best = sorted(found, key=lambda number: (-found[number].score, number))
    return [Hit(number, 0.0) for number in best[:least]]


def rank(
    connection: Connection, asked: Asked, views: Collection[AccountView]
) -> Sequence[AccountView]:
    """Those the engine found and those of the topic by one measure, best first."""
    sought = wanted(asked)
    having = candidates.weights(connection, [view.id for view in views], sought)
    highest = max((view.score for view in views), default=0.0) or 1.0
    scored = []
    for view in views:
        own = having.get(view.id, {})
        about = max((weight * sought[name] for name, weight in own.items()), default=0.0)
        spoken = not asked.languages or not set(asked.languages).isdisjoint(view.languages)
        # What the engine took for a misspelt word may be any other word.
        text = 0.0 if asked.guessed else view.score / highest
        score = topical_score(text, about, spoken=spoken)
        scored.append(replace(view, score=score))
    return sorted(scored, key=lambda view: -view.score)
