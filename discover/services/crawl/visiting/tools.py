"""What a visit is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from discover.model.fetched import Fetched
from discover.model.observed import Observation, Outcome
from discover.ports import ACTIVITY_JSON, Clock, Fetcher

Sink = Callable[[Observation], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Tools:
    """`base_url` gives the scheme and host under which a host's own documents are found."""

    fetcher: Fetcher
    sink: Sink
    clock: Clock
    base_url: Callable[[str], str]
    outbox_pages: int = 10
    directory_pages: int = 250
    extra_opt_out_tags: frozenset[str] = frozenset()

    def scheme(self, host: str) -> str:
        return self.base_url(host).partition(":")[0]


class CountingFetcher:
    """A Fetcher that counts what passes, for the bound on one turn."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self.requests = 0

    async def get(
        self,
        url: str,
        *,
        accept: str = ACTIVITY_JSON,
        solicited: bool,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Fetched:
        self.requests += 1
        return await self._fetcher.get(
            url, accept=accept, solicited=solicited, etag=etag, last_modified=last_modified
        )

    async def ask(self, url: str, question: bytes, *, solicited: bool) -> Fetched:
        self.requests += 1
        return await self._fetcher.ask(url, question, solicited=solicited)
