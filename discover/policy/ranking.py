"""Who comes first, and why. Every weight is a named constant; docs/ranking.md explains them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

ACTIVITY_HALF_LIFE = timedelta(days=30)
ACTIVITY_WEIGHT = 0.5
COMPLETENESS_WEIGHT = 0.3
REACH_WEIGHT = 0.2
# Remote counts cannot be trusted: beyond this many followers more makes no difference.
REACH_CAP = 10_000

# No server may fill a page: each further hit of the same server loses this share of its score.
SAME_SERVER_DAMPING = 0.06
SAME_VOICE_DAMPING = 0.15
LARGEST_DAMPING = 0.6

# Words that name a topic: what the text, the topic and the language of the words count.
TEXT_SHARE = 0.3
TOPIC_SHARE = 0.4
LANGUAGE_SHARE = 0.3
# Being about the topic in another language is worth so much of being about it in this one.
ELSEWHERE = 0.5

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prior:
    """0..1 each; `value` is their weighted sum."""

    activity: float
    completeness: float
    reach: float

    @property
    def value(self) -> float:
        return (
            ACTIVITY_WEIGHT * self.activity
            + COMPLETENESS_WEIGHT * self.completeness
            + REACH_WEIGHT * self.reach
        )


def account_prior(
    *,
    last_post_at: datetime | None,
    has_name: bool,
    has_bio: bool,
    has_avatar: bool,
    has_fields: bool,
    followers: int | None,
    now: datetime,
) -> Prior:
    """A bounded push for accounts that are alive, described and known."""
    activity = 0.0
    if last_post_at is not None:
        age = max(now - last_post_at, timedelta())
        activity = 0.5 ** (age / ACTIVITY_HALF_LIFE)
    completeness = (has_name + 2 * has_bio + has_avatar + has_fields) / 5
    counted = min(max(followers or 0, 0), REACH_CAP)
    reach = math.log1p(counted) / math.log1p(REACH_CAP)
    return Prior(activity, completeness, reach)


def topical_score(text: float, about: float, *, spoken: bool) -> float:
    """0..1 for words that name a topic. `text`: the engine's score as a share of the best one's;
    `about`: how much the account is about the topic; `spoken`: it writes the words' language.
    """
    return TEXT_SHARE * text + TOPIC_SHARE * about + LANGUAGE_SHARE * spoken


def diversify(
    hits: Sequence[T], score: Callable[[T], float], keys: Callable[[T], tuple[str, str]]
) -> list[T]:
    """Greedy re-ranking of one page: `keys` gives (server, voice) of a hit.

    A hit's score is damped by how often its server and its voice already stand above it. The
    order of equals is kept, nothing is dropped.
    """
    left = [(score(hit), *keys(hit), hit) for hit in hits]
    if len(left) < 2:
        return list(hits)
    servers: dict[str, int] = {}
    voices: dict[str, int] = {}
    ranked = []
    while left:
        best, best_score = 0, -math.inf
        for index, (undamped, server, voice, _hit) in enumerate(left):
            if undamped <= best_score:
                continue  # damping only lessens
            damping = SAME_SERVER_DAMPING * servers.get(server, 0)
            damping += SAME_VOICE_DAMPING * voices.get(voice, 0)
            damping = min(damping, LARGEST_DAMPING)
            damped = undamped * (1 - damping)
            if damped > best_score:
                best, best_score = index, damped
        _, server, voice, hit = left.pop(best)
        servers[server] = servers.get(server, 0) + 1
        voices[voice] = voices.get(voice, 0) + 1
        ranked.append(hit)
    return ranked
