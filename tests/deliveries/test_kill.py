"""A worker killed a dozen times: nothing is lost, nothing counts twice, nobody is overtaken."""

import random
import time
from collections import Counter

import pytest
import sqlalchemy as sa

from discover.bootstrap import open_app
from discover.services.federation.deliveries import enqueue
from discover.services.federation.delivery_turns import DELIVERIES
from tests.support.cluster import Cluster, until
from tests.support.journey import lab_settings

KILLS = 12
HOSTS = 30
EACH = 40


@pytest.mark.parametrize("edition", ["sqlite", "postgresql"])
def test_killed_again_and_again_everything_arrives_once(request, tmp_path, receiver, edition):
    url = request.getfixturevalue("postgres_url") if edition == "postgresql" else ""
    cluster = Cluster(tmp_path / "home", receiver.port, database_url=url)
    settings = lab_settings(receiver.port, home=cluster.home, database_url=url)
    app = open_app(settings)
    expected = {}
    with app.context.database.write() as connection:
        for number in range(HOSTS * EACH):
            host = f"h{number % HOSTS}.lab.test"
            activity = {"id": f"http://our.test/activities/{number}", "type": "Accept"}
            expected.setdefault(host, []).append(activity["id"])
            now = app.context.clock.now()
            enqueue(connection, activity=activity, inboxes=[f"http://{host}/inbox"], now=now)
            receiver.tell(host, 202, seconds=0.05)
    chance = random.Random(4)
    kills = 0
    cluster.start("worker")
    try:
        for _ in range(KILLS):
            before = len(receiver.got)
            until(lambda seen=before: len(receiver.got) > seen + 10, 30, "deliveries go on")
            time.sleep(chance.uniform(0.0, 0.15))
            cluster.kill("worker")
            kills += 1
            cluster.start("worker")

        def left():
            with app.context.database.read() as connection:
                return connection.scalar(sa.select(sa.func.count()).select_from(DELIVERIES))

        until(lambda: left() == 0, 90, "the queue is empty")
        began = time.monotonic()
        assert cluster.stop() == {"worker": 0}
        assert time.monotonic() - began < 10
    finally:
        cluster.stop()
        app.close()
    assert kills == KILLS
    taken = receiver.by_host()
    for host, ids in expected.items():
        assert list(dict.fromkeys(taken[host])) == ids  # all, each for the first time in order
    times = Counter(one for ids in taken.values() for one in ids)
    # A kill can repeat at most what was on its way: one delivery of each host.
    assert sum(times.values()) - len(times) <= KILLS * HOSTS
    assert max(times.values()) <= KILLS + 1
    assert "Traceback" not in cluster.log("worker")
