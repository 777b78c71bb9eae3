"""A receiver on loopback and a Waypost of either edition's database that delivers to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from discover.bootstrap import App, open_app
from discover.services.federation.deliveries import deliver_due, enqueue
from discover.services.federation.delivery_turns import DELIVERIES, FAILURES, HOSTS
from tests.support.journey import ShiftedClock, lab_settings
from tests.support.receiver import Receiver, receiving


@pytest.fixture
def receiver():
    with receiving() as running:
        yield running


@dataclass
class Post:
    """Waypost's side."""

    app: App
    clock: ShiftedClock

    def enqueue(self, number: int | str, *inboxes: str) -> None:
        activity = {"id": f"http://our.test/activities/{number}", "type": "Accept"}
        with self.app.context.database.write() as connection:
            enqueue(connection, activity=activity, inboxes=inboxes, now=self.clock.now())

    async def deliver_with(self, client, stop=None) -> int:
        return await deliver_due(self.app.context, client, stop or asyncio.Event())

    def deliver(self) -> int:
        """All that is due now. How many were taken."""

        async def run() -> int:
            async with self.app.fetcher() as client:
                return await self.deliver_with(client)

        return asyncio.run(run())

    def rows(self, source):
        with self.app.context.database.read() as connection:
            return connection.execute(sa.select(source)).all()

    @property
    def waiting(self):
        return self.rows(DELIVERIES)

    @property
    def failures(self):
        return self.rows(FAILURES)

    @property
    def hosts(self):
        return {row.host: row for row in self.rows(HOSTS)}


@pytest.fixture(params=["sqlite", "postgresql"])
def post(request: pytest.FixtureRequest, tmp_path, receiver: Receiver):
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    clock = ShiftedClock()
    settings = lab_settings(receiver.port, home=tmp_path / "home", database_url=url)
    app = open_app(settings, clock=clock)
    yield Post(app, clock)
    app.close()
