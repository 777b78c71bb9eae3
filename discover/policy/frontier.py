"""When to look again: pure schedules. Jitter (0 ≤ jitter < 1) comes in as an argument.

The periods are spread so that hosts which were visited together drift apart.
"""

from __future__ import annotations

from datetime import timedelta

SOONEST = timedelta(hours=1)
LATEST = timedelta(days=3)
# A refused account is looked at again seldom, only to notice that somebody changed their mind.
REFUSED_AGAIN = timedelta(days=3)
SERVER_AGAIN = timedelta(hours=24)
NEWCOMER_AGAIN = (timedelta(seconds=20), timedelta(minutes=2), timedelta(minutes=10))
FIRST_FAILURE = timedelta(hours=1)
LONGEST_BACKOFF = timedelta(days=5)
# After so many failures in a row (about a month) a visit is forgotten.
FORGET_AFTER_FAILURES = 14
_SPREAD = 0.2


def spread(period: timedelta, jitter: float) -> timedelta:
    """The period, up to 20 % shorter, so that appointments do not bunch."""
    return period * (1 - _SPREAD * jitter)


def next_account_visit(posts_per_day: float, jitter: float) -> timedelta:
    """Often for those who post often: about when the next two posts are expected."""
    least = SOONEST / (1 - _SPREAD)
    if posts_per_day * (LATEST / timedelta(days=1)) <= 2:
        return spread(LATEST, jitter)
    return spread(max(timedelta(days=2 / posts_per_day), least), jitter)


def next_after_failure(failures: int, jitter: float) -> timedelta | None:
    """Doubling from an hour to days; None when it is time to forget. `failures` counts this one."""
    if failures >= FORGET_AFTER_FAILURES:
        return None
    return spread(min(FIRST_FAILURE * 2 ** (failures - 1), LONGEST_BACKOFF), jitter)


def next_after_failure_of_newcomer(failures: int, jitter: float) -> timedelta | None:
    """For somebody who asked to be looked at and was not seen yet: soon at first, as they wait."""
    if failures <= len(NEWCOMER_AGAIN):
        return spread(NEWCOMER_AGAIN[failures - 1], jitter)
    return next_after_failure(failures - len(NEWCOMER_AGAIN), jitter)


def next_server_visit(jitter: float) -> timedelta:
    """NodeInfo, robots.txt and the directory: once a day."""
    return spread(SERVER_AGAIN, jitter)


def next_refused_visit(jitter: float) -> timedelta:
    return spread(REFUSED_AGAIN, jitter)
