"""How many fetches strangers can make us do: token buckets, in bounded memory."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Rate:
    burst: float
    per_second: float


class Budget:
    """One bucket for each name and one for all together. The longest unseen are forgotten."""

    def __init__(self, each: Rate, together: Rate, *, names: int = 10_000) -> None:
        self._each = each
        self._together = together
        self._limit = names
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()
        self._all: tuple[float, datetime] | None = None

    def take(self, name: str, now: datetime) -> bool:
        """Take one token of both buckets, or none."""
        mine = _filled(self._left.pop(name, None), self._each, now)
        everyone = _filled(self._all, self._together, now)
        allowed = mine >= 1 and everyone >= 1
        spent = 1.0 if allowed else 0.0
        self._left[name] = (mine - spent, now)
        self._all = (everyone - spent, now)
        if len(self._left) > self._limit:
            self._left.popitem(last=False)
        return allowed


def _filled(bucket: tuple[float, datetime] | None, rate: Rate, now: datetime) -> float:
    if bucket is None:
        return rate.burst
    left, then = bucket
    return min(rate.burst, left + max(0.0, (now - then).total_seconds()) * rate.per_second)
