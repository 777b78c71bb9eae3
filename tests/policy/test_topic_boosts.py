"""What a topic's actor chooses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from discover.policy.topic_boosts import FRESH, SAME_AUTHOR, Boosted, Candidate, choose, is_time

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def post(number: int, *, author: int | None = None, host: str = "", ago: float = 1, **more):
    return Candidate(
        post_id=number,
        account_id=author or number,
        host=host or f"s{number}.example",
        published=NOW - ago * HOUR,
        **{"weight": 0.5, "voices": 0.0, **more},
    )


def boosted(number: int, *, author: int = 0, host: str = "", ago: float = 24):
    return Boosted(number, author, host, NOW - ago * HOUR)


def test_nothing_to_choose_from():
    assert choose([], [], NOW) is None


def test_fresh_heard_and_about_the_topic_comes_first():
    assert choose([post(1, ago=1), post(2, ago=20)], [], NOW) == post(1, ago=1)
    assert choose([post(1), post(2, voices=3)], [], NOW) == post(2, voices=3)
    assert choose([post(1, weight=0.9), post(2)], [], NOW) == post(1, weight=0.9)


def test_neither_old_nor_future_posts():
    old = FRESH / HOUR + 1
    assert choose([post(1, ago=old), post(2, ago=-1)], [], NOW) is None


def test_a_post_is_boosted_once_and_an_author_once_a_week():
    assert choose([post(1, author=7)], [boosted(1, ago=1000)], NOW) is None
    week = SAME_AUTHOR / HOUR
    assert choose([post(1, author=7)], [boosted(2, author=7, ago=week - 1)], NOW) is None
    assert choose([post(1, author=7)], [boosted(2, author=7, ago=week + 1)], NOW) is not None


def test_a_server_that_was_boosted_lately_comes_later():
    big, small = post(1, host="big.example", voices=1), post(2, host="small.example")
    assert choose([big, small], [], NOW) == big
    lately = [boosted(8, host="big.example"), boosted(9, host="big.example")]
    assert choose([big, small], lately, NOW) == small


@given(st.integers(1, 24), st.integers(1, 60))
def test_never_more_than_so_many_in_any_24_hours(a_day, minutes):
    """However often the task comes round."""
    at: list[datetime] = []
    now = NOW
    while now < NOW + timedelta(days=3):
        if is_time(at, a_day, now):
            at.append(now)
        now += timedelta(minutes=minutes)
    for start in at:
        assert sum(start <= one < start + timedelta(days=1) for one in at) <= a_day
    assert len(at) >= 2
