"""A direct message of our actor's at its own address: for its addressee alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from discover.model.actor import Handle
from discover.services.consent.retention import enforce_retention
from discover.services.consent.withdraw import forget_person, forget_server
from discover.services.federation.sent_notes import KEPT, find
from discover.store.tables import Delivery, SentNote
from tests.support.town import HOST


@pytest.fixture
def note(talk, ann):
    talk.say(ann, "help")
    return talk.answers()[-1]["object"]


def fetch(talk, note, person=None, scheme="cavage"):
    headers = {"accept": "application/activity+json"}
    if person is not None:
        signed = getattr(person, scheme)(b"", method="GET", url=note["id"])
        headers |= signed.headers
    return talk.house.client.get("/notes/" + note["id"].rpartition("/")[2], headers=headers)


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
def test_addressee_may_fetch_the_message(talk, ann, note, scheme):
    answer = fetch(talk, note, ann, scheme)
    assert answer.status_code == 200
    assert {**answer.json(), "@context": None} == {**note, "@context": None}
    assert answer.headers["cache-control"] == "private, no-store"


def test_nobody_else_learns_that_there_is_a_message(talk, note):
    somebody = talk.town.person("ben")
    missing = {"id": note["id"][:-4] + "0000"}
    answers = [fetch(talk, note), fetch(talk, note, somebody), fetch(talk, missing, somebody)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


def test_signature_for_another_address_does_not_open_it(talk, ann, note):
    other = {"id": note["id"] + "?x"}
    signed = ann.cavage(b"", method="GET", url=other["id"])
    path = "/notes/" + note["id"].rpartition("/")[2]
    assert talk.house.client.get(path, headers=dict(signed.headers)).status_code == 404


def test_message_is_kept_for_some_days_only(talk, note):
    context, name = talk.house.app.context, note["id"].rpartition("/")[2]
    talk.house.clock.ahead = KEPT - timedelta(minutes=5)
    enforce_retention(context)
    assert find(context, name)
    talk.house.clock.ahead = KEPT + timedelta(minutes=5)
    assert find(context, name) is None
    enforce_retention(context)
    assert talk.house.rows(SentNote) == []


def test_message_is_gone_with_its_addressee(talk, ann, note):
    assert fetch(talk, note, ann).status_code == 200
    forget_person(talk.house.app.context, Handle("ann", HOST), ann.uri)
    assert fetch(talk, note, ann).status_code == 404


@pytest.fixture
def ben(talk):
    """Somebody who may be suggested."""
    tags = [{"type": "Hashtag", "name": "#lighthouses", "href": "https://a.lab.test/tags/l"}]
    person = talk.town.person("ben", tag=tags, summary="<p>#lighthouses all day</p>")
    post = talk.town.post(person, "Another lighthouse")
    outbox = talk.town.documents[f"{person.uri}/outbox"]
    outbox["orderedItems"], outbox["totalItems"] = [talk.town.documents[post]], 1
    talk.say(person, "in")
    talk.house.work()
    return person


@pytest.mark.parametrize("leaves", ["for good", "by a flag", "with the server"])
def test_a_message_that_names_somebody_goes_when_they_leave(talk, ann, ben, leaves):
    assert f"ben@{HOST}" in talk.say(ann, "suggest lighthouses")
    named = talk.answers()[-1]["object"]
    assert fetch(talk, named, ann).status_code == 200
    if leaves == "for good":
        forget_person(talk.house.app.context, Handle("ben", HOST))
    elif leaves == "by a flag":
        talk.town.documents[ben.uri]["discoverable"] = False
        talk.house.hear(ben, "Update", ben.uri)
    else:
        forget_server(talk.house.app.context, HOST)
    assert fetch(talk, named, ann).status_code in (403, 404)
    others = [row.note for row in talk.house.rows(SentNote) if row.addressee != ben.uri]
    assert not any(f"ben@{HOST}" in str(note) for note in others)


def test_a_message_that_names_somebody_is_not_delivered_after_they_left(talk, ann, ben):
    talk.say(ann, "suggest lighthouses", work=False)
    waiting = [row for row in talk.house.rows(Delivery) if f"ben@{HOST}" in row.body]
    assert len(waiting) == 1
    forget_person(talk.house.app.context, Handle("ben", HOST))
    assert not any(f"ben@{HOST}" in row.body for row in talk.house.rows(Delivery))
    talk.house.work()
    told = [one for one in talk.answers() if one["object"]["to"] == [ann.uri]]
    assert not any(f"ben@{HOST}" in str(one) for one in told)
