"""Norwegian is one language: `no` finds who writes nb, no or nn, at every door."""

from __future__ import annotations

import pytest

from discover.model.views import SearchRequest
from discover.services.find.packs import find_pack
from discover.services.find.search import search
from discover.services.topics.people import topic_people
from tests.support.crowd import Crowd

NIGHT = ("Stjerneklart i natt #astronomy", "Saturn #astronomy")


@pytest.fixture
def norwegians(crowd: Crowd) -> Crowd:
    for tag in ("nb", "no", "nn"):
        crowd.person(f"ola{tag}", NIGHT, language=tag)
    crowd.person("stella", NIGHT, language="de")
    crowd.settle()
    return crowd


def found(crowd: Crowd, *languages: str, text: str = "astronomy") -> set[str]:
    answer = search(crowd.app.context, SearchRequest(text, "accounts", languages))
    return {one.handle.split("@")[0] for one in answer.accounts}


def test_who_asks_for_norwegian_finds_every_norwegian(norwegians: Crowd) -> None:
    ctx = norwegians.app.context
    everybody = {"olanb", "olano", "olann"}
    for tag in ("no", "nb"):
        assert found(norwegians, tag) == found(norwegians, tag, text="ola") == everybody
        assert set(norwegians.suggested(languages=(tag,))) == everybody
        assert set(norwegians.suggested(topics=("astronomy",), languages=(tag,))) == everybody
        people = topic_people(ctx, "astronomy", languages=(tag,)).people
        assert {one.handle.split("@")[0] for one, _ in people} == everybody
        pack = find_pack(ctx, "topic-astronomy", (tag,))
        assert {one.handle.split("@")[0] for one in pack.members} == everybody
        posts = search(ctx, SearchRequest("saturn", "posts", (tag,))).posts
        assert {one.author.handle.split("@")[0] for one in posts} == everybody
    assert found(norwegians, text="astronomy lang:no") == everybody
    assert found(norwegians, text="astronomy -lang:no") == {"stella"}


def test_who_asks_for_nynorsk_finds_nynorsk(norwegians: Crowd) -> None:
    assert found(norwegians, "nn") == set(norwegians.suggested(languages=("nn",))) == {"olann"}
