"""What an account is like, as weighted traits: topics, hashtags, words, languages, its server.

A trait is a kind and a value, `tag:astrodon`. Accounts that share rare traits are alike.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import IntEnum

from discover.policy.suggest import PRIOR_PUSH

TOPIC, TOPIC_IN, TAG, WORD, LANGUAGE, SERVER = "topic", "in", "tag", "word", "lang", "host"
ANYBODY = "any"

MOST_TOPICS = 4
MOST_TAGS = 12
MOST_WORDS = 10
# A hashtag in the profile is a statement; in posts it takes this many of them to be as much.
POSTS_OF_A_STATEMENT = 5
# Not always the same few of many: where somebody stands changes by at most this share whenever
# their traits are worked out again.
PLACE_SHUFFLE = 0.2
# So many people of a language make a word common there, and at least this many of them.
COMMON_SHARE = 0.08
COMMON_PEOPLE = 5

# Words of scripts that put spaces between them; runs of one script where none are put.
_WORD = re.compile(r"[一-鿿]{2,6}|[ァ-ヺー]{3,12}|(?:(?![぀-ヿ一-鿿฀-๿])[^\W\d_]){4,30}")


_ADDRESS = re.compile(r"https?://\S+|\S+@\S+")


class Pool(IntEnum):
    """Who competes with whom for being looked at."""

    MANY = 0
    FAIR = 1  # small servers and new voices
    BOTS = 2
    NOBODY = 9  # has traits, but is not to be suggested


def trait(kind: str, value: str) -> str:
    return f"{kind}:{value}"


def topic_in(topic: str, language: str) -> str:
    """Those who write about it in a language."""
    return trait(TOPIC_IN, f"{topic}/{language}")


def words_of(text: str) -> set[str]:
    """In lower case, without addresses."""
    return set(_WORD.findall(_ADDRESS.sub(" ", text.lower())))


def rarity(people: int, everybody: int) -> float:
    """0 < x ≤ 1: how much it says that two share something that so many of everybody have."""
    everybody = max(everybody, people, 1)
    return math.log1p(everybody / max(people, 1)) / math.log1p(everybody)


def tag_uses(profile: Iterable[str], posts: Mapping[str, int]) -> dict[str, float]:
    """How much each hashtag is used, 0..1; `posts`: in how many of the newest posts."""
    uses = {tag: min(1.0, number / POSTS_OF_A_STATEMENT) for tag, number in posts.items()}
    uses.update(dict.fromkeys(profile, 1.0))
    return _heaviest(uses, MOST_TAGS)


def word_uses(
    profile: Collection[str], posts: Mapping[str, int], common: Collection[str]
) -> dict[str, float]:
    """Words of the profile, and those that come back in posts, without those everybody writes."""
    uses = {
        word: min(1.0, number / POSTS_OF_A_STATEMENT)
        for word, number in posts.items()
        if number > 1
    }
    uses.update(dict.fromkeys(profile, 1.0))
    for word in common:
        uses.pop(word, None)
    return _heaviest(uses, MOST_WORDS)


def traits(
    *,
    topics: Mapping[str, float],
    tags: Mapping[str, float],
    words: Mapping[str, float],
    languages: Sequence[str],
    server: str,
    rare: Callable[[str], float],
) -> dict[str, float]:
    """Trait to weight, 0..1. `rare` tells how rare a trait is (see `rarity`).

    Hashtags and words share one unit length each: who uses fifty tags is a little like many,
    who uses two is much like those who use the same two.
    """
    found = {ANYBODY: 1.0, trait(SERVER, server): 1.0}
    found.update({trait(LANGUAGE, language): 1.0 for language in languages})
    for topic, weight in _heaviest(topics, MOST_TOPICS).items():
        found[trait(TOPIC, topic)] = weight
        found.update({topic_in(topic, language): weight for language in languages})
    for kind, uses in ((TAG, tags), (WORD, words)):
        weighed = {
            name: use * rare(name) for value, use in uses.items() if (name := trait(kind, value))
        }
        length = math.sqrt(sum(weight * weight for weight in weighed.values()))
        found.update({name: weight / length for name, weight in weighed.items() if length})
    return found


def place(weight: float, prior: float, chance: float) -> float:
    """Where somebody stands among those with the same trait; `chance` 0..1."""
    return weight * (1 + PRIOR_PUSH * prior) / (1 + PRIOR_PUSH) * (1 - PLACE_SHUFFLE * (1 - chance))


def common_words(people: Mapping[str, int], everybody: int) -> set[str]:
    """Of a language: `people` who write each word, of so many who were looked at."""
    least = max(COMMON_PEOPLE, COMMON_SHARE * everybody)
    return {word for word, number in people.items() if number >= least}


def _heaviest(weights: Mapping[str, float], most: int) -> dict[str, float]:
    chosen = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:most]
    return dict(chosen)
