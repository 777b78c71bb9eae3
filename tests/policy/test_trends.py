"""The arithmetic of trends, apart from any database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discover.policy.trends import (
    DAYS,
    LEAST_VOICES,
    SERVER_MOST,
    WEEKS,
    Level,
    expected,
    language_range,
    matches,
    ranks,
    rise,
    voices,
)

DAY = timedelta(days=1)
crowds = st.lists(st.integers(1, 10_000), min_size=1, max_size=50)
loudness = st.floats(0, 10_000)


@pytest.mark.parametrize(
    ("wanted", "tag", "answer"),
    [
        ("pt", "pt", True),
        ("pt", "pt-br", True),
        ("pt-br", "pt", False),
        ("de", "den", False),
        ("d", "de", False),
        ("zh-hant", "zh-hant-tw", True),
        ("zh-hant", "zh-hantx", False),
        ("de-de", "de-latn-de", False),  # basic filtering, not extended
        (None, "und", True),
        ("en", "und", False),
    ],
)
def test_basic_filtering_of_rfc_4647(wanted, tag, answer):
    assert matches(wanted, tag) is answer


@pytest.mark.parametrize(
    ("text", "meant"), [(None, None), ("", None), ("*", None), (" pt-BR ", "pt-br"), ("EN", "en")]
)
def test_a_range_is_read_in_any_case(text, meant):
    assert language_range(text) == meant


@pytest.mark.parametrize(
    "text", ["d%", "de_DE", "de-", "-de", "*-de", "toolongsubtag", "de de", "é"]
)
def test_what_is_no_range_is_refused(text):
    with pytest.raises(ValueError, match="not a language"):
        language_range(text)


def test_one_person_is_never_a_trend():
    assert rise(voices([1]), 0) == 0


@given(st.integers(1, 1_000_000))
def test_one_server_counts_for_no_more_than_its_bound(people):
    assert voices([people]) <= SERVER_MOST
    assert rise(voices([people]), 0) < rise(voices([2] * 8), 0)


@given(crowds, st.integers(0, 49))
def test_one_more_person_never_makes_it_less(people, place):
    more = list(people)
    more[place % len(more)] += 1
    assert voices(more) >= voices(people)
    assert voices([*people, 1]) == voices(people) + 1


@given(loudness, loudness, st.floats(0.1, 100))
def test_more_voices_rise_higher_and_more_expected_ones_lower(heard, usual, more):
    assert rise(heard + more, usual) >= rise(heard, usual)
    assert rise(heard, usual + more) <= rise(heard, usual)
    if heard < LEAST_VOICES or heard <= usual:
        assert rise(heard, usual) == 0


@given(st.floats(0, 1000))
def test_what_was_always_so_is_expected(steady):
    level = Level((steady,) * DAYS, (steady,) * WEEKS)
    for window in (DAY, 3 * DAY, 7 * DAY):
        assert expected(level, window) == pytest.approx(steady)
    assert expected(level, DAY / 24) == pytest.approx(steady / 24)


@given(
    st.lists(st.floats(0, 1000), max_size=DAYS),
    st.lists(st.floats(0, 1000), max_size=WEEKS),
    st.integers(1, 167),
)
def test_a_longer_window_expects_no_less(daily, weekly, hours):
    level = Level(tuple(daily), tuple(weekly))
    shorter = expected(level, timedelta(hours=hours))
    assert expected(level, timedelta(hours=hours + 1)) >= shorter - 1e-9


def test_newer_days_weigh_more():
    lately = Level((7.0,) * 3 + (0.0,) * (DAYS - 3))
    long_ago = Level((0.0,) * (DAYS - 3) + (7.0,) * 3)
    assert expected(lately, DAY) > expected(long_ago, DAY)


def test_the_same_weekday_is_remembered():
    saturdays = tuple(10.0 if i % 7 == 5 else 0.0 for i in range(DAYS))
    assert expected(Level(saturdays), DAY) == pytest.approx(10)
    yesterdays = tuple(10.0 if i % 7 == 6 else 0.0 for i in range(DAYS))
    assert expected(Level(yesterdays), DAY) == pytest.approx(10), "half of the window was then"
    sundays = tuple(10.0 if i % 7 == 4 else 0.0 for i in range(DAYS))
    assert expected(Level(sundays), DAY) < 3


@given(st.lists(st.floats(0.001, 1e6), max_size=100))
def test_ranks_run_from_a_hundred_down_to_one(rises):
    given = ranks(rises)
    assert len(given) == len(rises)
    assert all(1 <= rank <= 100 for rank in given)
    if rises:
        assert max(given) == 100
        assert given[rises.index(max(rises))] == 100


def test_nothing_stays_nothing():
    assert ranks([]) == []
