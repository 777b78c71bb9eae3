"""Several workers at the inbox's queue."""

from __future__ import annotations

import threading

from discover.services.federation import dispatch
from discover.services.tasks import run_next_task
from discover.store.tables import Follower, Server
from tests.support.town import EVERYBODY, activity, housed


def test_undo_beside_its_follow_leaves_the_server_out(tmp_path, postgres_url, monkeypatch):
    with housed(tmp_path / "home", database_url=postgres_url) as house:
        server = house.town.service("/actor")
        follow = activity(server, "Follow", EVERYBODY)
        house.send(server, "Follow", EVERYBODY, id=follow["id"])
        house.send(server, "Undo", follow)
        heard, go_on = threading.Event(), threading.Event()
        told = dispatch.dispatch

        def slowly(ctx, connection, received):
            told(ctx, connection, received)
            if received.activity["type"] == "Follow":
                heard.set()
                go_on.wait(20)

        monkeypatch.setattr(dispatch, "dispatch", slowly)
        workers = [
            threading.Thread(target=run_next_task, args=(house.app.context,)) for _ in range(2)
        ]
        workers[0].start()
        assert heard.wait(20)
        workers[1].start()
        workers[1].join(1)  # it waits for the first, or is done too early
        go_on.set()
        for worker in workers:
            worker.join(20)
        house.work()
        assert house.rows(Follower) == []
        assert [row.opt_in for row in house.rows(Server)] in ([], ["none"])
