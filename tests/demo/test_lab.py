"""Changes, rudeness and the request log."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from discover.demo.control import Lab
from discover.demo.server import Running, start_in_thread
from discover.demo.world import World
from tests.demo.conftest import NOW, Get

HOST = "tabbyhouse.lab.test"


@pytest.fixture
def person(small_truth: dict[str, Any]) -> dict[str, Any]:
    rows = [a for a in small_truth["accounts"] if a["host"] == HOST and a["trait"] == "open"]
    return max(rows, key=lambda a: a["posts"])


def outbox(get: Get, person: dict[str, Any]) -> list[Any]:
    return list(get(f"{person['uri']}/outbox?page=true").json()["orderedItems"])


def test_a_flag_switched_off_shows_in_document_and_truth(
    get: Get, lab: Lab, person: dict[str, Any]
) -> None:
    assert person["expect"]["listed"]
    lab.change(person["handle"], discoverable=False)
    assert get(person["uri"]).json()["discoverable"] is False
    assert not lab.account(person["handle"])["expect"]["listed"]


def test_a_nobot_tag_shows_in_document_and_truth(
    get: Get, lab: Lab, person: dict[str, Any]
) -> None:
    lab.change(person["handle"], bio="Leave me out, please. #NoBot")
    assert "#<span>NoBot</span>" in get(person["uri"]).json()["summary"]
    assert lab.account(person["handle"])["expect"]["why_not_listed"] == ["opt-out tag"]


@pytest.mark.parametrize(("gone", "status"), [("404", 404), ("410", 410), ("tombstone", 410)])
def test_a_deleted_account_is_gone_everywhere(
    get: Get, lab: Lab, person: dict[str, Any], gone: str, status: int
) -> None:
    lab.change(person["handle"], gone=gone)
    for path in ("", "/outbox", "/followers"):
        assert get(person["uri"] + path).status_code == status
    if gone == "tombstone":
        assert get(person["uri"]).json()["type"] == "Tombstone"


def test_suspended_and_moved_show(get: Get, lab: Lab, person: dict[str, Any]) -> None:
    lab.change(person["handle"], suspended=True)
    actor = get(person["uri"]).json()
    assert (actor["suspended"], actor["name"]) == (True, "")
    assert get(f"{person['uri']}/outbox").status_code == 403
    lab.change(person["handle"], suspended=False, moved_to="http://lantern.lab.test/users/x")
    assert get(person["uri"]).json()["movedTo"] == "http://lantern.lab.test/users/x"


def test_a_new_post_comes_first_and_can_be_edited_and_deleted(
    get: Get, lab: Lab, person: dict[str, Any]
) -> None:
    uri = lab.write(person["handle"], "Fresh news about #kittens", tags=["kittens"])
    note = outbox(get, person)[0]["object"]
    assert (note["id"], "Fresh news" in note["content"]) == (uri, True)
    assert note["tag"][0]["name"] == "#kittens"
    lab.change_post(uri, audience="unlisted")
    assert "followers" in outbox(get, person)[0]["object"]["to"][0]
    lab.change_post(uri, deleted=True)
    assert get(uri).status_code == 404
    assert outbox(get, person)[0]["object"] != note


def test_wrong_orders_are_refused(lab: Lab, person: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no such field"):
        lab.change(person["handle"], discoverabel=False)
    with pytest.raises(ValueError, match="is none of"):
        lab.rude("grumpy")
    with pytest.raises(LookupError):
        lab.account("nobody@nowhere.lab.test")


@pytest.mark.parametrize("status", [401, 403, 404, 410, 418, 429, 500, 503])
def test_statuses_on_demand(get: Get, lab: Lab, status: int) -> None:
    lab.rude("status", host=HOST, status=status, retry_after=7)
    answer = get(f"http://{HOST}/robots.txt")
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "7")
    lab.polite(HOST)
    assert get(f"http://{HOST}/robots.txt").status_code == 200


def test_rudeness_can_be_meant_for_one_path_and_a_few_times(get: Get, lab: Lab) -> None:
    lab.rude("status", host=HOST, path="/nodeinfo/*", times=1)
    assert get(f"http://{HOST}/robots.txt").status_code == 200
    assert get(f"http://{HOST}/nodeinfo/2.0").status_code == 500
    assert get(f"http://{HOST}/nodeinfo/2.0").status_code == 200


@pytest.mark.parametrize("kind", ["dead", "partial"])
def test_broken_connections(get: Get, lab: Lab, kind: str, person: dict[str, Any]) -> None:
    lab.rude(kind, host=HOST)
    with pytest.raises(httpx.TransportError):
        get(person["uri"])


def test_slow_and_trickling_answers_are_right_in_the_end(
    get: Get, lab: Lab, person: dict[str, Any]
) -> None:
    lab.rude("slow", host=HOST, seconds=0.3, times=1)
    started = time.monotonic()
    assert get(person["uri"]).json()["id"] == person["uri"]
    assert time.monotonic() - started >= 0.3
    lab.rude("trickle", host=HOST, seconds=0.01, bytes=400, times=1)
    assert get(person["uri"]).json()["id"] == person["uri"]


def test_redirects_that_lead_nowhere(get: Get, lab: Lab) -> None:
    lab.rude("loop", host=HOST, times=2)
    first = get(f"http://{HOST}/x")
    assert get(first.headers["location"]).headers["location"].endswith("/x?turn=2")
    lab.rude("private", host=HOST)
    assert get(f"http://{HOST}/x").headers["location"].startswith("http://169.254.169.254/")


def test_bodies_that_are_wrong_or_too_much(
    get: Get, lab: Lab, running: Running, person: dict[str, Any]
) -> None:
    lab.rude("content_type", host=HOST, times=1)
    assert get(person["uri"]).headers["content-type"].startswith("text/html")
    lab.rude("deep", host=HOST, levels=100, times=1)
    assert get(person["uri"]).text == '{"object":' * 100 + "1" + "}" * 100
    lab.rude("bomb", host=HOST, megabytes=2, times=1)
    bomb = get(person["uri"])
    assert len(bomb.content) > 100 * int(bomb.headers["content-length"])
    lab.rude("huge", host=HOST, megabytes=3, times=1)
    url = f"http://127.0.0.1:{running.port}/"
    with httpx.stream("GET", url, headers={"Host": HOST}, trust_env=False) as answer:
        assert sum(len(part) for part in answer.iter_raw(65_536)) == 3_000_000


def test_lying_ids_and_forged_authors(get: Get, lab: Lab, person: dict[str, Any]) -> None:
    elsewhere = "http://lantern.lab.test/users/eve"
    lab.rude("patch", host=HOST, times=1, set={"id": elsewhere}, drop=["discoverable"])
    actor = get(person["uri"]).json()
    assert (actor["id"], "discoverable" in actor) == (elsewhere, False)
    lab.rude(
        "forge", host=HOST, path=f"/users/{person['handle'].split('@')[0]}/*", author=elsewhere
    )
    items = outbox(get, person) if "/users/" in person["uri"] else []
    assert all(i["object"]["attributedTo"] == elsewhere for i in items)


def test_pages_that_never_end(get: Get, lab: Lab, person: dict[str, Any]) -> None:
    lab.rude("repeat", host=HOST)
    first = get(f"{person['uri']}/outbox?page=true").json()
    second = get(first["next"]).json()
    assert first["orderedItems"] == second["orderedItems"]
    assert second["next"] not in ("", first["next"])


def test_robots_on_demand(get: Get, lab: Lab) -> None:
    lab.rude("robots", host=HOST, path="/robots.txt")
    assert "User-agent: Waypost\nDisallow: /" in get(f"http://{HOST}/robots.txt").text


def test_the_log_tells_who_asked_what(get: Get, lab: Lab, person: dict[str, Any]) -> None:
    lab.clear_log()
    get(person["uri"], signed=True, **{"User-Agent": "Waypost/test"})
    (entry,) = lab.log(HOST)
    assert entry["headers"]["user-agent"] == "Waypost/test"
    assert "signature" in entry["headers"]
    assert (entry["status"], entry["together"]) == (200, 1)
    assert entry["ended"] >= entry["time"]
    assert lab.log("lantern.lab.test") == []


def test_two_servers_of_one_world_send_the_same_bytes(person: dict[str, Any]) -> None:
    bodies = []
    for _ in range(2):
        server = start_in_thread(World(seed=1, accounts=300, now=NOW))
        url = f"http://127.0.0.1:{server.port}/{person['uri'].split('/', 3)[3]}/outbox?page=true"
        bodies.append(httpx.get(url, headers={"Host": HOST}, trust_env=False).content)
        server.stop()
    assert bodies[0] == bodies[1]
