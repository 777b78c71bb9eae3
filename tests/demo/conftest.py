from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from discover.demo.control import Lab
from discover.demo.server import Running, start_in_thread
from discover.demo.world import World

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def small() -> World:
    """Never changed by a test."""
    return World(seed=1, accounts=300, now=NOW)


@pytest.fixture(scope="session")
def small_truth(small: World) -> dict[str, Any]:
    return small.truth()


@pytest.fixture
def running() -> Iterator[Running]:
    server = start_in_thread(World(seed=1, accounts=300, now=NOW))
    yield server
    server.stop()


@pytest.fixture
def lab(running: Running) -> Iterator[Lab]:
    with Lab(running.port) as client:
        yield client


Get = Callable[..., httpx.Response]


def signature_headers() -> dict[str, str]:
    """A well-formed cavage signature (of nothing in particular)."""
    return {
        "Date": format_datetime(datetime.now(UTC), usegmt=True),
        "Signature": 'keyId="http://waypost.test/actor#main-key",algorithm="hs2019",'
        'headers="(request-target) host date",signature="c2lnbmVk"',
    }


@pytest.fixture
def get(running: Running) -> Iterator[Get]:
    """GET a laboratory URL, as ActivityPub unless told otherwise."""
    with httpx.Client(trust_env=False, timeout=10) as client:

        def fetch(url: str, *, signed: bool = False, **headers: str) -> httpx.Response:
            host, _, path = url.partition("://")[2].partition("/")
            given = {"Host": host, "Accept": "application/activity+json", **headers}
            if signed:
                given |= signature_headers()
            return client.get(f"http://127.0.0.1:{running.port}/{path}", headers=given)

        yield fetch
