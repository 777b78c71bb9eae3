"""A Waypost with a pretend fediverse and a real DNS server, on either database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from crawler.run import run_crawler
from discover.bootstrap import App, open_app
from discover.demo.control import Lab
from discover.demo.server import start_in_thread
from discover.demo.world import World
from discover.model.check import ServerCheck
from discover.services.consent.proofs import check
from discover.services.consent.withdraw import POSTS
from discover.services.facts import ACCOUNTS, SERVERS
from discover.services.index.indexing import index_all
from tests.support.journey import ShiftedClock, lab_settings
from tests.support.nameserver import NameServer

FILE = "/.well-known/waypost.json"


@dataclass
class Town:
    """One installation, and one Mastodon-like host of the pretend fediverse."""

    app: App
    lab: Lab
    names: NameServer
    clock: ShiftedClock
    host: str

    @property
    def txt(self) -> str:
        return f"_waypost.{self.host}"

    def check(self, host: str = "") -> ServerCheck:
        found = asyncio.run(check(self.app.context, host or self.host))
        index_all(self.app.context)
        return found

    def publish(self, text: str | None, status: int = 200) -> None:
        """The statement file; None: there is none."""
        self.lab.polite(self.host)
        if text is not None:
            self.lab.rude(
                "body", host=self.host, path=FILE, text=text, type="application/json", status=status
            )

    def crawl(self) -> None:
        asyncio.run(run_crawler(self.app, until_idle=True, stop=asyncio.Event()))
        index_all(self.app.context)

    def server(self, host: str = ""):
        with self.app.context.database.read() as connection:
            return connection.execute(
                sa.select(SERVERS).where(SERVERS.c.host == (host or self.host))
            ).first()

    def people(self, host: str = "") -> int:
        with self.app.context.database.read() as connection:
            return connection.scalar(
                sa.select(sa.func.count()).where(ACCOUNTS.c.host == (host or self.host))
            )

    def posts(self) -> int:
        with self.app.context.database.read() as connection:
            return connection.scalar(
                sa.select(sa.func.count())
                .select_from(POSTS.join(ACCOUNTS, ACCOUNTS.c.id == POSTS.c.account_id))
                .where(ACCOUNTS.c.host == self.host)
            )

    def asked(self) -> list[str]:
        return [row["path"] for row in self.lab.log(self.host)]


@pytest.fixture(scope="session")
def pretend_fediverse():
    world = World(11, 60, gotosocial_crawl_delay=0)
    running = start_in_thread(world)
    yield world, running.port
    running.stop()


@pytest.fixture(params=["sqlite", "postgres"])
def town(request, tmp_path, nameserver, pretend_fediverse) -> Iterator[Town]:
    world, port = pretend_fediverse
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    clock = ShiftedClock()
    settings = lab_settings(
        port, home=tmp_path / "home", database_url=url,
        dns_servers=(("127.0.0.1", nameserver.port),),
    )  # fmt: skip
    app = open_app(settings, clock=clock)
    app.context.engine.prepare()
    host = max(
        (host for host in world.hosts if host.software == "mastodon" and host.directory
         and host.robots not in ("forbids-us", "error")),
        key=lambda one: sum(1 for _ in world.people(one)),
    ).name  # fmt: skip
    with Lab(port) as lab:
        lab.polite()
        lab.clear_log()
        yield Town(app, lab, nameserver, clock, host)
        lab.polite()
    app.close()
