"""Filters, facets and order of every search engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from discover.model.query import (
    EngineQuery,
    Filters,
    Kind,
    Sort,
    Without,
)
from discover.ports import SearchEngine
from tests.engines.conftest import ACCOUNT_IDS, POST_IDS, accounts, only, posts
from tests.engines.corpus import moment, post

# Filters, facets, order


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"languages": ("de",)}, {13}),
        ({"languages": ("de", "ja")}, {13, 14}),
        ({"servers": ("lodz.test", "qamar.test")}, {15, 16}),
        ({"tags": ("astronomy",)}, {11, 17, 19, 21}),
        ({"tags": ("astronomy", "comet")}, {19}),
        ({"tags": ("天文",)}, {14}),
        ({"bot": True}, {17}),
        ({"bot": False}, POST_IDS - {17}),
        ({"media": ("image",)}, {11, 19}),
        ({"media": ("image", "video")}, {11, 19, 20}),
        ({"sensitive": True}, {19}),
        ({"sensitive": False}, POST_IDS - {19}),
        ({"reply": True}, {18}),
        ({"reply": False}, POST_IDS - {18}),
        ({"account_ids": (7, 8)}, {18, 19, 20, 21}),
        ({"since": datetime.fromtimestamp(moment(12), UTC)}, {11, 12}),
        ({"until": datetime.fromtimestamp(moment(20), UTC)}, {21}),
        (
            {
                "since": datetime.fromtimestamp(moment(15), UTC),
                "until": datetime.fromtimestamp(moment(13), UTC),
            },
            {14, 15},
        ),
        ({"tags": ("astronomy",), "bot": False, "servers": ("garten.test",)}, {19, 21}),
        ({"tags": ('a" OR bot = true',)}, set()),
    ],
)
def test_posts_are_filtered(filled: SearchEngine, filters: dict, expected: set[int]):
    assert set(posts(filled, **only(**filters))) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"languages": ("pl", "ar")}, {4, 5}),
        ({"servers": ("garten.test",)}, {2, 7, 8}),
        ({"tags": ("astronomy",)}, {1, 7}),
        ({"bot": True}, {6}),
        ({"account_ids": (1, 8)}, {1, 8}),
        ({"until": datetime.fromtimestamp(moment(6), UTC)}, {7, 8}),
    ],
)
def test_accounts_are_filtered(filled: SearchEngine, filters: dict, expected: set[int]):
    assert set(accounts(filled, **only(**filters))) == expected


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        (Without(languages=("de", "ja")), POST_IDS - {13, 14}),
        (Without(servers=("lodz.test", "garten.test")), {11, 12, 14, 16, 17}),
        (Without(tags=("astronomy", "baking")), {12, 13, 14, 15, 16, 18}),
        (Without(tags=("天文",)), POST_IDS - {14}),
        (Without(media=("image",)), POST_IDS - {11, 19}),
        (Without(account_ids=(7, 8)), POST_IDS - {18, 19, 20, 21}),
        (Without(languages=("en",), servers=("lodz.test",)), {13, 14, 16}),
        (Without(tags=('a" OR bot = true',)), POST_IDS),
    ],
)
def test_posts_that_have_what_is_unwanted_are_left_out(
    filled: SearchEngine, without: Without, expected: set[int]
):
    assert set(posts(filled, **only(without=without))) == expected


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        (Without(languages=("en",)), {2, 3, 4, 5}),
        (Without(servers=("stars.test",), tags=("garten",)), {3, 4, 5, 7, 8}),
        (Without(account_ids=(1, 8)), {2, 3, 4, 5, 6, 7}),
        (Without(media=("image",)), {1, 2, 3, 4, 5, 6, 7, 8}),
    ],
)
def test_people_who_have_what_is_unwanted_are_left_out(
    filled: SearchEngine, without: Without, expected: set[int]
):
    assert set(accounts(filled, **only(without=without))) == expected


def test_what_is_unwanted_goes_from_what_is_wanted(filled: SearchEngine):
    wanted = only(tags=("astronomy",), without=Without(tags=("comet",), media=("image",)))
    assert set(posts(filled, **wanted)) == {17, 21}
    assert posts(filled, "comet ", **only(without=Without(account_ids=(6,)))) == [19]


def test_filters_and_words_hold_together(filled: SearchEngine):
    assert posts(filled, "comet ", **only(bot=True)) == [17]
    assert posts(filled, "bread ", **only(tags=("astronomy",))) == [21]


def test_facets_count_what_matches(filled: SearchEngine):
    asked = EngineQuery(Kind.POSTS, facets=("language", "server", "tags"))
    facets = filled.search(asked).facets
    assert facets["language"] == {"en": 7, "de": 1, "ja": 1, "pl": 1, "ar": 1}
    assert facets["server"]["garten.test"] == 5
    assert facets["tags"]["astronomy"] == 4
    assert facets["tags"]["天文"] == 1
    narrowed = filled.search(replace(asked, filters=Filters(languages=("ja",)))).facets
    assert narrowed["server"] == {"hoshi.test": 1}


def test_the_newest_come_first_when_asked(filled: SearchEngine):
    assert posts(filled, sort=Sort.RECENT) == sorted(POST_IDS)
    assert posts(filled, "comet ", sort=Sort.RECENT) == [17, 19]
    assert accounts(filled, sort=Sort.RECENT) == sorted(ACCOUNT_IDS)


def test_without_words_posts_come_by_time_and_people_by_prior(filled: SearchEngine):
    assert posts(filled) == sorted(POST_IDS)
    assert accounts(filled)[-1] == 6


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("text", ["", "same ", "same other "])
def test_pages_neither_overlap_nor_lose_anything(engine: SearchEngine, sort: Sort, text: str):
    engine.upsert([post(number, "the same other text", published=5) for number in range(1, 54)])
    seen: list[int] = []
    for offset in range(0, 60, 10):
        asked = EngineQuery(Kind.POSTS, text, sort=sort, limit=10, offset=offset)
        answer = engine.search(asked)
        assert answer.more is (offset < 50)
        assert answer.total == 53
        seen += [hit.id for hit in answer.hits]
    assert sorted(seen) == list(range(1, 54))


def test_the_deepest_page_can_be_asked_for(engine: SearchEngine):
    engine.upsert([post(number, "deep") for number in range(1, 1301)])
    answer = engine.search(EngineQuery(Kind.POSTS, "deep ", limit=200, offset=1000))
    assert len(answer.hits) == 200
    assert answer.more
