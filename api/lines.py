"""A bound on what many clients ask about one thing, in which nobody is turned away for long.

Beyond the bound there is a line: whoever comes gets one appointment, however often they come, so
that a few strangers who keep asking delay the one whom it concerns by seconds.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from api.limits import Rate

LONGEST = 3600.0  # seconds that anybody is told to wait
_KEPT = 600.0  # an appointment waits so long for who has it


class Line:
    """Rates by name; the virtual scheduling of token buckets (ITU-T I.371's GCRA), with places.

    Memory is bounded by the rates' `clients`.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._taken: OrderedDict[str, float] = OrderedDict()  # until when, by name
        self._places: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def take(self, client: str, names: Mapping[str, Rate]) -> int:
        """0: go ahead. Else the seconds after which this client has its turn with these names."""
        now, key = self._now(), (client, *names)
        place = self._places.get(key)
        if place is not None and place > now:
            return math.ceil(place - now)
        if place is not None:
            del self._places[key]
            if now - place <= _KEPT:
                return 0
        turns = {name: self._next(name, rate, now) for name, rate in names.items()}
        turn = max(turns.values())
        if turn - now > LONGEST:
            return math.ceil(LONGEST)
        most = max(rate.clients for rate in names.values())
        for name, at in turns.items():
            self._taken.pop(name, None)
            self._taken[name] = at
        _shorten(self._taken, most)
        if turn <= now:
            return 0
        self._places[key] = turn
        _shorten(self._places, most)
        return math.ceil(turn - now)

    def _next(self, name: str, rate: Rate, now: float) -> float:
        gap = 1 / rate.per_second
        return max(self._taken.get(name, 0.0), now - rate.burst * gap) + gap


def _shorten(
    kept: OrderedDict[str, float] | OrderedDict[tuple[str, ...], float], most: int
) -> None:
    while len(kept) > most:
        kept.popitem(last=False)
