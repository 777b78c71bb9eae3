"""What real servers do differently from the specification, and from each other."""

from __future__ import annotations

import pytest

from discover.services.fasp import asked, upkeep
from discover.store.tables import FaspRequest
from tests.fasp.conftest import Scene
from tests.support.fasp_server import NO_BODY, Quirks


def listed_by_backfill(scene: Scene) -> list[str]:
    """Everything that a connected server's backfill brings, round for round."""
    for _ in range(12):
        scene.upkeep()
        if not scene.server.fulfil():
            break
    scene.house.work()
    return sorted(scene.found("likes lighthouses", "accounts"))


@pytest.mark.parametrize("numeric", [True, False])
@pytest.mark.parametrize("announced", [True, False])
def test_ids_may_be_numbers_or_texts(door: Scene, numeric, announced):
    door.server.quirks.numeric_ids, door.server.quirks.announce_numeric_ids = numeric, announced
    ada = door.town.person("ada")
    door.share()
    door.server.event("account", "new", ada.uri)
    door.house.work()
    assert door.found("ada", "accounts") == [ada.uri]


@pytest.mark.parametrize("version", ["0", "0.1"])
def test_a_capability_is_switched_by_its_major_version_or_the_whole(door: Scene, version):
    door.server.quirks.activation_version = version
    door.connect("trends")
    assert door.partner().capabilities == {"trends"}
    door.server.disable("trends")
    assert door.partner().capabilities == frozenset()


def test_a_capability_or_version_that_we_do_not_offer_is_not_found(door: Scene):
    door.connect()
    for path in ("/capabilities/trends/1/activation", "/capabilities/data_tracing/0/activation"):
        assert door.server.post(path).status == 404


def test_a_get_carries_the_digest_of_nothing(door: Scene):
    door.connect()
    url = door.server.provider.base_url + "/provider_info"
    headers = door.server.sign("GET", url, b"")
    assert headers["content-digest"] == NO_BODY
    assert door.server.send("GET", "/provider_info", b"", headers).status == 200


def test_a_server_without_trends_is_subscribed_to_for_the_rest(door: Scene):
    door.server.quirks.has_trends = False
    door.connect("data_sharing")
    door.upkeep()
    assert door.requests() == [
        ("account", "lifecycle", "open"),
        ("content", "lifecycle", "open"),
        ("content", "trends", "refused"),
    ]
    before = len(door.server.calls)
    door.upkeep()
    assert len(door.server.calls) == before, "what was refused is not asked for again and again"


@pytest.mark.parametrize("continues", [True, False])
def test_a_backfill_is_continued_until_nothing_is_left(scene: Scene, monkeypatch, continues):
    monkeypatch.setattr(upkeep, "MAX_BATCH", 2)
    scene.server.quirks.continues_after_end = continues
    people = [scene.town.person(name).uri for name in ("ada", "bea", "cyd", "dot", "eva")]
    scene.server.accounts = people
    scene.connect("data_sharing")
    assert listed_by_backfill(scene) == people
    assert scene.requests("backfill") == [("account", "", "done"), ("content", "", "done")]
    continued = [path for _, path, _ in scene.server.calls if path.endswith("/continuation")]
    assert len(continued) == 2


def test_an_empty_list_ends_a_backfill(door: Scene):
    door.server.quirks.empty_backfill = True
    door.server.accounts = [door.town.person("ada").uri]
    door.connect("data_sharing")
    assert listed_by_backfill(door) == []
    assert door.requests("backfill") == [("account", "", "done"), ("content", "", "done")]


def test_a_server_that_accepts_a_backfill_and_never_serves_it_is_asked_once_more(door: Scene):
    door.server.quirks.has_continuation = False
    door.connect("data_sharing")
    door.upkeep()
    assert [state for _, _, state in door.requests("backfill")] == ["open", "open"]
    door.travel(days=1, hours=1)
    door.upkeep()
    assert [state for _, _, state in door.requests("backfill")] == ["done", "done"]


def test_a_backfill_that_is_announced_before_its_id_is_told_is_understood(door: Scene):
    door.server.quirks.announces_at_once = True
    ada = door.town.person("ada")
    door.server.accounts = [ada.uri]
    door.connect("data_sharing")
    door.upkeep()
    door.house.work()
    assert door.found("ada", "accounts") == [ada.uri]
    assert door.requests("backfill") == [("account", "", "done"), ("content", "", "done")]


def test_everything_is_said_in_a_subscription(door: Scene):
    """Servers fail without maxBatchSize at once, and without a threshold later."""
    door.connect("data_sharing")
    door.upkeep()
    for wanted in door.server.subscriptions.values():
        assert wanted["maxBatchSize"] > 0
        if wanted["subscriptionType"] == "trends":
            assert set(wanted["threshold"]) == {"timeframe", "shares", "likes", "replies"}


def test_refusals_without_a_signature_are_understood(door: Scene):
    door.connect("data_sharing")
    door.server.quirks.status = 503
    door.upkeep()
    assert "503" in door.partner().last_error
    door.server.quirks.status = None
    door.travel(minutes=5)
    door.upkeep()
    assert [state for _, _, state in door.requests()] == ["open"] * 3
    assert door.partner().last_error == ""


def test_a_subscription_that_we_forgot_is_taken_back(scene: Scene):
    """A process died between asking and writing the answer down."""
    ada = scene.town.person("ada")
    scene.share()
    scene.server.subscriptions["99"] = {"category": "account", "subscriptionType": "lifecycle"}
    scene.server.announce({"subscription": {"id": "99"}}, "account", [ada.uri], eventType="new")
    scene.upkeep()
    assert "99" not in scene.server.subscriptions
    assert [state for _, _, state in scene.requests()] == ["open"] * 3
    scene.house.work()
    assert scene.found("ada", "accounts") == [], "what nobody asked for is not heard"


def test_a_pass_that_was_killed_after_asking_goes_on_where_it_was(scene: Scene, monkeypatch):
    scene.connect("data_sharing")

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(asked, "subscribed", killed)
        with pytest.raises(SystemExit):
            scene.upkeep()
    assert [row.state for row in scene.house.rows(FaspRequest)] == ["asking"]
    scene.upkeep()
    assert [state for _, _, state in scene.requests()] == ["open"] * 3
    assert len(scene.server.subscriptions) == 4, "one is known to the server alone"
    ada = scene.town.person("ada")
    scene.server.event("account", "new", ada.uri)  # by both, and the one nobody knows is dropped
    scene.upkeep()
    assert len(scene.server.subscriptions) == 3


def test_the_calls_of_a_base_url_with_a_path_of_its_own(new_scene):
    scene = new_scene(path="/x/y/fasp")
    scene.server.names_base_url = scene.server.base_url
    ada = scene.town.person("ada")
    scene.share()
    scene.server.event("account", "new", ada.uri)
    scene.house.work()
    assert scene.found("ada", "accounts") == [ada.uri]
    assert scene.server.refused == []


def test_our_public_address_is_what_is_signed_whatever_proxy_stands_between(door: Scene):
    """The emulator reaches us at a loopback port and signs for https://waypost.test."""
    door.connect()
    assert door.server.provider.base_url == "https://waypost.test/fasp"
    assert str(door.client.base_url).startswith("http://127.0.0.1:")
    got = door.server.get("/account_search/v0/search?limit=10&term=caf%C3%A9+%2Bx")
    assert got.status == 200


def test_all_defaults_are_mastodons():
    assert Quirks().registration_status == 200
    assert Quirks().numeric_ids
