"""A topic's actor can be found and followed; it boosts a few posts a day of people who said yes."""

from __future__ import annotations

import base64
import json
import time
from datetime import timedelta
from threading import Thread

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from discover.model.actor import Handle
from discover.services.consent.withdraw import forget_person, forget_server
from discover.services.federation import deliveries
from discover.services.topics.boosts import boost_topics
from discover.store.tables import Delivery, TopicBoost, TopicFollower
from tests.support.remote import PUBLIC
from tests.support.rude_site import answer
from tests.support.town import EVERYBODY, HOST, OUR_ACTOR, activity, dump
from tests.topic_actors.conftest import ASTRONOMY

PATH = ASTRONOMY.removeprefix(PUBLIC)
JSON = {"accept": "application/activity+json"}


def test_without_the_setting_there_is_no_topic_actor(new_house):
    house = new_house(topic_actors=())
    assert house.client.get(PATH, headers=JSON).status_code == 404
    found = house.client.get(
        "/.well-known/webfinger", params={"resource": "acct:topic.astronomy@waypost.test"}
    )
    assert found.status_code == 404
    anna = house.town.person("anna")
    house.hear(anna, "Follow", ASTRONOMY)
    assert house.rows(TopicFollower) == []
    assert house.town.delivered() == []


def test_the_actor_is_found_by_its_handle_and_says_that_it_is_automated(new_house):
    client = new_house().client
    for resource in ("acct:topic.astronomy@waypost.test", ASTRONOMY, f"{PUBLIC}/topics/astronomy"):
        jrd = client.get("/.well-known/webfinger", params={"resource": resource}).json()
        assert jrd["subject"] == "acct:topic.astronomy@waypost.test"
        assert jrd["links"][0]["href"] == ASTRONOMY
    document = client.get(PATH, headers=JSON).json()
    assert document["id"] == ASTRONOMY
    assert document["type"] == "Service"
    assert document["preferredUsername"] == "topic.astronomy"
    assert document["inbox"] == f"{PUBLIC}/inbox"
    key = document["publicKey"]
    assert (key["id"], key["owner"]) == (f"{ASTRONOMY}#main-key", ASTRONOMY)
    assert all(one["controller"] == ASTRONOMY for one in document["assertionMethod"])
    assert OUR_ACTOR not in {document["id"], key["owner"]}
    assert client.get(f"{PATH}/followers", headers=JSON).json()["totalItems"] == 0
    page = client.get(PATH, headers={"accept": "text/html"}, follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, f"{PUBLIC}/topics/astronomy")
    assert client.get("/actor/topics/chess", headers=JSON).status_code == 404
    assert client.get("/actor/topics/no-such", headers=JSON).status_code == 404


def test_a_follow_is_accepted_in_the_topics_name_and_undone_at_will(observatory):
    house, reader = observatory.house, observatory.reader
    (accept,) = house.town.delivered("Accept")
    assert accept["actor"] == ASTRONOMY
    assert accept["object"]["object"] == ASTRONOMY
    assert house.client.get(f"{PATH}/followers", headers=JSON).json()["totalItems"] == 1
    follow = {"id": "https://b.lab.test/other", "type": "Follow", "actor": reader.uri}
    other = house.town.person("other", "b.lab.test")
    house.hear(other, "Undo", follow | {"object": ASTRONOMY})
    assert len(house.rows(TopicFollower)) == 1
    house.hear(reader, "Undo", follow | {"object": ASTRONOMY})
    assert house.rows(TopicFollower) == []


def test_an_undo_that_overtakes_its_follow_wins(observatory):
    house = observatory.house
    late = house.town.person("late", "b.lab.test")
    follow = activity(late, "Follow", ASTRONOMY)
    house.hear(late, "Undo", follow)
    house.post(late.cavage(dump(follow)))
    house.work()
    assert [row.actor for row in house.rows(TopicFollower)] == [observatory.reader.uri]


def test_a_post_on_the_topic_is_boosted_signed_by_the_topics_own_key(observatory):
    anna = observatory.author("anna")
    observatory.writes(anna, "Bread today #baking")
    saturn = observatory.writes(anna)
    assert observatory.round() == [saturn]
    (sent,) = [
        seen
        for seen in observatory.town.site.seen
        if seen.method == "POST" and b'"Announce"' in seen.body and seen.host == "b.lab.test"
    ]
    assert sent.path == "/inbox"
    announce = json.loads(sent.body)
    assert announce["actor"] == ASTRONOMY
    assert announce["to"] == [EVERYBODY]
    parts = dict(part.split("=", 1) for part in sent.headers["signature"].split(","))
    assert parts["keyId"] == f'"{ASTRONOMY}#main-key"'
    names = parts["headers"].strip('"').split()
    values = sent.headers | {"(request-target)": "post /inbox"}
    text = "\n".join(f"{name}: {values[name]}" for name in names).encode()
    document = observatory.house.client.get(PATH, headers=JSON).json()
    key = serialization.load_pem_public_key(document["publicKey"]["publicKeyPem"].encode())
    signature = base64.b64decode(parts["signature"].strip('"'))
    key.verify(signature, text, padding.PKCS1v15(), hashes.SHA256())
    assert observatory.shown() == [saturn]
    again = observatory.house.client.get(announce["id"].removeprefix(PUBLIC), headers=JSON).json()
    assert (again["id"], again["object"]) == (announce["id"], saturn)


def test_the_author_is_told_of_a_boost_and_of_its_end(observatory):
    anna = observatory.author("anna")
    saturn = observatory.writes(anna)
    observatory.round()
    (told,) = observatory.sent("Announce", HOST)
    assert (told["object"], told["cc"]) == (saturn, [f"{ASTRONOMY}/followers", anna.uri])
    shown = observatory.house.client.get(told["id"].removeprefix(PUBLIC), headers=JSON).json()
    assert shown["cc"] == told["cc"]

    observatory.town.gone(saturn)
    observatory.house.hear(anna, "Delete", saturn)
    (undone,) = observatory.sent("Undo", HOST)
    assert undone["object"]["id"] == told["id"]
    assert anna.uri not in undone["cc"] + undone["object"]["cc"]


def test_nothing_is_boosted_for_nobody(observatory):
    observatory.writes(observatory.author("anna"))
    observatory.house.hear(
        observatory.reader, "Undo", activity(observatory.reader, "Follow", ASTRONOMY)
    )
    assert observatory.round() == []
    assert observatory.house.rows(TopicBoost) == []


@pytest.mark.parametrize(
    "person",
    [
        {"indexable": False},
        {"manuallyApprovesFollowers": True},
        {"type": "Service"},
        {"summary": ""},
        {"discoverable": False},
    ],
    ids=["not indexable", "locked", "a bot", "empty profile", "not discoverable"],
)
def test_only_people_who_may_be_listed_suggested_searched_and_counted_are_boosted(
    observatory, person
):
    observatory.writes(observatory.author("anna", **person))
    assert observatory.round() == []


@pytest.mark.parametrize(
    "post",
    [
        {"sensitive": True},
        {"summary": "spiders"},
        {"to": [], "cc": [EVERYBODY]},
        {"inReplyTo": f"https://{HOST}/users/ben/statuses/1"},
    ],
    ids=["sensitive", "content warning", "unlisted", "an answer"],
)
def test_some_posts_are_not_boosted(observatory, post):
    observatory.writes(observatory.author("anna"), **post)
    assert observatory.round() == []


def test_a_few_a_day_and_one_author_once_a_week(observatory):
    anna, ben, cleo = (observatory.author(name) for name in ("anna", "ben", "cleo"))
    for person in (anna, anna, ben, cleo):
        observatory.writes(person)
    assert len(observatory.round()) == 1
    assert observatory.round() == [], "there is a pause between two"
    clock = observatory.house.clock
    for _ in range(5):
        clock.ahead += timedelta(hours=7)
        observatory.round()
    found = observatory.boosted()
    assert len(found) == len(set(found)) == 3
    assert {uri.split("/statuses")[0] for uri in found} == {anna.uri, ben.uri, cleo.uri}


def test_whoever_leaves_is_taken_back_from_everybodys_timeline(observatory):
    anna = observatory.author("anna")
    saturn = observatory.writes(anna)
    observatory.round()
    (row,) = observatory.house.rows(TopicBoost)
    forget_person(observatory.house.app.context, Handle("anna", HOST))
    assert observatory.house.rows(TopicBoost) == []
    assert observatory.shown() == []
    gone = observatory.house.client.get(row.activity.removeprefix(PUBLIC), headers=JSON)
    assert gone.status_code == 404
    observatory.house.work()
    assert observatory.taken_back() == [saturn]
    (undo,) = observatory.sent("Undo")
    assert undo["object"]["id"] == row.activity


def test_a_deleted_post_is_taken_back(observatory):
    anna = observatory.author("anna")
    saturn = observatory.writes(anna)
    observatory.round()
    observatory.house.hear(anna, "Delete", saturn)
    assert observatory.taken_back() == [saturn]


def test_a_server_that_leaves_takes_its_peoples_boosts_back(observatory):
    saturn = observatory.writes(observatory.author("anna"))
    observatory.round()
    forget_server(observatory.house.app.context, HOST)
    observatory.house.work()
    assert observatory.taken_back() == [saturn]


def test_whoever_may_no_longer_be_suggested_is_taken_back(observatory):
    anna = observatory.author("anna")
    saturn = observatory.writes(anna)
    observatory.round()
    observatory.author("anna", manuallyApprovesFollowers=True)
    assert observatory.shown() == []
    assert observatory.round() == []
    assert observatory.taken_back() == [saturn]


def test_a_boost_that_has_not_left_yet_never_leaves(observatory):
    observatory.writes(observatory.author("anna"))
    boost_topics(observatory.house.app.context)
    forget_person(observatory.house.app.context, Handle("anna", HOST))
    waiting = [json.loads(row.body)["type"] for row in observatory.house.rows(Delivery)]
    assert "Announce" not in waiting
    observatory.house.work()
    assert observatory.boosted() == []


def test_a_boost_that_was_tried_in_vain_is_not_tried_again_when_its_author_leaves(observatory):
    observatory.writes(observatory.author("anna"))
    observatory.town.reply = answer(503, b"")
    observatory.round()
    tried = [row for row in observatory.house.rows(Delivery) if '"Announce"' in row.body]
    assert [row.attempts for row in tried] == [1, 1], "to the reader and to the author"
    forget_person(observatory.house.app.context, Handle("anna", HOST))
    waiting = [json.loads(row.body)["type"] for row in observatory.house.rows(Delivery)]
    assert set(waiting) == {"Undo"}, "it may have arrived"


def test_a_boost_made_while_its_author_leaves_is_taken_back(observatory, monkeypatch):
    observatory.writes(observatory.author("anna"))
    context, leaving = observatory.house.app.context, []

    def slowly(*given, **more):
        if not leaving:
            leaving.append(Thread(target=forget_person, args=(context, Handle("anna", HOST))))
            leaving[0].start()
            time.sleep(0.5)
        enqueue(*given, **more)

    enqueue = deliveries.enqueue
    monkeypatch.setattr(deliveries, "enqueue", slowly)
    boost_topics(context)
    leaving[0].join()
    assert observatory.house.rows(TopicBoost) == []
    waiting = [json.loads(row.body)["type"] for row in observatory.house.rows(Delivery)]
    assert set(waiting) == {"Undo"}


def test_an_inbox_that_is_gone_follows_no_more(observatory):
    observatory.writes(observatory.author("anna"))
    observatory.town.reply = answer(410, b"")
    observatory.round()
    assert observatory.house.rows(TopicFollower) == []
