"""When failed work is tried again. Jitter (0 ≤ jitter < 1) comes in as an argument.

Work is never given up here: a withdrawal or an index write that failed is retried until done.
"""

from __future__ import annotations

from datetime import timedelta

FIRST = timedelta(seconds=2)
LONGEST = timedelta(minutes=10)


def next_try(attempts: int, jitter: float) -> timedelta:
    """Doubling from two seconds to ten minutes. `attempts` counts the one that just failed."""
    pause: timedelta = min(FIRST * 2 ** min(attempts - 1, 20), LONGEST)
    return pause * (1 - 0.3 * jitter)
