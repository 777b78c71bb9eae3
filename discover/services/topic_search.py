"""Words that name a topic bring its people, in the language of the words first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.engine import Connection

from discover.model.query import Hit
from discover.model.views import AccountView
from discover.policy import similarity as traits
from discover.policy.ranking import ELSEWHERE, topical_score
from discover.services import candidates
from discover.services.topics import catalogue
from discover.wire.hashtags import fold

_SURELY = 0.9  # listed, a plural, or with a year behind it
_MOST_LANGUAGES = 4  # a name that more languages share tells nothing about the one who asks


@dataclass(frozen=True, slots=True)
class Named:
    """Topics that the words name, and the languages in which they do."""

    topics: tuple[str, ...]
    languages: tuple[str, ...]

    @property
    def traits(self) -> dict[str, float]:
        """Trait to how much it is what was asked for."""
        here = {
            traits.topic_in(topic, language): 1.0
            for topic in self.topics
            for language in self.languages
        }
        elsewhere = ELSEWHERE if self.languages else 1.0
        return here | {traits.trait(traits.TOPIC, topic): elsewhere for topic in self.topics}


def named(text: str) -> Named | None:
    """None when the words name no topic."""
    together = fold("".join(text.split()).replace("#", ""))
    if not together:
        return None
    matches = catalogue().match(together)
    topics = tuple(topic for topic, surely in matches if surely >= _SURELY)
    if not topics:
        return None
    languages = {language for topic in topics for language in _languages(topic, together)}
    return Named(topics, tuple(sorted(languages)) if len(languages) <= _MOST_LANGUAGES else ())


def people(connection: Connection, asked: Named, least: int, *, bots: bool) -> list[Hit]:
    """The weightiest of the topics, for `hydrate`."""
    found = candidates.sharing(connection, asked.traits, bots=bots, least=least)
    best = sorted(found, key=lambda number: (-found[number].score, number))
    return [Hit(number, 0.0) for number in best[:least]]


def rank(
    connection: Connection, asked: Named, views: Collection[AccountView]
) -> Sequence[AccountView]:
    """Those the engine found and those of the topic by one measure, best first."""
    wanted = asked.traits
    having = candidates.weights(connection, [view.id for view in views], wanted)
    highest = max((view.score for view in views), default=0.0) or 1.0
    scored = []
    for view in views:
        own = having.get(view.id, {})
        about = max((weight * wanted[name] for name, weight in own.items()), default=0.0)
        spoken = not asked.languages or not set(asked.languages).isdisjoint(view.languages)
        score = topical_score(view.score / highest, about, spoken=spoken)
        scored.append(replace(view, score=score))
    return sorted(scored, key=lambda view: -view.score)


def _languages(topic_id: str, together: str) -> set[str]:
    """In which of its languages the topic is called so."""
    topic = catalogue().topics[topic_id]
    names = {
        language
        for language, name in topic.names.items()
        if fold("".join(name.split())) == together
    }
    return names | {language for language, tags in topic.hashtags.items() if together in tags}
