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
LEADING = "lead"  # what the profile says first
ANYBODY = "any"
UNKNOWN = "und"  # language of those of whom none is known

MOST_TOPICS = 5
FOCUS = 2  # power of a topic's share of the main one
MOST_TAGS = 12
MOST_WORDS = 16
LOOKED_AT_WORDS = 48  # of which those words are chosen
# A word that nobody else is known to write joins nobody: others are chosen first.
LONELY = 0.2
# What words of posts tell about topics, as a share of what profiles and hashtags tell.
TOPIC_WORDS = 0.5
PARENT = 0.7  # what a topic's words tell about the wider one it belongs to
# A topic that the bio does not begin with, as a share of one that it does.
LATER = 0.8
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


def leading_in(topic: str, language: str) -> str:
    """Those who write in a language and lead with it."""
    return trait(LEADING, f"{topic}/{language or UNKNOWN}")


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
    profile: Mapping[str, float], posts: Mapping[str, int], common: Collection[str]
) -> dict[str, float]:
    """Words of the profile (with what each counts there, 0..1) and of posts, without those
    everybody writes.
    """
    uses = {word: min(1.0, number / POSTS_OF_A_STATEMENT) for word, number in posts.items()}
    for word, use in profile.items():
        uses[word] = max(use, uses.get(word, 0.0))
    for word in common:
        uses.pop(word, None)
    # The longer ones first among equals: they are the more telling ones.
    chosen = sorted(uses.items(), key=lambda item: (-item[1], -len(item[0]), item[0]))
    return dict(chosen[:LOOKED_AT_WORDS])


def topic_weights(
    own: Mapping[str, float],
    told: Mapping[str, int],
    parents: Callable[[str], Iterable[str]],
    first: Collection[str] = (),
) -> dict[str, float]:
    """The account's measured topics, and those that the words of its posts tell of.

    `told`: in how many of its texts a word of the topic stands. `first`: what its bio begins with:
    people say first what they are most about.
    """
    found = dict(own)
    for topic, number in told.items():
        weight = TOPIC_WORDS * min(1.0, number / POSTS_OF_A_STATEMENT)
        found[topic] = max(found.get(topic, 0.0), weight)
        for parent in parents(topic):
            found[parent] = max(found.get(parent, 0.0), PARENT * weight)
    if not first:
        return found
    leading = {*first, *(parent for topic in first for parent in parents(topic))}
    return {
        topic: weight if topic in leading else LATER * weight for topic, weight in found.items()
    }


def traits(
    *,
    topics: Mapping[str, float],
    leading: Mapping[str, float],
    tags: Mapping[str, float],
    words: Mapping[str, float],
    languages: Sequence[str],
    server: str,
    people: Callable[[str], int],
    everybody: int,
) -> dict[str, float]:
    """Trait to weight, 0..1. `people` tells how many of everybody are known to have a trait.

    Hashtags and words share one unit length each: who uses fifty tags is a little like many,
    who uses two is much like those who use the same two.
    """
    found = {ANYBODY: 1.0, trait(SERVER, server): 1.0}
    found.update({trait(LANGUAGE, language): 1.0 for language in languages})
    heaviest = max(topics.values(), default=1.0)
    for topic, about in _heaviest(topics, MOST_TOPICS).items():
        # Whose main topic it is comes before those who mention it among others.
        weight = about * (about / heaviest) ** FOCUS
        found[trait(TOPIC, topic)] = weight
        found.update({topic_in(topic, language): weight for language in languages})
    for topic, weight in leading.items():
        found.update({leading_in(topic, one): weight for one in languages or (UNKNOWN,)})
    for kind, uses, most in ((TAG, tags, MOST_TAGS), (WORD, words, MOST_WORDS)):
        weighed = {}
        for value, use in uses.items():
            name = trait(kind, value)
            known = people(name)
            lonely = LONELY if kind == WORD and known == 0 else 1.0
            weighed[name] = use * lonely * rarity(known + 1, everybody)
        weighed = _heaviest(weighed, most)
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
