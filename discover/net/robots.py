"""robots.txt of every host, asked before anything else of it, and remembered for a day."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from discover.model.fetched import FetchError, FetchFailure
from discover.model.instance import RobotsState
from discover.net.pace import Pace
from discover.policy.address import Target
from discover.policy.robots import UNREADABLE, Robots, read_robots
from discover.ports import Clock

PATH = "/robots.txt"
LIFETIME = timedelta(hours=24)  # RFC 9309, 2.4: not longer
LIFETIME_OF_FAILURE = timedelta(minutes=10)
MAX_HOSTS = 10_000

# Failures that say nothing about the file, but forbid the host anyway
_NOT_THE_FILES = frozenset(
    {FetchFailure.HOST_PARKED, FetchFailure.HOST_REFUSED, FetchFailure.ADDRESS_REFUSED}
)

Fetch = Callable[[str], Awaitable[tuple[int, bytes]]]


@dataclass(slots=True)
class _Entry:
    robots: Robots
    until: datetime


class RobotsCache:
    """By host and port; bounded. Concurrent askers of one host share one fetch.

    The scheme does not matter: http is spoken in laboratories only, and to the same server.
    """

    def __init__(self, clock: Clock, pace: Pace, *, hosts: int = MAX_HOSTS) -> None:
        self._clock = clock
        self._pace = pace
        self._limit = hosts
        self._known: dict[str, _Entry] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def _recall(self, authority: str) -> Robots | None:
        entry = self._known.get(authority)
        return entry.robots if entry is not None and entry.until > self._clock.now() else None

    def learn(self, target: Target, status: int | None, body: bytes) -> Robots:
        """Take in an answer to a request for robots.txt; `status` None: there was none."""
        robots = read_robots(status, body)
        failed = robots.state is RobotsState.UNREADABLE
        until = self._clock.now() + (LIFETIME_OF_FAILURE if failed else LIFETIME)
        self._known.pop(target.authority, None)
        self._known[target.authority] = _Entry(robots, until)
        while len(self._known) > self._limit:
            del self._known[next(iter(self._known))]
        if not failed:
            self._pace.asked_delay(target.authority, robots.crawl_delay)
        return robots

    async def require(self, target: Target, *, solicited: bool, fetch: Fetch) -> None:
        """Pass if this URL may be fetched. FetchError(ROBOTS_FORBID or ROBOTS_UNREADABLE) if not.

        `fetch` gets a robots.txt by URL, redirects included, and teaches this cache through
        `learn`; its FetchError counts as unreadable, but for a parked host or a forbidden address,
        which are passed on.
        """
        robots = self._recall(target.authority)
        if robots is None:
            robots = await self._read(target, fetch)
        if robots.allows(str(target), solicited=solicited):
            return
        unreadable = robots.state is RobotsState.UNREADABLE
        raise FetchError(
            FetchFailure.ROBOTS_UNREADABLE if unreadable else FetchFailure.ROBOTS_FORBID,
            str(target),
        )

    async def _read(self, target: Target, fetch: Fetch) -> Robots:
        lock = self._locks.setdefault(target.authority, asyncio.Lock())
        try:
            async with lock:
                robots = self._recall(target.authority)
                if robots is not None:
                    return robots
                try:
                    status, body = await fetch(target.origin + PATH)
                except FetchError as error:
                    if error.failure in _NOT_THE_FILES:
                        raise
                    return self._recall(target.authority) or UNREADABLE
                return self._recall(target.authority) or self.learn(target, status, body)
        finally:
            if not lock.locked():
                self._locks.pop(target.authority, None)
