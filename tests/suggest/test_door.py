"""Suggestions as they are asked for over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.routes.suggestions import SuggestionsOut
from discover.model.actor import Handle
from discover.services.consent.withdraw import forget_person
from tests.support.crowd import Crowd
from tests.support.site import serving

DAY = timedelta(days=1)
STARS = ("A clear night #astronomy #astrodon", "Saturn today #astronomy", "#astronomy again")


@dataclass
class Door:
    crowd: Crowd
    client: httpx.Client

    def get(self, path: str = "/api/v1/suggestions", **asked: Any) -> dict[str, Any]:
        answer = self.client.get(path, params=asked)
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        SuggestionsOut.model_validate(answer.json())
        return answer.json()

    def names(self, **asked: Any) -> list[str]:
        return names(self.get(**asked))


def names(answer: dict[str, Any]) -> list[str]:
    return [one["account"]["handle"].partition("@")[0] for one in answer["suggestions"]]


@pytest.fixture
def door(crowd: Crowd) -> Iterator[Door]:
    with serving(crowd.app) as served:
        yield Door(crowd, served.client)


def test_who_withdraws_is_not_in_the_next_answer(door: Door) -> None:
    door.crowd.person("stella", STARS)
    door.crowd.person("orion", STARS)
    door.crowd.settle()
    assert sorted(door.names(topic="astronomy")) == ["orion", "stella"]
    forget_person(door.crowd.app.context, Handle("stella", "a.example"))
    assert door.names(topic="astronomy") == ["orion"]
    assert door.client.get("/api/v1/accounts/stella@a.example/similar").status_code == 404
    assert names(door.get("/api/v1/accounts/orion@a.example/similar")) == []


def test_locked_bot_silent_and_warned_people_are_not_suggested(door: Door) -> None:
    door.crowd.person("stella", STARS)
    door.crowd.person("locked", STARS, locked=True)
    door.crowd.person("robot", STARS, bot=True)
    door.crowd.person("silent", STARS, age=91 * DAY)
    door.crowd.person("warned", STARS, warning="spoilers")
    door.crowd.settle()
    assert door.names(topic="astronomy") == ["stella"]
    assert sorted(door.names(topic="astronomy", bots="true")) == ["robot", "stella"]


def test_a_topic_may_be_named_in_any_language(door: Door) -> None:
    door.crowd.person("stella", STARS)
    door.crowd.settle()
    for name in ("astronomy", "Astronomie", "天文", "#astrodon"):
        assert door.names(topic=name) == ["stella"]


def test_reasons_are_whole_sentences(door: Door) -> None:
    door.crowd.person("sternchen", ("#astronomie", "#astronomie klar"), language="de")
    door.crowd.settle()
    reasons = door.get(topic="astronomy", lang="de")["suggestions"][0]["reasons"]
    said = {one["kind"]: one["sentence"] for one in reasons}
    assert said["topic"] == "Writes about Astronomy"
    assert said["language"] == "Writes in German"
    assert said["week"] == "Posted this week"


def test_exclude_is_honoured_in_the_query_and_in_a_long_body(door: Door) -> None:
    for name in ("ada", "bert", "carl"):
        door.crowd.person(name, STARS)
    door.crowd.settle()
    excluded = "@ada@a.example,https://a.example/users/bert"
    assert door.names(topic="astronomy", exclude=excluded) == ["carl"]
    many = [f"p{number}@elsewhere.example" for number in range(4000)] + ["carl@a.example"]
    answer = door.client.post("/api/v1/suggestions", json={"topic": ["astronomy"], "exclude": many})
    assert answer.status_code == 200
    assert sorted(names(answer.json())) == ["ada", "bert"]


def test_pages_are_linked_until_the_end(door: Door) -> None:
    for number in range(7):
        door.crowd.person(f"p{number}", STARS)
    door.crowd.settle()
    answer = door.client.get("/api/v1/suggestions", params={"topic": "astronomy", "limit": 3})
    seen: list[str] = names(answer.json())
    while link := answer.links.get("next"):
        answer = door.client.get(link["url"])
        seen += names(answer.json())
    assert answer.json()["next"] is None
    assert sorted(seen) == sorted(f"p{number}" for number in range(7))


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"topic": "nonsense-of-a-topic"}, "topic"),
        ({"lang": "Klingon!"}, "lang"),
        ({"limit": "1000"}, "limit"),
    ],
)
def test_what_cannot_be_asked_is_a_problem_that_names_the_field(
    door: Door, asked: dict[str, str], field: str
) -> None:
    answer = door.client.get("/api/v1/suggestions", params=asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize("cursor", ["nonsense", "OTk5LjE", "!!", "LTEuMQ"])
def test_a_cursor_that_we_did_not_give_out_is_refused(door: Door, cursor: str) -> None:
    answer = door.client.get("/api/v1/suggestions", params={"cursor": cursor})
    assert answer.status_code in (400, 422)
    assert "cursor" in answer.json()["detail"]


def test_like_an_account_that_is_not_listed_is_not_found(door: Door) -> None:
    assert door.client.get("/api/v1/accounts/no@a.example/similar").status_code == 404
