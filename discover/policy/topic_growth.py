"""Which topic a hashtag has grown into: people use it beside the topic's own tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from discover.policy.topics import Catalogue

LEAST_PEOPLE = 5  # distinct people who used it beside the topic
LEAST_SERVERS = 3  # on so many distinct servers: no server can teach us a tag alone
LEAST_SCORE = 0.35
SMOOTHING = 3  # people added to those who use it elsewhere: few people prove little
LEAD = 1.5  # so many times the people of the next best topic that is no relative
# How surely a grown tag means its topic, at a score of 1 (a listed one: policy.topics.LISTED).
GROWN = 0.6

# Of one account: tags that count, and pairs of a tag beside a topic.
MOST_TAGS = 60
MOST_PAIRS = 80
# Posts and bios with more tags than this put things side by side that have nothing in common.
CLOSE_POST = 8
CLOSE_PROFILE = 5


@dataclass(frozen=True, slots=True)
class Beside:
    """Distinct people, and servers of theirs, who used a tag beside a topic's own."""

    people: int
    servers: int


def grown(
    people: int, beside: Mapping[str, Beside], catalogue: Catalogue
) -> tuple[str, float] | None:
    """The topic a tag leads to and the score (0..1); None when it leads nowhere certain.

    `people`: all who use the tag.
    """
    ranked = sorted(beside.items(), key=lambda item: (-item[1].people, item[0]))
    if not ranked:
        return None
    topic, best = ranked[0]
    score = round(best.people / (max(people, best.people) + SMOOTHING), 2)
    if best.people < LEAST_PEOPLE or best.servers < LEAST_SERVERS or score < LEAST_SCORE:
        return None
    for other, next_best in ranked[1:]:
        if not relatives(catalogue, topic, other) and best.people < LEAD * next_best.people:
            return None
    return topic, score


def relatives(catalogue: Catalogue, one: str, other: str) -> bool:
    """Above or below each other, or named as related, or children of one parent."""
    first, second = catalogue.by_id(one), catalogue.by_id(other)
    if first is None or second is None:
        return False
    return (
        other in catalogue.ancestors(one)
        or one in catalogue.ancestors(other)
        or other in first.related
        or one in second.related
        or (first.parent is not None and first.parent == second.parent)
    )
