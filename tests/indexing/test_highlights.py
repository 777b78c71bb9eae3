"""What is marked in a result is what is said now, not what the index still holds."""

from __future__ import annotations

import asyncio

import pytest

from crawler.run import run_crawler
from discover.services.tasks import run_next_task
from discover.store.tables import Account

LONG = (
    "<p>Fog, ropes  and\n tea.</p>" * 20
    + "<p>Old lamps &amp; lenses, 東京 灯台</p>"
    + "<p>Gulls.</p>" * 90
)


def stored_but_not_indexed(indexed):
    while run_next_task(indexed.ctx) is not None:
        pass
    asyncio.run(run_crawler(indexed.app, until_idle=True, stop=asyncio.Event()))


def marked(indexed, words, kind):
    answer = indexed.house.client.get("/api/v1/search", params={"q": words, "type": kind})
    return [one["highlights"] for one in answer.json()[kind]]


def test_what_an_edit_took_out_of_a_profile_is_not_marked(indexed):
    ann = indexed.town.person("ann", summary="<p>Lighthouse Road 7. I like tea</p>")
    indexed.say(ann, "in")
    (before,) = marked(indexed, "lighthouse", "accounts")
    assert "Road 7" in before["bio"]

    document = indexed.town.documents[ann.uri]
    document["summary"] = "<p>I like tea</p>"
    indexed.house.send(ann, "Update", document)
    stored_but_not_indexed(indexed)
    assert indexed.house.rows(Account)[0].summary == "I like tea"
    for found in marked(indexed, "lighthouse", "accounts"):
        assert found == {}
    answer = indexed.house.client.get("/search", params={"q": "lighthouse"})
    assert "Road 7" not in answer.text


def test_what_an_edit_took_out_of_a_post_is_not_marked(indexed):
    ann = indexed.town.person("ann")
    uri = indexed.town.post(ann, "My lighthouse is at Road 7", summary="Address", sensitive=True)
    note = indexed.town.documents[uri]
    outbox = indexed.town.documents[f"{ann.uri}/outbox"]
    outbox |= {"orderedItems": [note], "totalItems": 1}
    indexed.say(ann, "in")
    (before,) = marked(indexed, "lighthouse", "posts")
    assert "Road 7" in before["text"]

    note["content"] = "<p>My lighthouse</p>"
    indexed.house.send(ann, "Update", note)
    stored_but_not_indexed(indexed)
    for found in marked(indexed, "lighthouse", "posts"):
        assert found == {}


@pytest.mark.parametrize("words", ["lamps", "gulls", "ropes tea", "灯台"])
def test_a_piece_of_a_long_text_is_marked(indexed, words):
    ann = indexed.town.person("ann", summary=LONG)
    indexed.say(ann, "in")
    (found,) = marked(indexed, words, "accounts")
    assert "<mark>" in found["bio"]
