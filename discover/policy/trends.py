"""What trends: more voices than usual, on several servers. Nobody can push by themselves.

docs/trends.md explains the formula and its constants.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

SHORTEST = timedelta(hours=1)
LONGEST = timedelta(days=7)

# People of one server count together as the square root of their number, at most this much.
SERVER_MOST = 5.0
# Fewer voices are no trend: two people on two servers, or four on one.
LEAST_VOICES = 2.0
# Voices that nobody needs to expect: what is new has to be more than a whisper.
PRIOR = 1.0

# What is usual: days from the one before yesterday on, weeks from the one before the last on.
DAYS = 28
WEEKS = 4
BASELINE = timedelta(days=7 * (WEEKS + 1))  # how far back uses are wanted
HALF_LIFE_DAYS = 7.0

# So many hashtags of a post count. More is stuffing.
MOST_TAGS = 10
MOST_LINKS = 5

_RANGE = re.compile(r"^(?:\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)$")


@dataclass(frozen=True, slots=True)
class Level:
    """Voices as they were: `daily[i]` on the UTC day i + 2 days ago, `weekly[i]` in the seven
    days that ended (i + 1) weeks before today. What is missing was silent.
    """

    daily: tuple[float, ...] = ()
    weekly: tuple[float, ...] = ()


SILENCE = Level()


def language_range(text: str | None) -> str | None:
    """An RFC 4647 basic language range in lower case; None for any language ("*" or nothing).

    Raises ValueError for what is no language range.
    """
    if text is None or not text.strip():
        return None
    wanted = text.strip().lower()
    if not _RANGE.match(wanted):
        raise ValueError(f"{text!r} is not a language such as pt or pt-BR")
    return None if wanted == "*" else wanted


def matches(wanted: str | None, tag: str) -> bool:
    """RFC 4647 section 3.3.1, basic filtering: equal, or a beginning that ends at a hyphen."""
    if wanted is None:
        return True
    tag = tag.lower()
    return tag == wanted or tag.startswith(f"{wanted}-")


def voices(people_by_server: Iterable[int]) -> float:
    """Distinct people, damped: the more of one server, the less each of them adds."""
    return sum(min(math.sqrt(people), SERVER_MOST) for people in people_by_server)


def expected(level: Level, window: timedelta) -> float:
    """Voices that would have been usual in a window of this length that ends now.

    Up to a day: the mean of the last four weeks' days, newer ones heavier, or that of the same
    weekday if it is higher (#Caturday is no news on Saturdays), by the hour; a window that began
    yesterday is on two weekdays, and both count. A week: the mean of the weeks before, because the
    same people come back on other days. Between: in between.
    """
    daily = [*level.daily, *[0.0] * (DAYS - len(level.daily))]
    today, yesterday = daily[5::7], daily[6::7]
    day = max(_mean(daily, 1.0), _mean(today, 7.0), _mean(yesterday, 7.0))
    hours = window / timedelta(hours=1)
    if hours <= 24:
        return day * hours / 24
    week = _mean([*level.weekly, *[0.0] * (WEEKS - len(level.weekly))], 7.0)
    return day + (max(week, day) - day) * (hours - 24) / (7 * 24 - 24)


def rise(heard: float, usual: float) -> float:
    """How far above the usual, in units of what chance makes of the usual. 0: no trend."""
    if heard < LEAST_VOICES or heard <= usual:
        return 0.0
    return (heard - usual) / math.sqrt(usual + PRIOR)


def ranks(rises: Sequence[float]) -> list[int]:
    """1..100, by the share of the highest (FASP trends v0.1). Nothing stays nothing."""
    top = max(rises, default=0.0)
    if top <= 0:
        return [1] * len(rises)
    return [max(1, min(100, math.ceil(100 * value / top))) for value in rises]


def _mean(values: Sequence[float], days_apart: float) -> float:
    """Newest first, each weighing half as much as one a half-life later."""
    weights = [0.5 ** (i * days_apart / HALF_LIFE_DAYS) for i in range(len(values))]
    total = sum(weights)
    return sum(w * v for w, v in zip(weights, values, strict=True)) / total if total else 0.0
