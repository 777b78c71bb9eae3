"""One request at a time per host, and the pause between two. Both clients stand on this."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from discover.model.fetched import FetchError, FetchFailure
from discover.policy.politeness import delay_after, parked_until
from discover.ports import Clock

MAX_HOSTS = 20_000


@dataclass(slots=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0  # turns taken or waited for
    ready_at: float = 0.0  # on the event loop's clock
    parked_until: datetime | None = None
    crawl_delay: float | None = None
    delay: float = 0.0


class Pace:
    """The pause of every host, in memory. `least` and `longest` are seconds.

    A wait of up to `longest` is waited for; beyond that FetchError(HOST_PARKED) says when to come
    back, so that nobody sleeps through a quarter of an hour with a lease in hand.
    """

    def __init__(self, clock: Clock, *, least: float, longest: float) -> None:
        self._clock = clock
        self._least = least
        self._longest = longest
        self._hosts: dict[str, _Host] = {}

    def _host(self, name: str) -> _Host:
        host = self._hosts.get(name)
        if host is None:
            if len(self._hosts) >= MAX_HOSTS:
                self._forget_idle()
            host = self._hosts[name] = _Host()
        return host

    def _forget_idle(self) -> None:
        now, moment = asyncio.get_running_loop().time(), self._clock.now()
        for name, host in list(self._hosts.items()):
            if (
                not host.waiting
                and host.ready_at <= now
                and (host.parked_until is None or host.parked_until <= moment)
            ):
                del self._hosts[name]

    def seed(self, name: str, *, not_before: datetime | None, crawl_delay: float | None) -> None:
        """What another process knew of the host when it let go of it."""
        host = self._host(name)
        if not_before is not None and (host.parked_until is None or host.parked_until < not_before):
            host.parked_until = not_before
        if crawl_delay is not None:
            host.crawl_delay = crawl_delay

    def asked_delay(self, name: str, crawl_delay: float | None) -> None:
        """The Crawl-delay of the host's robots.txt, as just read."""
        host = self._host(name)
        host.crawl_delay = crawl_delay
        if crawl_delay is not None:
            # It also binds the request that follows the reading of robots.txt itself.
            now = asyncio.get_running_loop().time()
            host.ready_at = max(host.ready_at, now + min(crawl_delay, self._longest))

    def not_before(self, name: str) -> datetime | None:
        """When the host may be asked again, for whoever takes it over; None: at once."""
        host = self._hosts.get(name)
        if host is None:
            return None
        now = self._clock.now()
        seconds = host.ready_at - asyncio.get_running_loop().time()
        moments = [now + timedelta(seconds=seconds)] if seconds > 0 else []
        if host.parked_until is not None and host.parked_until > now:
            moments.append(host.parked_until)
        return max(moments, default=None)

    async def begin(self, name: str, url: str) -> float:
        """Wait for the host's turn. Must be followed by `end`, whatever happens.

        Returns the start on the event loop's clock. FetchError(HOST_PARKED) without a turn.
        """
        host = self._host(name)
        host.waiting += 1
        try:
            await host.lock.acquire()
        except BaseException:
            host.waiting -= 1
            raise
        try:
            seconds = self._pause(host, url)
            if seconds > 0:
                await asyncio.sleep(seconds)
            return asyncio.get_running_loop().time()
        except BaseException:
            self._leave(host)
            raise

    def _pause(self, host: _Host, url: str) -> float:
        """Seconds still to wait."""
        seconds = host.ready_at - asyncio.get_running_loop().time()
        if host.parked_until is None:
            return seconds
        parked = (host.parked_until - self._clock.now()).total_seconds()
        if parked > self._longest:
            raise FetchError(FetchFailure.HOST_PARKED, url, "told to wait", host.parked_until)
        if parked <= 0:
            host.parked_until = None
        return max(seconds, parked)

    def end(
        self, name: str, started: float, *, status: int | None, headers: Mapping[str, str]
    ) -> None:
        """The answer came, or none (`status` None). Opens the host for its next turn."""
        host = self._host(name)
        now = asyncio.get_running_loop().time()
        host.delay = delay_after(
            least=self._least,
            crawl_delay=host.crawl_delay,
            crawl_delay_max=self._longest,
            response_seconds=now - started,
            failed=status is None or status >= 400,
            previous=host.delay,
        )
        host.ready_at = now + host.delay
        if status is not None:
            parked = parked_until(status, headers, self._clock.now())
            if parked is not None:
                host.parked_until = parked
        self._leave(host)

    @staticmethod
    def _leave(host: _Host) -> None:
        host.waiting -= 1
        host.lock.release()

    @asynccontextmanager
    async def turn(self, name: str, url: str) -> AsyncIterator[Turn]:
        """`begin` and `end` around a block that notes its answer in the yielded Turn."""
        started = await self.begin(name, url)
        turn = Turn()
        try:
            yield turn
        finally:
            self.end(name, started, status=turn.status, headers=turn.headers)


@dataclass(slots=True)
class Turn:
    """What the block inside `Pace.turn` learned."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
