from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from discover.bootstrap import App, open_app
from discover.model.fetched import FetchError, FetchFailure
from discover.net.client import GuardedClient
from discover.net.keys import SigningKey
from discover.net.manners import Gate, Manners, open_gate
from discover.net.resolve import Lookup, system_lookup
from discover.net.signing import Scheme, Signer
from discover.net.verify import Refused, SignedRequest, Verifier
from discover.policy.address import read_url
from discover.ports import Fetcher
from discover.settings import Settings
from tests.support.remote import Person
from tests.support.rude_site import RudeSite, Seen

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


@dataclass
class Desk:
    """A verifier with a real database and real fetches, and the site whose keys it asks for."""

    app: App
    site: RudeSite
    clock: TestClock
    runner: asyncio.Runner
    verifier: Verifier

    def __call__(self, request: SignedRequest, actor: str | None, **given: Any) -> Any:
        return self.runner.run(self.verifier.verify(request, claimed_actor=actor, **given))

    def together(self, *requests: tuple[SignedRequest, str | None]) -> list[Any]:
        """All at once; what came or was raised."""

        async def all_of_them() -> list[Any]:
            asked = (self.verifier.verify(one, claimed_actor=actor) for one, actor in requests)
            return await asyncio.gather(*asked, return_exceptions=True)

        return self.runner.run(all_of_them())

    def fetches(self, path: str = "") -> int:
        return sum(1 for seen in self.site.paths() if seen != "/robots.txt" and path in seen)


def _settings(home: Path, port: int) -> Settings:
    return Settings(
        _env_file=None,
        home=home,
        public_url="https://waypost.test",
        request_seconds=1.5,
        lab_networks="127.0.0.0/8",
        lab_hosts=f"*.lab.test=127.0.0.1:{port}",
        lab_plain_http=True,
    )


@pytest.fixture(scope="session")
def new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once and copied: a database with its tables and our keys."""
    home = tmp_path_factory.mktemp("new")
    app = open_app(_settings(home, 1))
    assert app.keys
    app.close()
    return home / "waypost.db"


@pytest.fixture
def verify(site: RudeSite, tmp_path: Path, new_database: Path) -> Iterator[Desk]:
    clock = TestClock()
    shutil.copy(new_database, tmp_path / "waypost.db")
    app = open_app(_settings(tmp_path, site.port), clock=clock)
    verifier = app.verifier()
    try:
        with asyncio.Runner() as runner:
            yield Desk(app, site, clock, runner, verifier)
            runner.run(verifier.close())
    finally:
        app.close()


@pytest.fixture
def digests() -> dict[str, str]:
    """Of the body `{}`."""
    return {
        name: base64.b64encode(hashlib.new(name, b"{}").digest()).decode()
        for name in ("sha256", "sha512")
    }


@pytest.fixture
def our_request(site: RudeSite) -> Callable[[str, str], tuple[SignedRequest, str]]:
    """What our own signer sends, seen from the other side."""
    person = Person("ours")

    def make(scheme: str, method: str) -> tuple[SignedRequest, str]:
        person.live_at(site)
        target = read_url("https://waypost.test/inbox?x=%20y")
        body = b"{}" if method == "POST" else None
        signer = Signer(SigningKey(person.key_id, person.rsa_key), TestClock())
        headers = asyncio.run(signer.sign(Scheme(scheme), method, target, body))
        signer.close()
        return SignedRequest(method, str(target), headers, body or b""), person.uri

    return make


@pytest.fixture
def alice(site: RudeSite) -> Person:
    return Person("alice").live_at(site)


@pytest.fixture(scope="module")
def mallory() -> Person:
    return Person("mallory", host="evil.lab.test")


SCHEMES = pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])


def rows(desk: Desk, table: sa.Table) -> int:
    with desk.app.context.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def refused(
    desk: Desk, request: SignedRequest, actor: str | None, *, status: int = 401, **given: Any
) -> str:
    """The reason."""
    with pytest.raises(Refused) as info:
        desk(request, actor, **given)
    assert info.value.status == status
    return info.value.reason


def altered(request: SignedRequest, **headers: str | None) -> SignedRequest:
    changed = dict(request.headers) | {name.replace("_", "-"): v for name, v in headers.items()}
    return replace(request, headers={name: v for name, v in changed.items() if v is not None})


def refusal(bench: Bench, url: str = "https://a.lab.test/doc", **given: object) -> FetchFailure:
    with pytest.raises(FetchError) as caught:
        bench.get(url, **given)
    return caught.value.failure


def documents(site: RudeSite) -> list[Seen]:
    return [seen for seen in site.seen if seen.path != "/robots.txt"]
