"""Leave for good or see one's data by a code that only the account's owner can bring together."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from api.routes.removal import Removals
from discover.model.actor import Handle
from discover.policy.origin import host_of
from discover.services.consent.removal import (
    MOST_OF_HOST,
    MOST_OF_PERSON,
    MOST_TRIES,
    Purpose,
    Refused,
    Way,
    _try,
    ask,
)
from discover.services.consent.withdraw import forget_person
from discover.services.index.indexing import index_all
from discover.store.database import table
from discover.store.tables import Delivery, RemovalCode, Server, Suppression, VerdictRow, Visit
from tests.evidence.conftest import rows_of
from tests.support.journey import travelling
from tests.support.site import serving

API = "/api/v1/removal"


class Place:
    """A crawled pretend fediverse, and Waypost's real HTTP door in front of it."""

    def __init__(self, trip, site):
        self.trip, self.site = trip, site
        listed = trip.listed()
        people = [
            row for row in trip.lab.truth()["accounts"]
            if row["uri"] in listed and row["software"] == "mastodon"
        ]  # fmt: skip
        self.person = people[0]
        self.other = next(row for row in people[1:] if row["host"] != people[0]["host"])

    @property
    def handle(self):
        return self.person["handle"]

    def ask(self, purpose="remove", way="profile", handle=None):
        wanted = {"handle": handle or self.handle, "purpose": purpose, "way": way}
        return self.site.client.post(API, json=wanted)

    def confirm(self, code, handle=None):
        given = {"handle": handle or self.handle, "code": code}
        return self.site.client.post(f"{API}/confirm", json=given)

    def code(self, purpose="remove", handle=None):
        """A code whose half for the profile stands there already."""
        asked = self.ask(purpose, handle=handle).json()
        self.write(f"tea and stars {asked['publish']} and more", handle=handle)
        return asked["code"]

    def write(self, text, handle=None):
        self.trip.lab.change(handle or self.handle, bio=text)

    def rows(self, model, *where):
        return rows_of(self.trip.app, model, *where)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    with travelling(tmp_path / "home", accounts=40, seed=11, database_url=url) as trip:
        trip.opt_in_all()
        trip.crawl()
        with serving(trip.app) as site:
            yield Place(trip, site)


def test_a_code_in_the_profile_removes_its_owner_for_good(place):
    account = place.trip.id_of(place.handle)
    done = place.confirm(place.code())
    assert done.status_code == 200
    assert done.json()["removed"] is True
    assert not place.trip.found(place.handle)
    index_all(place.trip.app.context)
    assert account not in place.trip.raw("accounts")
    assert len(place.rows(Suppression)) == 2
    place.write("flags are still on")
    place.trip.visit_again(place.person["host"])
    assert not place.trip.found(place.handle)
    again = place.ask()
    assert again.status_code == 404
    assert "left for good" in again.json()["detail"]


def test_nobody_is_removed_without_the_code_in_their_own_profile(place):
    asked = place.ask().json()
    code, publish = asked["code"], asked["publish"]
    refused = place.confirm(code)
    assert refused.status_code == 403
    assert "not in the profile" in refused.json()["detail"]
    place.write(publish, handle=place.other["handle"])  # somebody else's profile proves nothing
    assert place.confirm(code).status_code == 403
    assert place.confirm(code, handle=place.other["handle"]).status_code == 403
    assert place.confirm("waypost-aaaaaaaaaaaa").status_code == 403
    assert place.person["uri"] in place.trip.listed()
    assert place.other["uri"] in place.trip.listed()


def test_a_code_works_once_and_for_an_hour(place):
    code = place.code("data")
    assert place.confirm(code).status_code == 200
    assert place.confirm(code).status_code == 403
    late = place.code("data")
    place.trip.clock.ahead += timedelta(hours=1, seconds=1)
    assert place.confirm(late).status_code == 403


def test_what_a_profile_shows_confirms_nothing(place):
    asked = place.ask("data").json()
    assert asked["code"] not in asked["publish"]
    assert asked["publish"].removeprefix("waypost-") not in asked["code"]
    place.write(asked["publish"])
    assert place.confirm(asked["publish"]).status_code == 403  # whoever watches the profile
    place.write(asked["code"])  # and who publishes the secret by mistake has proved nothing
    assert place.confirm(asked["code"]).status_code == 403
    place.write(asked["publish"])
    assert place.confirm(asked["code"]).status_code == 200


def test_the_tries_of_a_code_are_bounded_and_so_are_our_questions(place):
    code = place.ask().json()["code"]
    place.trip.lab.clear_log()
    answers = [place.confirm(code).status_code for _ in range(MOST_TRIES + 2)]
    assert answers[:MOST_TRIES] == [403] * MOST_TRIES
    assert set(answers[MOST_TRIES:]) == {429}
    asked = [entry["path"] for entry in place.trip.lab.log(place.person["host"])]
    assert sum(path.startswith("/users/") for path in asked) <= MOST_TRIES


def test_strangers_cannot_use_up_the_tries_of_a_code(place):
    code = place.code()
    context = place.trip.app.context
    for _ in range(MOST_TRIES + 1):
        with pytest.raises(Refused):
            _try(context, Handle.parse(place.handle), "secret-" + "a" * 20, lambda _host: True)
    assert place.confirm(code).json()["removed"] is True


def test_strangers_cannot_keep_anybody_from_asking(place):
    context, handle = place.trip.app.context, Handle.parse(place.handle)
    for n in range(MOST_OF_HOST + 1):
        made_up = Handle(f"nobody{n}", handle.host)
        ask(context, made_up, Purpose.REMOVE, Way.PROFILE)
        ask(context, handle, Purpose.REMOVE, Way.PROFILE)
    for _ in range(MOST_OF_PERSON):
        assert place.ask(way="message").status_code == 200
    refused = place.ask(way="message")  # it would only bother them
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "profile" in refused.json()["detail"]
    assert place.confirm(place.code()).json()["removed"] is True


def test_one_client_may_not_ask_for_ever(place):
    statuses = [place.ask(handle=f"nobody{n}@nowhere.example").status_code for n in range(15)]
    assert statuses[0] == 404
    assert statuses[-1] == 429


def from_address(place, last: int, handle: str | None = None) -> httpx.Response:
    """Somebody else asks for a code by profile: another address is another client."""
    way = httpx.HTTPTransport(local_address=f"127.0.0.{last}")
    with httpx.Client(transport=way, base_url=place.site.base) as client:
        wanted = {"handle": handle or place.handle, "purpose": "data", "way": "profile"}
        return client.post(API, json=wanted)


def test_codes_by_profile_are_bounded_for_each_account(place):
    """Each of these strangers stays below what one client may ask."""
    answers = [from_address(place, 10 + n % 4) for n in range(40)]
    assert 10 <= len(place.rows(RemovalCode)) < 20
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused[-1].headers["content-type"] == "application/problem+json"
    assert from_address(place, 99, place.other["handle"]).status_code == 200
    owner = from_address(place, 99)
    assert owner.status_code == 429
    assert 0 < int(owner.headers["retry-after"]) <= 25, "four strangers, one appointment each"


def test_strangers_delay_the_owners_code_by_seconds_however_often_they_ask(place):
    now = [1000.0]
    removals = Removals(place.trip.app, now=lambda: now[0])

    def wait(client: str, handle: str = place.handle) -> int:
        try:
            removals.ask(client, handle, "data", "profile")
        except Refused as refused:
            return refused.wait
        return 0

    assert [wait(f"192.0.2.{n}") for n in range(10)] == [0] * 10
    for _ in range(4):
        for n in range(3):
            assert wait(f"192.0.2.{n}") > 0
    assert wait("198.51.100.7") == 20
    for _ in range(19):  # they do not stop, and gain nothing
        now[0] += 1
        wait("192.0.2.50")
    now[0] += 1
    assert wait("198.51.100.7") == 0


def test_codes_by_profile_are_bounded_for_each_host(place):
    host = place.person["host"]
    removals = Removals(place.trip.app, now=lambda: 1000.0)
    for n in range(100):
        removals.ask(f"192.0.2.{n // 10}", f"nobody{n}@{host}", "data", "profile")
    with pytest.raises(Refused) as refused:
        removals.ask("198.51.100.7", place.handle, "data", "profile")
    assert refused.value.wait == 1
    removals.ask("198.51.100.7", place.other["handle"], "data", "profile")


def test_where_nothing_is_held_and_nothing_will_be_nobody_is_asked(place):
    place.trip.lab.clear_log()
    answer = place.ask(handle="somebody@elsewhere.lab.test")
    assert answer.status_code == 404
    assert "nothing" in answer.json()["detail"]
    assert not place.trip.lab.log("elsewhere.lab.test")
    assert place.rows(RemovalCode) == []


def test_a_person_who_is_not_listed_may_leave_too(place):
    judged = {row.uri for row in place.rows(VerdictRow)}
    refused = next(
        row for row in place.trip.lab.truth()["accounts"]
        if row["uri"] in judged - place.trip.listed()
        and row["expect"]["why_not_listed"] == ["not discoverable"]
    )  # fmt: skip
    code = place.code(handle=refused["handle"])
    assert place.confirm(code, handle=refused["handle"]).status_code == 200
    assert place.rows(Visit, table(Visit).c.uri == refused["uri"]) == []
    assert len(place.rows(Suppression)) == 2


def test_a_message_carries_the_code_to_the_account_and_to_nobody_else(place):
    asked = place.ask("remove", "message")
    assert asked.status_code == 200
    assert asked.json()["code"] is None
    (sent,) = place.rows(Delivery)
    assert sent.host == place.person["host"]
    assert f'"to":["{place.person["uri"]}"]' in sent.body
    assert "Public" not in sent.body
    code = re.search(r"waypost-\w{20}", sent.body)[0]
    assert code not in asked.text
    assert place.confirm("waypost-" + "a" * 20).status_code == 403
    assert place.confirm(code).json()["removed"] is True
    assert place.person["uri"] not in place.trip.listed()


def test_codes_are_kept_as_digests_only(place):
    asked = place.ask().json()
    (row,) = place.rows(RemovalCode)
    assert asked["code"].removeprefix("secret-") not in str(row)
    assert asked["publish"].removeprefix("waypost-") not in str(row)


def test_who_proves_it_gets_everything_that_is_held_about_them(place):
    code = place.code("data")
    answer = place.confirm(code)
    held = answer.json()["data"]["held"]
    assert answer.headers["cache-control"] == "no-store"
    assert held["accounts"][0]["uri"] == place.person["uri"]
    assert held["verdicts"][0]["answers"]["list"][0] == "yes"
    assert held["verdict_history"]
    mine = {uri for uri in place.trip.posts() if uri.startswith(place.person["uri"] + "/")}
    assert {row["uri"] for row in held.get("posts", [])} == mine
    assert place.other["uri"] not in answer.text
    assert place.person["uri"] in place.trip.listed()  # to look is not to leave


def test_the_page_does_the_same_without_a_script(place):
    client = place.site.client
    page = {"Accept": "text/html"}
    form = {"handle": "@" + place.handle, "purpose": "remove", "way": "profile"}
    asked = client.post("/remove", data=form, headers=page)
    assert asked.status_code == 200
    assert asked.headers["cache-control"] == "no-store"
    code = re.search(r"secret-\w{20}", asked.text)[0]
    publish = re.search(r"<code>(waypost-\w{12})</code>", asked.text)[1]
    without = client.post(
        "/remove/confirm", data={"handle": place.handle, "code": code}, headers=page
    )
    assert without.status_code == 403
    assert "not in the profile" in without.text
    place.write(publish)
    done = client.post("/remove/confirm", data={"handle": place.handle, "code": code}, headers=page)
    assert "is gone from all answers" in done.text
    assert place.person["uri"] not in place.trip.listed()


def test_a_server_that_is_out_is_not_asked_for_a_proof(place):
    with place.trip.app.context.database.write() as connection:
        connection.exec_driver_sql("UPDATE servers SET opted_out = true")
    refused = place.ask()
    assert refused.status_code == 403
    assert "write to the operator" in refused.json()["detail"]


def test_a_code_asked_for_before_leaving_asks_nobody_afterwards(place):
    code = place.code()
    forget_person(place.trip.app.context, Handle.parse(place.handle))
    place.trip.lab.clear_log()
    assert place.confirm(code).status_code == 403
    assert not place.trip.lab.log(place.person["host"])


def test_a_server_that_is_out_is_not_asked_by_way_of_a_redirect(place):
    """The host of the handle sends us on to one that said no."""
    here, there = place.person["host"], place.other["host"]
    assert here != there
    code = place.code()
    with place.trip.app.context.database.write() as connection:
        servers = table(Server)
        connection.execute(
            servers.update()
            .where(servers.c.host == host_of(place.other["uri"]))
            .values(opted_out=True)
        )
    place.trip.lab.rude("elsewhere", here, path="/.well-known/webfinger", to=place.other["uri"])
    place.trip.lab.clear_log()
    assert place.confirm(code).status_code == 429
    assert place.trip.lab.log(here)
    assert not place.trip.lab.log(there)
