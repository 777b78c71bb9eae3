"""A Waypost on either edition's database with a clock that is given."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from discover.bootstrap import App, open_app
from discover.model.actor import ConsentSignals, Flag
from discover.model.instance import NodeInfo, RobotsState
from discover.model.observed import ServerSeen
from discover.services.consent.servers import add_server
from discover.services.crawl.observe import observe
from discover.settings import Settings
from discover.store.database import table
from tests.support.site import HOST, PUBLIC, actor

START = datetime.now(UTC)  # it stands still until a test moves it
NO = ConsentSignals(discoverable=Flag.FALSE, indexable=Flag.TRUE)


class GivenClock:
    def __init__(self) -> None:
        self.moment = START

    def now(self) -> datetime:
        return self.moment

    def forward(self, **what: float) -> None:
        self.moment += timedelta(**what)


@dataclass
class Home:
    app: App
    clock: GivenClock

    @property
    def ctx(self):
        return self.app.context

    def see(self, *observations):
        return observe(self.ctx, observations)

    def person(self, user: str, **more):
        """What a visit at this moment sees of somebody."""
        return replace(actor(user, **more), seen_at=self.clock.now())

    def rows(self, model, *where):
        with self.ctx.database.read() as connection:
            return connection.execute(sa.select(table(model)).where(*where)).all()

    def robots(self, state: RobotsState, host: str = HOST):
        info = NodeInfo(software="mastodon", version="4.5")
        return ServerSeen(host, state, None, info, seen_at=self.clock.now())


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request, tmp_path):
    """One opted-in server, allowed by its robots.txt."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    clock = GivenClock()
    settings = Settings(_env_file=None, home=tmp_path / "home", database_url=url, public_url=PUBLIC)
    app = open_app(settings, clock=clock)
    app.context.engine.prepare()
    made = Home(app, clock)
    add_server(app.context, HOST, "its admin wrote to us")
    made.see(made.robots(RobotsState.ALLOWED))
    yield made
    app.close()


def rows_of(app: App, model, *where):
    with app.context.database.read() as connection:
        return connection.execute(sa.select(table(model)).where(*where)).all()
