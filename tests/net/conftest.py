from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from discover.net.client import GuardedClient
from discover.net.keys import SigningKey
from discover.net.manners import Gate, Manners, open_gate
from discover.net.resolve import Lookup, system_lookup
from discover.ports import Fetcher
from discover.settings import Settings
from tests.support.rude_site import RudeSite

KEY = SigningKey.generate_rsa("https://waypost.test/actor#main-key")


@dataclass
class TestClock:
    """The real time, moved by hand."""

    __test__ = False
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Bench:
    """One of the two clients, its settings and the site it talks to."""

    kind: str
    site: RudeSite
    overrides: dict[str, Any] = field(default_factory=dict)
    clock: TestClock = field(default_factory=TestClock)
    lookup: Lookup = system_lookup
    gate: Gate = open_gate
    key: SigningKey | None = KEY

    def settings(self) -> Settings:
        given: dict[str, Any] = {
            "public_url": "https://waypost.test",
            "contact": "ops@waypost.test",
            "crawl_delay": 0.0,
            "document_bytes": 100_000,
            "request_seconds": 1.5,
            "lab_networks": "127.0.0.0/8",
            "lab_hosts": f"*.lab.test=127.0.0.1:{self.site.port}",
            "lab_plain_http": True,
        }
        return Settings(_env_file=None, **(given | self.overrides))

    def run(self, work: Callable[[Fetcher, Manners], Awaitable[Any]]) -> Any:
        """Run `work` with the fetcher; returns what it returned, raises what it raised."""
        return asyncio.run(self._run(work))

    async def _run(self, work: Callable[[Fetcher, Manners], Awaitable[Any]]) -> Any:
        settings = self.settings()
        manners = Manners.of(settings, self.clock, key=self.key, lookup=self.lookup)
        try:
            if self.kind == "httpx":
                async with GuardedClient(manners, self.gate) as client:
                    return await work(client, manners)
            from crawler.spider import crawl

            found: list[Any] = []

            async def collect(fetcher: Fetcher) -> None:
                found.append(await work(fetcher, manners))

            await crawl(settings, manners, self.gate, collect)
            return found[0]
        finally:
            manners.close()

    def get(self, url: str = "https://a.lab.test/doc", **given: Any) -> Any:
        given = {"solicited": True} | given
        return self.run(lambda fetcher, _manners: fetcher.get(url, **given))


@pytest.fixture
def site() -> Iterator[RudeSite]:
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    with RudeSite() as rude:
        yield rude


@pytest.fixture(params=["httpx", "scrapy"])
def bench(request: pytest.FixtureRequest, site: RudeSite) -> Bench:
    return Bench(request.param, site)
