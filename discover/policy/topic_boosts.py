"""What a topic's actor boosts: a few a day, fresh, about the topic, of many people and servers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

# Older posts are no news.
FRESH = timedelta(hours=48)
HALF_LIFE = timedelta(hours=12)
# The same author again only after this; it is also how long a server's boosts count against it.
SAME_AUTHOR = timedelta(days=7)
# Each boost of a server within that time leaves its next post so much of its score.
SAME_SERVER = 0.5
# Weight of whoever only used the tag, against 0..1 of those who are about the topic.
LEAST_WEIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A post on the topic that may be boosted."""

    post_id: int
    account_id: int
    host: str
    published: datetime
    weight: float  # 0..1, how much its author is about the topic
    voices: float  # who liked, boosted or answered it (policy.trends.voices)


@dataclass(frozen=True, slots=True)
class Boosted:
    """What this actor boosted before."""

    post_id: int
    account_id: int
    host: str
    at: datetime


def is_time(at: Iterable[datetime], a_day: int, now: datetime) -> bool:
    """Is another boost due? At most so many in 24 hours, with a pause between them."""
    today = [one for one in at if now - one < timedelta(days=1)]
    pause = timedelta(days=1) / (a_day + 1)
    return len(today) < a_day and all(now - one >= pause for one in today)


def choose(
    candidates: Sequence[Candidate], before: Sequence[Boosted], now: datetime
) -> Candidate | None:
    """The best one, None when none may be boosted now."""
    recent = [one for one in before if now - one.at < SAME_AUTHOR]
    authors = {one.account_id for one in recent}
    posts = {one.post_id for one in before}
    servers = Counter(one.host for one in recent)
    open_to_all = [
        one
        for one in candidates
        if one.account_id not in authors
        and one.post_id not in posts
        and timedelta() <= now - one.published <= FRESH
    ]
    return max(
        open_to_all,
        key=lambda one: (_score(one, servers[one.host], now), one.post_id),
        default=None,
    )


def _score(one: Candidate, same_server: int, now: datetime) -> float:
    fresh: float = 0.5 ** ((now - one.published) / HALF_LIFE)
    heard = 1 + math.log2(1 + one.voices)
    return max(one.weight, LEAST_WEIGHT) * heard * fresh * SAME_SERVER**same_server
