"""Waypost over either engine, with people who may be found."""

from __future__ import annotations

import logging
from uuid import uuid4

import pytest

from discover.bootstrap import open_app
from discover.model.query import Kind
from discover.store.tables import Account
from tests.commands.conftest import Talk
from tests.support.town import housed


class Indexed(Talk):
    """A house whose people said "in", the raw index, and a second process beside the first."""

    def __init__(self, house):
        super().__init__(house)
        self.others = []

    def close(self):
        for one in self.others:
            one.close()

    @property
    def app(self):
        return self.house.app

    @property
    def ctx(self):
        return self.house.app.context

    def listed(self, *names: str):
        people = [self.town.person(name) for name in names]
        for person in people:
            self.say(person, "in")
        return people

    def numbers(self) -> dict[str, int]:
        return {row.username: row.id for row in self.house.rows(Account)}

    def raw(self, kind: Kind = Kind.ACCOUNTS) -> set[int]:
        return set(self.ctx.engine.ids(kind))

    def another(self):
        """Another process of the same installation."""
        self.others.append(open_app(self.app.settings, clock=self.house.clock))
        return self.others[-1]

    def collections(self) -> list[str]:
        """The server's indexes that are ours."""
        engine = self.ctx.engine
        return sorted(
            name for name in engine._names() if name.startswith(engine.name(Kind.ACCOUNTS))
        )


@pytest.fixture
def embedded(tmp_path):
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    with housed(tmp_path / "home") as house:
        made = Indexed(house)
        yield made
        made.close()


@pytest.fixture
def server(tmp_path, postgres_url, meilisearch_server):
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    given = {
        "database_url": postgres_url,
        "search_url": meilisearch_server.url,
        "search_key": meilisearch_server.key,
        "search_prefix": f"t{uuid4().hex[:10]}",
    }
    with housed(tmp_path / "home", **given) as house:
        made = Indexed(house)
        yield made
        made.close()


@pytest.fixture(params=["embedded", "server"])
def indexed(request: pytest.FixtureRequest):
    return request.getfixturevalue(request.param)
