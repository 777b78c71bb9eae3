"""Why somebody stands among the results."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from discover.policy.explain import reasons

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def told(**more) -> tuple[str, ...]:
    known = {
        "words": {"astronomy"},
        "highlights": {},
        "handle": "marta@stars.example",
        "hashtags": (),
        "last_post_at": None,
        "now": NOW,
    }
    return reasons(**(known | more))


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"highlights": {"name": "…", "bio": "…"}}, "Matches in the name"),
        ({"words": {"mart"}}, "Matches in the handle"),
        ({"words": {"marta@stars.example"}}, "Has this handle"),
        ({"hashtags": ("baking", "astronomy")}, "Uses #astronomy"),
        ({"highlights": {"bio": "…"}}, "Matches in the profile"),
        ({}, "Matches in what it writes about"),
    ],
)
def test_the_place_of_the_match_is_told(more, sentence):
    assert told(**more) == (sentence,)


@pytest.mark.parametrize(
    ("age", "sentence"),
    [
        (timedelta(days=7), "Posted this week"),
        (timedelta(days=8), "Posted this month"),
        (timedelta(days=31), "Posted this month"),
        (timedelta(days=32), None),
    ],
)
def test_a_recent_post_is_told(age, sentence):
    assert told(words=set(), last_post_at=NOW - age) == ((sentence,) if sentence else ())
