"""A direct message of our actor's at its own address: for its addressee alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from discover.model.actor import Handle
from discover.services.retention import enforce_retention
from discover.services.sent_notes import KEPT, find
from discover.services.withdraw import forget_person
from discover.store.tables import SentNote
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
