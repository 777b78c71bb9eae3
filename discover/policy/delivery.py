"""What an answer to a delivery means, and when the host is tried again. Jitter comes in (0 ≤ x < 1).

The pauses are the host's, not the single delivery's: one order per host, so what waits behind the
first delivery waits with it.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from discover.model.fetched import FetchFailure

FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=12)
GIVE_UP_AFTER = timedelta(days=7)
# An inbox that calls a body wrong will say so again; a few tries are for servers in a bad moment.
FEW_TRIES = 3
_SPREAD = 0.3
# Refusals that have to do with us or with the moment, not with what was delivered.
_TRY_AGAIN = frozenset({401, 403, 408, 429})
_GONE = frozenset({404, 410})


class Meaning(StrEnum):
    """What one try came to."""

    DONE = "done"
    AGAIN = "again"  # the host is not well, or does not take from us now
    DOUBTFUL = "doubtful"  # the host is well and does not want this: a few tries
    GONE = "gone"  # there is no such inbox: given up at once
    NEVER = "never"  # we may not contact it: given up at once


def meaning_of(status: int) -> Meaning:
    """Of an HTTP status. Redirects are not followed (nobody signs for another target): doubtful."""
    if 200 <= status < 300:
        return Meaning.DONE
    if status in _GONE:
        return Meaning.GONE
    if status in _TRY_AGAIN or status >= 500:
        return Meaning.AGAIN
    return Meaning.DOUBTFUL


def meaning_of_failure(failure: FetchFailure) -> Meaning:
    """Of a try without an answer."""
    if failure is FetchFailure.HOST_REFUSED:
        return Meaning.NEVER
    if failure is FetchFailure.ADDRESS_REFUSED:
        return Meaning.DOUBTFUL  # a name can lead to a private address for a while
    return Meaning.AGAIN


def pause(failures: int, jitter: float) -> timedelta:
    """Doubling from one minute to twelve hours. `failures` in a row counts the one just now."""
    whole: timedelta = min(FIRST * 2 ** min(failures - 1, 20), LONGEST)
    return whole * (1 - _SPREAD * jitter)


def is_over(meaning: Meaning, *, attempts: int, age: timedelta) -> bool:
    """Is this delivery given up? `attempts` counts the one just now."""
    if meaning in (Meaning.GONE, Meaning.NEVER):
        return True
    if meaning is Meaning.DOUBTFUL and attempts >= FEW_TRIES:
        return True
    return meaning is not Meaning.DONE and age >= GIVE_UP_AFTER
