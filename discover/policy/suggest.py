"""Whom to suggest, in which order, and why. Weights are named here; docs/ranking.md explains them.

Relevance decides first: topics, hashtags, words, who boosts whom, languages. A bounded prior
(`ranking.account_prior`) lifts those who are alive, described and known. Then servers, languages
and topics make room for each other, and small servers and new voices get their share.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from discover.model.suggestions import Reason
from discover.model.verdict import AccountVerdict
from discover.model.verdict import Reason as ConsentReason

# What one shared trait is worth, before how strongly both have it (0..1 each)
TOPIC_WEIGHT = 1.0
LEADING_WEIGHT = 2.0  # what both profiles say first
TAG_WEIGHT = 0.8
WORD_WEIGHT = 0.4
VOICE_WEIGHT = 0.9  # boosted or liked by the same people, or by each other
TALK_WEIGHT = 0.5  # they mention each other in public posts
LANGUAGE_WEIGHT = 0.1

# Who writes in none of the languages of those who are liked keeps this share.
OTHER_LANGUAGE = 0.25

# The prior lifts a score by at most this share.
PRIOR_PUSH = 0.3
# Near equals change places from day to day and page to page, by at most this share.
SHUFFLE = 0.05

# Each further one of the same server, language or topic loses this share of its score …
SAME_SERVER_DAMPING = 0.12
SAME_LANGUAGE_DAMPING = 0.02
SAME_TOPIC_DAMPING = 0.03
# … and never more than this together.
LARGEST_DAMPING = 0.6

# At least one place in so many is for a small server or a new voice, if there is one that is at
# least so relevant, compared with whom it takes the place of.
FAIR_EVERY = 4
FAIR_RELEVANCE = 0.5
SMALL_SERVER = 50  # accounts of it that are listed here, at most
NEW_VOICE_AGE = timedelta(days=180)
NEW_VOICE_FOLLOWERS = 100  # fewer than that, as far as its server says

# Who hides more than this share of the newest posts behind a content warning is not suggested.
MOST_WARNED = 0.5

MOST_REASONS = 3
_WEEK = timedelta(days=7)
_MONTH = timedelta(days=31)

# The closed set: kind -> English sentence. {topic} is a topic id, {language} a primary subtag:
# whoever shows them names them in the reader's language.
REASONS: dict[str, str] = {
    "topic": "Writes about {topic}",
    "topic_like": "Writes about {topic}, as {handle} does",
    "tag": "Uses #{tag}",
    "tag_like": "Uses #{tag}, as {handle} does",
    "also_boosted": "People who boost {handle} also boost them",
    "boosted_by": "{handle} boosts them",
    "boosts": "Boosts {handle}",
    "talks_with": "{handle} and they mention each other",
    "word": "Writes of “{word}”",
    "word_like": "Writes of “{word}”, as {handle} does",
    "language": "Writes in {language}",
    "new_voice": "A new voice",
    "week": "Posted this week",
    "month": "Posted this month",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be suggested. `relevance` 0..1 within one answer, `prior` 0..1."""

    id: int
    server: str
    language: str  # the first one written, "" when unknown
    topic: str  # the heaviest one, "" when unknown
    relevance: float
    prior: float
    fair: bool = False  # of a small server, or a new voice


def may_suggest(verdict: AccountVerdict, *, bots: bool = False) -> bool:
    """Automated accounts only on request; every other no stands."""
    if not verdict.list.allowed:
        return False
    if verdict.suggest.allowed:
        return True
    return bots and set(verdict.suggest.reasons) == {ConsentReason.BOT}


def mostly_warned(posts: int, warned: int) -> bool:
    """Of the newest posts, so many carry a content warning or are marked sensitive."""
    return posts > 0 and warned > MOST_WARNED * posts


def is_new_voice(created: datetime | None, followers: int | None, now: datetime) -> bool:
    """A young account, or one that few follow. Where nothing is said, it is neither."""
    young = created is not None and now - created < NEW_VOICE_AGE
    return young or (followers is not None and followers < NEW_VOICE_FOLLOWERS)


def score(candidate: Candidate, seed: int = 0) -> float:
    """0..1: relevance, lifted by the prior, shuffled a little when there is a seed."""
    lifted = candidate.relevance * (1 + PRIOR_PUSH * candidate.prior) / (1 + PRIOR_PUSH)
    return lifted * (1 - SHUFFLE * _chance(seed, candidate.id)) if seed else lifted


def rank(
    candidates: Iterable[Candidate], length: int, seed: int = 0, *, mixed: bool = True
) -> list[Candidate]:
    """The first `length`, best first, diverse and fair.

    Not `mixed`: one topic or likeness was asked for, so the same topic and language are no fault.
    """
    left = sorted(((score(one, seed), one) for one in candidates), key=lambda pair: -pair[0])
    servers: Counter[str] = Counter()
    languages: Counter[str] = Counter()
    topics: Counter[str] = Counter()
    ranked: list[Candidate] = []
    fair = 0

    def damped(undamped: float, one: Candidate) -> float:
        damping = SAME_SERVER_DAMPING * servers[one.server]
        if mixed:
            damping += SAME_LANGUAGE_DAMPING * languages[one.language]
            damping += SAME_TOPIC_DAMPING * topics[one.topic]
        return undamped * (1 - min(damping, LARGEST_DAMPING))

    while left and len(ranked) < length:
        place = _best(left, damped)
        owed = (len(ranked) + 1) // FAIR_EVERY > fair
        if owed and not left[place][1].fair:
            other = _best(left, damped, only_fair=True)
            if other >= 0 and left[other][0] >= FAIR_RELEVANCE * left[place][0]:
                place = other
        _, chosen = left.pop(place)
        servers[chosen.server] += 1
        languages[chosen.language] += 1
        topics[chosen.topic] += 1
        fair += chosen.fair
        ranked.append(chosen)
    return ranked


def _best(
    left: Sequence[tuple[float, Candidate]],
    damped: Callable[[float, Candidate], float],
    *,
    only_fair: bool = False,
) -> int:
    """The place of the best, -1 without one. `left` is sorted: damping only lessens."""
    place, highest = -1, -math.inf
    for index, (undamped, one) in enumerate(left):
        if undamped <= highest:
            break
        if only_fair and not one.fair:
            continue
        found = damped(undamped, one)
        if found > highest:
            place, highest = index, found
    return place


def _chance(seed: int, number: int) -> float:
    """0 ≤ x < 1, the same for the same two numbers."""
    digest = blake2b(f"{seed}:{number}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32


def activity_reason(last_post_at: datetime | None, now: datetime) -> Reason | None:
    if last_post_at is None or now - last_post_at > _MONTH:
        return None
    return Reason("week" if now - last_post_at <= _WEEK else "month")


def sentence(reason: Reason, names: Mapping[str, str] | None = None) -> str:
    """In English; `names` are those of topics and languages, by id and subtag."""
    values = dict(reason.values)
    for name in ("topic", "language"):
        if name in values and names:
            values[name] = names.get(values[name], values[name])
    return REASONS[reason.kind].format(**values)
