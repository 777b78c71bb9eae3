"""`POST /api/v1/servers/{host}/check`, as an admin without an account uses it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from discover.services.consent.blocklists import block_host
from tests.api.test_openapi import faults
from tests.proofs.conftest import FILE
from tests.support.nameserver import SILENCE
from tests.support.site import serving

IN = "v=waypost1; consent=in"


@pytest.fixture
def site(town):
    with serving(town.app) as made:
        yield made


def check(site, host):
    return site.client.post(f"/api/v1/servers/{host}/check")


def test_an_admin_is_told_what_to_do_does_it_and_is_in(town, site):
    town.names.put(town.txt, IN)
    answer = check(site, town.host.upper())
    assert answer.status_code == 200
    found = answer.json()
    assert (found["host"], found["answer"], found["proof"]) == (town.host, "in", "dns")
    assert {one["what"]: one["found"] for one in found["findings"]} == {
        "dns": "in", "robots.txt": "nothing", "well-known": "nothing",
    }  # fmt: skip
    consent = site.get(f"/api/v1/servers/{town.host}/consent").json()
    assert consent["decision"]["answer"] == "yes"
    assert town.server().due_at is not None


def test_a_server_that_said_nothing_is_told_exactly_what_to_write(town, site):
    found = check(site, town.host).json()
    assert found["answer"] == "none"
    advice = " ".join(found["next_steps"])
    assert IN in advice
    assert town.txt in advice
    assert FILE in advice


def test_the_answer_is_as_the_description_says(town, site):
    document = site.get("/api/openapi.json").json()
    operation = document["paths"]["/api/v1/servers/{host}/check"]["post"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    town.publish('{"v": "waypost1", "consent": "out", "contact": "me@example.org"}')
    answers = [check(site, town.host).json()]
    block_host(town.app.context, "other.example", "")
    answers.append(check(site, "other.example").json())
    assert [answer["answer"] for answer in answers] == ["out", "blocked"]
    for answer in answers:
        assert list(faults(answer, schema, document, "check")) == []
    assert {"422", "429", "503"} <= operation["responses"].keys()


def test_an_answer_is_kept_for_a_minute_and_nothing_is_asked_again(town, site):
    first = check(site, town.host).json()
    asked = len(town.asked())
    town.names.put(town.txt, IN)
    assert check(site, town.host).json() == first
    assert len(town.asked()) == asked


def test_many_who_ask_at_once_cause_one_look(town, site):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: check(site, town.host), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert town.asked().count("/robots.txt") == 1
    assert town.names.asked.count(town.txt) == 1


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "10.0.0.1", "2130706433", "0x7f.1", "%5B::1%5D", "example.social:22",
     "a..b", "-a.example", "ex%20ample.org", "a.b%2Fc", "user@example.org", "x" * 300 + ".example",
     "999.999.999.999"],
)  # fmt: skip
def test_what_is_no_name_of_a_server_is_refused_without_any_question(town, site, host):
    assert check(site, host).status_code in (404, 414, 422)
    assert town.names.asked == []


def test_one_client_cannot_have_many_servers_looked_at(town, site):
    for number in range(40):
        town.names.put(f"_waypost.n{number}.example", "unrelated")
    answers = [check(site, f"n{number}.example.invalid") for number in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) >= 1
    assert int(refused[0].headers["retry-after"]) > 0
    assert refused[0].headers["content-type"] == "application/problem+json"


def test_a_slow_server_does_not_hold_the_others_up(town, site):
    town.names.fail("_waypost.slow.lab.test", SILENCE)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(check, site, "slow.lab.test")
        time.sleep(0.2)
        began = time.monotonic()
        assert site.get("/healthz").status_code == 200
        assert check(site, town.host).status_code == 200
        assert time.monotonic() - began < 5
        assert slow.result().json()["answer"] == "none"


def test_the_check_is_asked_for_by_post_only(town, site):
    assert site.get(f"/api/v1/servers/{town.host}/check").status_code == 405
    assert town.asked() == []
