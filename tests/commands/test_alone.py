"""People who opted in by themselves, on servers whose admins said nothing."""

from __future__ import annotations

from datetime import timedelta

from discover.store.tables import Visit
from tests.support.rude_site import answer

DAILY = timedelta(hours=25)


def found(talk):
    return talk.house.found("ann", "accounts")


def test_who_said_in_stays_when_their_server_is_looked_at_again(talk, ann):
    talk.say(ann, "in")
    assert found(talk) == [ann.uri]
    for _ in range(4):
        talk.house.clock.ahead += DAILY
        talk.house.work()
        assert found(talk) == [ann.uri]
    assert ann.uri in {visit.uri for visit in talk.house.rows(Visit)}


def test_who_said_in_stays_when_a_stranger_asks_about_their_server(talk, ann):
    talk.say(ann, "in")
    asked = talk.house.client.post("/api/v1/servers/a.lab.test/check")
    assert asked.status_code == 200
    talk.house.work()
    assert found(talk) == [ann.uri]


def test_robots_txt_sends_them_away_and_lets_them_come_back(talk, ann):
    talk.say(ann, "in")
    robots = "https://a.lab.test/robots.txt"
    talk.town.documents[robots] = answer(
        200, b"User-agent: waypost\nDisallow: /\n", {"content-type": "text/plain"}
    )
    talk.house.clock.ahead += DAILY
    talk.house.work()
    assert not found(talk)
    del talk.town.documents[robots]
    for _ in range(2):
        talk.house.clock.ahead += DAILY
        talk.house.work()
    assert found(talk) == [ann.uri]
