"""How a server's proofs are looked at: its own host and nowhere else, by the guarded client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from discover.net.client import GuardedClient
from discover.net.manners import Grant, Manners
from discover.ports import Fetcher, TxtResolver


class _Outlook:
    def __init__(self, manners: Manners, resolver: TxtResolver) -> None:
        self._manners = manners
        self.resolver = resolver

    def fetcher(self, host: str) -> AbstractAsyncContextManager[Fetcher]:
        async def only(asked: str) -> Grant | None:
            return Grant(solicited=True) if asked == host else None

        return GuardedClient(self._manners, only)

    def base_url(self, host: str) -> str:
        return self._manners.base_url(host)


class GuardedLookout:
    """ports.Lookout. Manners are made anew each time: they belong to one event loop.

    `manners` is set by bootstrap, once there are keys to sign with.
    """

    def __init__(self, resolver: TxtResolver) -> None:
        self.manners: Callable[[], Manners] | None = None
        self._resolver = resolver

    @asynccontextmanager
    async def open(self) -> AsyncIterator[_Outlook]:
        assert self.manners is not None
        manners = self.manners()
        try:
            yield _Outlook(manners, self._resolver)
        finally:
            manners.close()
