"""A town of people who say yes (and one who does not), asked by clients that are not ours."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import requests
from mastodon import Mastodon

from discover.model.actor import Flag
from discover.model.post import Media, MediaKind
from discover.services.topics.growth import grow
from tests.support.crowd import Crowd, gathered
from tests.support.node import node, npm_folder
from tests.support.paths import PEERS
from tests.support.postgres import fresh_database
from tests.support.site import Site, serving
from tests.trends.conftest import HOUR, Square

SKY = '<a href="https://news.example/sky">A bright sky</a>'
SERVERS = ("a.example", "b.example", "c.example")
STARS = ("Saturn tonight #astronomy #astrodon", "My telescope is ready #astronomy")
GAZERS = [f"gazer{number}" for number in range(7)]


@dataclass
class Town:
    """Seven stargazers, Stella with many posts, a baker, and Shy whose flags say no."""

    crowd: Crowd
    site: Site

    def client(self, **more: Any) -> Mastodon:
        session = requests.Session()
        session.trust_env = False
        return Mastodon(api_base_url=self.site.base, session=session, **more)

    def megalodon(self, *calls: list[Any]) -> list[dict[str, Any]]:
        """The answers of megalodon, in a process of its own."""
        folder = npm_folder("megalodon")
        script = folder / "client.mjs"
        script.write_bytes((PEERS / "megalodon" / "client.mjs").read_bytes())
        done = subprocess.run(
            [str(node()), str(script), self.site.base],
            input=json.dumps(calls),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return json.loads(done.stdout)

    def get(self, path: str, **asked: Any) -> httpx.Response:
        return self.site.get(path, params=asked or None)

    def json(self, path: str, **asked: Any) -> Any:
        answer = self.get(path, **asked)
        assert answer.status_code == 200, answer.text
        return answer.json()


def fill(crowd: Crowd) -> None:
    square = Square(crowd)
    for number, name in enumerate(GAZERS):
        host = SERVERS[number % 3]
        who = square.person(name, host, bio="Nights under the stars #astronomy")
        for ago, text in enumerate(STARS):
            square.says(who, text, ago=(ago + 1) * HOUR)
        square.says(who, f"Look at {SKY} #meteor", language="de" if number > 4 else "en")
    stella = square.person("stella", "b.example", bio="Observatory keeper #astronomy")
    first = square.says(stella, "Note one about Jupiter #astronomy", ago=30 * HOUR)
    for number in range(2, 8):
        square.says(
            stella,
            f"Note {number} about Jupiter #astronomy",
            ago=timedelta(hours=30 - number),
            in_reply_to=first if number == 7 else None,
        )
    square.says(
        stella,
        "An eclipse in pictures",
        ago=20 * HOUR,
        content_warning="bright light",
        sensitive=True,
        media=(Media(MediaKind.IMAGE, "https://b.example/eclipse.jpg", "A black sun", "U00000"),),
    )
    for number in range(4):
        square.likes(f"https://{SERVERS[number % 3]}/users/gazer{number}", first)
    baker = square.person("baker", "c.example", bio="Bread and patience #baking")
    square.says(baker, "Sourdough again #baking")
    square.person("shy", "a.example", discoverable=Flag.FALSE, bio="Stars, alone #astronomy")
    crowd.settle()
    grow(crowd.app.context)


@contextmanager
def served(crowd: Crowd) -> Iterator[Town]:
    fill(crowd)
    with serving(crowd.app) as site:
        yield Town(crowd, site)


@pytest.fixture(scope="session", params=["embedded", "server"])
def standing(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Town]:
    """One town of each edition for all tests that only read."""
    home = tmp_path_factory.mktemp("standing")
    with ExitStack() as stack:
        options = {}
        if request.param == "server":
            server = request.getfixturevalue("postgres_server")
            meilisearch = request.getfixturevalue("meilisearch_server")
            options = {
                "database_url": stack.enter_context(fresh_database(server)),
                "search_url": meilisearch.url,
                "search_key": meilisearch.key,
                "search_prefix": f"standing{abs(hash(str(home)))}",
            }
        crowd = stack.enter_context(gathered(home, **options))
        yield stack.enter_context(served(crowd))


@pytest.fixture
def town(crowd: Crowd) -> Iterator[Town]:
    """For a test that changes something."""
    with served(crowd) as made:
        yield made
