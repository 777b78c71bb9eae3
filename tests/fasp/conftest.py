from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from discover.net.client import GuardedClient
from discover.services.fasp.partners import Partner, all_partners
from discover.services.fasp.register import register
from discover.services.fasp.upkeep import upkeep_due
from discover.store.tables import FaspRequest
from tests.support.fasp_server import FaspServer
from tests.support.town import House, Town, housed


@dataclass
class Scene:
    """A Waypost that is served, and an emulated server that may connect it."""

    house: House
    server: FaspServer

    @property
    def town(self) -> Town:
        return self.house.town

    @property
    def client(self) -> httpx.Client:
        return self.house.client

    def another(self, host: str, **more: Any) -> Scene:
        return Scene(self.house, FaspServer(self.town, self.client, host, **more))

    def register(self, base_url: str | None = None, **more: Any) -> Partner:
        """As the page does it, without the page."""
        given = {
            "server": self.server.host,
            "base_url": base_url or self.server.base_url,
            "name": "Waypost in a test",
            "code": None,
            **more,
        }

        async def run() -> Partner:
            async with GuardedClient(self.house.app.brisk_manners()) as client:
                return await register(self.house.app.context, client, **given)

        return asyncio.run(run())

    def connect(self, *capabilities: str) -> None:
        """Registered, confirmed and switched on."""
        self.register()
        assert self.server.confirm().status == 200
        for capability in capabilities:
            assert self.server.enable(capability).status == 204

    def share(self) -> None:
        """With data sharing: subscribed, and everything read that was announced."""
        self.connect("data_sharing")
        self.upkeep()
        self.house.work()

    def upkeep(self) -> int:
        async def run() -> int:
            async with self.house.app.fetcher() as client:
                return await upkeep_due(self.house.app.context, client)

        return asyncio.run(run())

    def partner(self) -> Partner:
        partners = all_partners(self.house.app.context)
        return next(one for one in partners if one.host == self.server.host)

    def requests(self, kind: str = "subscription") -> list[tuple[str, str, str]]:
        """Category, type and state of what we asked this server for."""
        mine = self.partner().id
        return sorted(
            (row.category, row.type, row.state)
            for row in self.house.rows(FaspRequest)
            if row.connection_id == mine and row.kind == kind
        )

    def travel(self, **ahead: float) -> None:
        self.house.clock.ahead += timedelta(**ahead)
        self.server.ahead = self.house.clock.ahead.total_seconds()

    def found(self, words: str, kind: str = "posts") -> list[str]:
        return self.house.found(words, kind)


@pytest.fixture(params=["embedded", "server"])
def new_scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Scene]]:
    """Makes a scene of either edition: `new_scene(numeric_ids=False)`."""
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    given = {}
    if request.param == "server":
        meilisearch = request.getfixturevalue("meilisearch_server")
        given = {
            "database_url": request.getfixturevalue("postgres_url"),
            "search_url": meilisearch.url,
            "search_key": meilisearch.key,
            "search_prefix": f"f{abs(hash(str(tmp_path)))}",
        }
    with ExitStack() as stack:

        def make(path: str = "/api/fasp", **settings: Any) -> Scene:
            house = stack.enter_context(housed(tmp_path / "home", **given, **settings))
            return Scene(house, FaspServer(house.town, house.client, path=path))

        yield make


@pytest.fixture
def scene(new_scene: Callable[..., Scene]) -> Scene:
    return new_scene()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Scene]:
    """For what never depends on the database: one edition is enough."""
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    with housed(tmp_path / "home") as house:
        yield Scene(house, FaspServer(house.town, house.client))
