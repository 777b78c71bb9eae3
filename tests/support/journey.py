"""A whole Waypost against a pretend fediverse, in this process: crawl, index, look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
import sqlalchemy as sa

from crawler.run import run_crawler
from discover.bootstrap import App, SystemClock, open_app
from discover.demo.control import Lab
from discover.demo.server import start_in_thread
from discover.demo.world import World
from discover.model.actor import Handle
from discover.model.query import Kind
from discover.model.views import SearchAnswer, SearchRequest
from discover.services.consent.servers import add_server
from discover.services.consent.withdraw import POSTS
from discover.services.crawl.visits import schedule_now
from discover.services.facts import ACCOUNTS
from discover.services.find.search import search
from discover.services.index.indexing import index_all
from discover.settings import Settings


class ShiftedClock(SystemClock):
    """The real time plus what a test adds to it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return super().now() + self.ahead


@dataclass
class Journey:
    app: App
    lab: Lab
    world: World
    clock: ShiftedClock

    def opt_in_all(self) -> None:
        for host in self.world.hosts:
            if host.opted_in:
                add_server(self.app.context, host.name, "their admin agreed, in this test")

    def crawl(self) -> None:
        """Everything that is due, then the index."""
        asyncio.run(run_crawler(self.app, until_idle=True, stop=asyncio.Event()))
        index_all(self.app.context)

    def visit_again(self, *hosts: str) -> None:
        schedule_now(self.app.context, hosts=hosts or [host.name for host in self.world.hosts])
        self.crawl()

    def search(self, text: str, kind: str = "all", **options) -> SearchAnswer:
        return search(self.app.context, SearchRequest(text=text, kind=kind, limit=40, **options))

    def found(self, handle: str) -> bool:
        """Does searching for the handle bring up this account, or a post of it?"""
        answer = self.search(handle)
        handles = {one.handle for one in answer.accounts}
        return handle in handles | {post.author.handle for post in answer.posts}

    def listed(self) -> set[str]:
        with self.app.context.database.read() as connection:
            return set(connection.scalars(sa.select(ACCOUNTS.c.uri)))

    def posts(self) -> set[str]:
        with self.app.context.database.read() as connection:
            return set(connection.scalars(sa.select(POSTS.c.uri)))

    def id_of(self, handle: str) -> int | None:
        with self.app.context.database.read() as connection:
            return connection.scalar(
                sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.handle_key == Handle.parse(handle).key)
            )

    def raw(self, kind: Kind) -> set[int]:
        return set(self.app.context.engine.ids(kind))


def lab_settings(port: int, **more) -> Settings:
    """Laboratory settings for a pretend fediverse on a loopback port."""
    given = {
        "lab_networks": (ip_network("127.0.0.0/8"),),
        "lab_hosts": (("*.lab.test", "127.0.0.1", port),),
        "lab_plain_http": True,
        "crawl_delay": 0.0,
        "contact": "tests@waypost.example",
        **more,
    }
    return Settings(_env_file=None, **given)


@contextmanager
def travelling(
    home: Path,
    *,
    accounts: int = 60,
    seed: int = 7,
    database_url: str = "",
    search_url: str = "",
    search_key: str = "",
    search_prefix: str = "waypost",
    **world_options,
) -> Iterator[Journey]:
    world = World(seed, accounts, gotosocial_crawl_delay=0, **world_options)
    running = start_in_thread(world)
    clock = ShiftedClock()
    settings = lab_settings(
        running.port,
        home=home,
        database_url=database_url,
        search_url=search_url,
        search_key=search_key,
        search_prefix=search_prefix,
    )
    app = open_app(settings, clock=clock)
    try:
        app.context.engine.prepare()
        with Lab(running.port) as lab:
            yield Journey(app, lab, world, clock)
    finally:
        app.close()
        running.stop()


@pytest.fixture(params=["embedded", "server"])
def journey(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Journey]]:
    """Makes a Journey of either edition: `journey(accounts=…)`."""
    options = {}
    if request.param == "server":
        meilisearch = request.getfixturevalue("meilisearch_server")
        options = {
            "database_url": request.getfixturevalue("postgres_url"),
            "search_url": meilisearch.url,
            "search_key": meilisearch.key,
            "search_prefix": f"t{abs(hash(str(tmp_path)))}",
        }
    from contextlib import ExitStack

    with ExitStack() as stack:

        def make(**more) -> Journey:
            return stack.enter_context(travelling(tmp_path / "home", **options, **more))

        yield make
