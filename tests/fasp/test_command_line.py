"""`waypost fasp`, as the operator types it."""

from __future__ import annotations

import json

from tests.fasp.conftest import Scene
from tests.support.cluster import Cluster


def waypost(scene: Scene, *words: str, check: bool = True):
    home = scene.house.app.settings.home
    cluster = Cluster(home, scene.town.site.port, public_url="https://waypost.test")
    return cluster.run("fasp", *words, check=check)


def test_an_operator_invites_lists_and_removes(door: Scene):
    ada = door.town.person("ada")
    door.share()
    door.server.event("account", "new", ada.uri)
    door.house.work()

    assert waypost(door, "invite", "--note", "for bea").stdout.startswith("waypost-fasp-")
    shown = waypost(door, "list").stdout
    assert "a.lab.test" in shown
    assert "data_sharing" in shown
    assert "for bea" in shown
    told = json.loads(waypost(door, "list", "--json").stdout)["connections"][0]
    assert told["fingerprint"] == door.server.provider_fingerprint()
    assert told["server_fingerprint"] == door.server.fingerprint
    assert told["accounts"] == 1

    waypost(door, "remove", "a.lab.test")
    assert door.found("ada", "accounts") == []
    assert door.server.get("/provider_info").status == 401
    assert waypost(door, "remove", "a.lab.test", check=False).returncode != 0
