"""What the database says, as of a moment ago, for checks that are made many times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from discover.ports import Clock

Value = TypeVar("Value")

_NOTHING = timedelta(0)


class Recent(Generic[Value]):
    """`look` is blocking and called from a thread; what it said is good for `follow`.

    It is asked again ahead of that time, while the last word is still good: so nobody waits.
    """

    def __init__(self, clock: Clock, look: Callable[[], Value], follow: timedelta) -> None:
        self._clock = clock
        self._look = look
        self._follow = follow
        self._ahead = follow / 2
        self._known: tuple[datetime, Value] | None = None
        self._under_way: asyncio.Task[Value] | None = None

    def known(self) -> Value | None:
        """None when somebody has to wait for `get`."""
        if self._known is None:
            return None
        at, value = self._known
        age = self._clock.now() - at
        if not _NOTHING <= age < self._follow:
            return None
        if age > self._ahead:
            self._begin()
        return value

    async def get(self) -> Value:
        """One looks, all the others wait for it. Raises what `look` raises."""
        joined = self._under_way is not None and not self._under_way.done()
        value = await asyncio.shield(self._begin())
        if joined and self.known() is None:  # it took so long that what it saw is old
            value = await asyncio.shield(self._begin())
        return value

    def _begin(self) -> asyncio.Task[Value]:
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._ask())
            self._under_way.add_done_callback(_heard)
        return self._under_way

    async def _ask(self) -> Value:
        now = self._clock.now()
        value = await asyncio.to_thread(self._look)
        self._known = now, value
        return value


def _heard(task: asyncio.Task[Value]) -> None:
    """Whoever waited has the error; nobody may have waited."""
    if not task.cancelled():
        task.exception()
