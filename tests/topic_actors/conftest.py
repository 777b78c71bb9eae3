from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from discover.services.topics.boosts import boost_topics
from tests.support.remote import PUBLIC, Person
from tests.support.town import House, housed

ASTRONOMY = f"{PUBLIC}/actor/topics/astronomy"


class Observatory:
    """A house whose astronomy actor somebody on another server follows."""

    def __init__(self, house: House) -> None:
        self.house, self.town = house, house.town
        self.reader = house.town.person("reader", "b.lab.test")
        house.opt_in()
        house.hear(self.reader, "Follow", ASTRONOMY)

    def author(self, name: str, **more) -> Person:
        person = self.town.person(name, **more)
        self.house.hear(person, "Update", person.uri)
        return person

    def writes(self, person: Person, text: str = "Saturn tonight #astronomy", **more) -> str:
        post = self.town.post(person, text, **more)
        self.house.hear(person, "Create", post)
        return post

    def round(self) -> list[str]:
        """What the task does now and then; the URIs of what was boosted by it."""
        before = len(self.boosted())
        boost_topics(self.house.app.context)
        self.house.work()
        return self.boosted()[before:]

    def boosted(self) -> list[str]:
        """To the reader's server."""
        return [one["object"] for one in self.sent("Announce")]

    def taken_back(self) -> list[str]:
        return [
            one["object"]["object"]
            for one in self.sent("Undo")
            if one["object"]["type"] == "Announce"
        ]

    def sent(self, kind: str, host: str = "b.lab.test") -> list[dict[str, Any]]:
        """What was posted to the inboxes of one server; the authors are on a.lab.test."""
        bodies = [
            json.loads(seen.body)
            for seen in self.town.site.seen
            if seen.method == "POST" and seen.host == host
        ]
        return [body for body in bodies if body["type"] == kind]

    def shown(self) -> list[str]:
        found = self.house.client.get(f"{ASTRONOMY.removeprefix(PUBLIC)}/outbox").json()
        assert found["totalItems"] == len(found["orderedItems"])
        return [one["object"] for one in found["orderedItems"]]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., House]]:
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    given = {"topic_actors": ("astronomy",)}
    if request.param == "postgresql":
        given["database_url"] = request.getfixturevalue("postgres_url")
    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(housed(tmp_path / "home", **(given | more)))


@pytest.fixture
def observatory(new_house: Callable[..., House]) -> Observatory:
    return Observatory(new_house())
