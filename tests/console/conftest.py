from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import httpx
import pytest

from discover.bootstrap import open_app
from discover.services.console.operators import add_operator
from discover.settings import Settings
from tests.support.journey import ShiftedClock
from tests.support.site import Site, fill, serving

NAME, PASSWORD = "ada", "correct horse battery"
HTML = {"Accept": "text/html"}


class StillClock(ShiftedClock):
    """It may be stopped, for tests about seconds."""

    stopped: datetime | None = None

    def now(self) -> datetime:
        return super().now() if self.stopped is None else self.stopped + self.ahead

    def stop(self) -> None:
        self.stopped = super().now() - self.ahead


@dataclass
class Visitor:
    """A browser without scripts: it keeps cookies, follows redirects and fills in forms."""

    site: Site
    clock: StillClock
    client: httpx.Client

    @property
    def context(self):
        return self.site.app.context

    def see(self, path: str) -> httpx.Response:
        return self.client.get(path, headers=HTML)

    def csrf(self, path: str) -> str:
        return re.search(r'name="csrf" value="([^"]+)"', self.see(path).text)[1]

    def send(self, path: str, on: str = "/console", **fields) -> httpx.Response:
        """A form of the page `on`."""
        given = {"csrf": self.csrf(on), **fields}
        return self.client.post(path, data=given, headers=HTML)

    def login(self, name: str = NAME, password: str = PASSWORD) -> httpx.Response:
        return self.send("/console/login", "/console/login", name=name, password=password)


@contextmanager
def consoled(home, **settings):
    clock = StillClock()
    given = {"home": home, "contact": "admin@waypost.example", **settings}
    app = open_app(Settings(_env_file=None, **given), clock=clock)
    try:
        fill(app)
        with (
            serving(app) as site,
            httpx.Client(base_url=site.base, timeout=20, follow_redirects=True) as client,
        ):
            yield Visitor(site, clock, client)
    finally:
        app.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def visitor(request, tmp_path):
    """Nobody has logged in yet; there is an operator."""
    given = {}
    if request.param == "postgresql":
        given["database_url"] = request.getfixturevalue("postgres_url")
    with consoled(tmp_path / "home", **given) as one:
        add_operator(one.context, NAME, PASSWORD)
        yield one


@pytest.fixture
def ada(visitor):
    """Logged in."""
    assert visitor.login().url.path == "/console"
    return visitor
