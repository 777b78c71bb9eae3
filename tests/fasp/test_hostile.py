"""What is not let in: every call must be signed by the server that registered, and only now."""

from __future__ import annotations

import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.limits import Rate
from discover.services.consent.blocklists import block_host
from discover.services.fasp import announcements
from discover.store.tables import Visit
from tests.fasp.conftest import Scene
from tests.support.fasp_server import FaspServer, digest
from tests.support.town import housed

ANNOUNCE = "/data_sharing/v0/announcements"


@pytest.fixture
def connected(door: Scene) -> Scene:
    door.connect("data_sharing", "account_search")
    door.upkeep()
    return door


def announcement(scene: Scene, *uris: str) -> bytes:
    number = next(iter(scene.server.subscriptions))
    return json.dumps(
        {
            "source": {"subscription": {"id": number}},
            "category": "account",
            "eventType": "new",
            "objectUris": list(uris),
        }
    ).encode()


def test_an_unsigned_call_is_refused_and_nothing_comes_of_it(connected):
    ada = connected.town.person("ada")
    body = announcement(connected, ada.uri)
    got = connected.server.send("POST", ANNOUNCE, body, {"content-type": "application/json"})
    assert got.status == 401
    connected.house.work()
    assert connected.found("ada", "accounts") == []


@pytest.mark.parametrize(
    ("odd", "why"),
    [
        ({"key": Ed25519PrivateKey.generate()}, "not made by this server"),
        ({"key_id": "nobody"}, "no server is registered"),
        ({"components": ("@method", "@target-uri")}, "not signed: content-digest"),
        ({"components": ("@method", "content-digest")}, "not signed: @target-uri"),
        ({"components": ("@target-uri", "content-digest")}, "not signed: @method"),
        ({"ago": 400}, "older than five minutes"),
        ({"ago": -120}, "from the future"),
        ({"body_digest": digest(b"something else")}, "does not fit the body"),
        ({"body_digest": "sha-512=:AAAA:"}, "no sha-256"),
        ({"body_digest": "sha-256=:"}, "cannot be read"),
    ],
)
def test_a_call_that_is_wrongly_signed_is_refused(connected, odd, why):
    ada = connected.town.person("ada")
    if "ago" in odd:
        odd = {"created": int(time.time()) - odd["ago"]}
    got = connected.server.call("POST", ANNOUNCE, announcement(connected, ada.uri), **odd)
    assert got.status == 401
    assert why.lower() in got.body["detail"].lower()
    connected.house.work()
    assert connected.found("ada", "accounts") == []


def test_a_body_that_was_changed_on_its_way_is_refused(connected):
    url = connected.server.provider.base_url + ANNOUNCE
    headers = connected.server.sign("POST", url, b'{"source": 1}')
    got = connected.server.send("POST", ANNOUNCE, announcement(connected, "x"), headers)
    assert got.status == 401


def test_a_call_for_another_address_is_refused(connected):
    headers = connected.server.sign("GET", "https://elsewhere.example/fasp/provider_info", b"")
    assert connected.server.send("GET", "/provider_info", b"", headers).status == 401


def test_a_missing_content_digest_is_refused_on_get_too(connected):
    url = connected.server.provider.base_url + "/provider_info"
    headers = connected.server.sign("GET", url, b"")
    del headers["content-digest"]
    assert connected.server.send("GET", "/provider_info", b"", headers).status == 401


def test_a_replayed_change_is_refused(connected):
    url = connected.server.provider.base_url + "/capabilities/trends/0/activation"
    headers = connected.server.sign("POST", url, b"")
    path = "/capabilities/trends/0/activation"
    assert connected.server.send("POST", path, b"", headers).status == 204
    again = connected.server.send("POST", path, b"", headers)
    assert again.status == 401
    assert "used before" in again.body["detail"]


def test_a_replayed_announcement_is_refused_but_for_the_same_second_said_twice(connected):
    body = announcement(connected, connected.town.person("ada").uri)
    url = connected.server.provider.base_url + ANNOUNCE
    headers = connected.server.sign("POST", url, body)
    for _ in range(2):  # two likes within a second bring two identical announcements
        assert connected.server.send("POST", ANNOUNCE, body, headers).status == 204
    connected.house.clock.ahead += connected.house.clock.ahead.resolution * 30_000_000
    assert connected.server.send("POST", ANNOUNCE, body, headers).status == 401


def test_refusals_to_a_known_server_are_signed(connected):
    got = connected.server.call("POST", ANNOUNCE, b"[]", created=int(time.time()) - 400)
    assert got.status == 401
    connected.server.check(got)
    for path in ("/capabilities/teleportation/0/activation", "/no/such/thing"):
        got = connected.server.post(path)
        assert got.status == 404
        connected.server.check(got)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"source": {}, "category": "account", "eventType": "new", "objectUris": []}',
        b'{"source": {"subscription": {"id": null}}, "category": "account", "objectUris": []}',
        b'{"source": {"subscription": {"id": "1"}}, "category": "dream", "objectUris": []}',
        b'{"source": {"subscription": {"id": "1"}}, "category": "account", "eventType": "new"}',
        b'{"source": {"subscription": {"id": "1"}}, "category": "account", "eventType": "new", "objectUris": "x"}',
    ],
)
def test_an_announcement_that_is_none_is_told_so_signed(connected, body):
    got = connected.server.call("POST", ANNOUNCE, body)
    assert got.status == 422
    connected.server.check(got)


def test_a_huge_list_is_refused_and_odd_uris_are_passed_over(connected):
    ada = connected.town.person("ada")
    source = {"subscription": {"id": next(iter(connected.server.subscriptions))}}
    many = [f"https://a.lab.test/users/u{number}" for number in range(1001)]
    assert connected.server.announce(source, "account", many, eventType="new").status == 422
    odd = [None, 7, {"id": "x"}, "javascript:alert(1)", "https://", "file:///etc/passwd", ada.uri]
    assert connected.server.announce(source, "account", odd, eventType="new").status == 204
    connected.house.work()
    assert connected.found("ada", "accounts") == [ada.uri]


def test_ids_of_another_servers_subscriptions_lead_nowhere(door: Scene):
    """Both servers number from one, as servers do."""
    door.connect("data_sharing")
    door.upkeep()
    other = door.another("b.lab.test")
    other.connect("data_sharing")  # it has not been subscribed to yet
    cleo = door.town.person("cleo", "b.lab.test")
    assert "1" in door.server.subscriptions
    other.server.announce({"subscription": {"id": "1"}}, "account", [cleo.uri], eventType="new")
    door.house.work()
    assert door.found("cleo", "accounts") == []

    other.upkeep()
    assert "1" in other.server.subscriptions
    other.server.announce({"subscription": {"id": "1"}}, "account", [cleo.uri], eventType="new")
    door.house.work()
    assert door.found("cleo", "accounts") == [cleo.uri]
    assert other.server.disable("data_sharing").status == 204
    assert len(door.requests()) == 3, "the other server's were not touched"


def test_an_announcement_that_does_not_fit_its_subscription_is_passed_over(connected):
    ada = connected.town.person("ada")
    source = {"subscription": {"id": next(iter(connected.server.subscriptions))}}
    assert connected.server.subscriptions[source["subscription"]["id"]]["category"] == "account"
    for category, event in (("content", "new"), ("account", "trending")):
        got = connected.server.announce(source, category, [ada.uri], eventType=event)
        assert got.status == 204
    connected.house.work()
    assert connected.found("ada", "accounts") == []


def test_no_server_sends_our_crawler_to_a_third_for_weeks(connected, monkeypatch):
    monkeypatch.setattr(announcements, "MOST_WAITING", 5)
    source = {"subscription": {"id": next(iter(connected.server.subscriptions))}}
    ada = connected.town.person("ada")
    host = ada.uri.split("/")[2]
    for part in range(3):
        made_up = [f"https://{host}/users/nobody{part}{number}" for number in range(4)]
        got = connected.server.announce(source, "account", made_up, eventType="new")
        assert got.status == 204
    announced = [row for row in connected.house.rows(Visit) if row.door == "fasp"]
    assert len(announced) == 5
    connected.house.work()
    connected.server.announce(source, "account", [ada.uri], eventType="new")
    connected.house.work()
    assert connected.found("ada", "accounts") == [ada.uri], "there is room again"


def test_a_blocked_server_is_refused_signed(connected):
    block_host(connected.house.app.context, connected.server.host, "in this test")
    got = connected.server.get("/provider_info")
    assert got.status == 403
    connected.server.check(got)


def test_too_many_calls_are_told_when_to_come_back(tmp_path, monkeypatch):
    monkeypatch.setattr("api.fasp.door.SERVER_RATE", Rate(per_second=0.1, burst=3))
    with housed(tmp_path / "home") as house:
        scene = Scene(house, FaspServer(house.town, house.client))
        scene.connect()
        statuses = [scene.server.get("/provider_info") for _ in range(4)]
        assert [one.status for one in statuses] == [200, 200, 429, 429]
        assert int(statuses[-1].headers["retry-after"]) > 0
        scene.server.check(statuses[-1])


def test_strangers_who_try_too_often_are_told_to_wait(door: Scene):
    statuses = {door.client.get("/fasp/provider_info").status_code for _ in range(80)}
    assert statuses == {401, 429}


def test_our_calls_do_not_trust_answers_that_somebody_else_signed(door: Scene):
    door.connect("data_sharing")
    door.server.quirks.forged_answers = True
    door.upkeep()
    assert [state for _, _, state in door.requests()] == ["asking"]
    assert "does not hold" in door.partner().last_error
    door.server.quirks.forged_answers = False
    door.travel(minutes=5)
    door.upkeep()
    assert [state for _, _, state in door.requests()] == ["open"] * 3


def test_unsigned_successes_are_not_believed(door: Scene):
    door.connect("data_sharing")
    door.server.quirks.unsigned_answers = True
    door.upkeep()
    assert [state for _, _, state in door.requests()] == ["asking"]
