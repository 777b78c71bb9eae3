"""What a robots.txt asks of us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discover.model.instance import RobotsState
from discover.policy.robots import forbids_indexing, read_robots

URL = "https://a.test/users/ada"


def allows(text: str, url: str = URL, *, solicited: bool) -> bool:
    return read_robots(200, text.encode()).allows(url, solicited=solicited)


@pytest.mark.parametrize(
    "name", ["Waypost", "waypost", "WAYPOST/1.2", "Waypost*", "waypost # hello", "Waypost  "]
)
@pytest.mark.parametrize("solicited", [True, False])
def test_group_that_names_us_always_decides(name: str, solicited: bool) -> None:
    assert not allows(f"User-agent: {name}\nDisallow: /\n", solicited=solicited)
    text = f"User-agent: *\nDisallow: /\n\nUser-agent: {name}\nAllow: /\n"
    assert allows(text, solicited=solicited)


def test_group_for_everybody_binds_only_what_nobody_asked_for() -> None:
    text = "User-agent: *\nDisallow: /users/\n"
    assert not allows(text, solicited=False)
    assert allows(text, solicited=True)
    assert allows(text, "https://a.test/about", solicited=False)


@pytest.mark.parametrize("other", ["Way", "post", "Waypostal", "NotWaypost", "Scrapy", "W"])
def test_group_of_another_agent_is_not_ours(other: str) -> None:
    robots = read_robots(200, f"User-agent: {other}\nDisallow: /\n".encode())
    assert not robots.names_us
    assert robots.allows(URL, solicited=False)


def test_gotosocial_default_lets_a_verified_opt_in_through() -> None:
    text = (
        "User-agent: GPTBot\nUser-agent: Scrapy\nDisallow: /\n\n"
        "User-agent: *\nCrawl-delay: 500\nDisallow: /api/\nDisallow: /users/\n"
    )
    assert allows(text, solicited=True)
    assert not allows(text, solicited=False)
    assert read_robots(200, text.encode()).crawl_delay == 500


def test_our_own_crawl_delay_comes_before_that_for_everybody() -> None:
    both = b"User-agent: *\nCrawl-delay: 30\n\nUser-agent: Waypost\nCrawl-delay: 2\n"
    assert read_robots(200, both).crawl_delay == 2
    silent = b"User-agent: *\nCrawl-delay: 30\n\nUser-agent: Waypost\nAllow: /\n"
    assert read_robots(200, silent).crawl_delay == 30
    assert read_robots(200, b"User-agent: *\nCrawl-delay: soon\n").crawl_delay is None


def test_longest_rule_wins() -> None:
    text = "User-agent: Waypost\nDisallow: /users/\nAllow: /users/ada$\n"
    assert allows(text, solicited=True)
    assert not allows(text, "https://a.test/users/adam", solicited=True)


@pytest.mark.parametrize("status", [None, 429, 500, 502, 503, 599, 301, 304, 100])
def test_unreadable_file_forbids_everything(status: int | None) -> None:
    robots = read_robots(status, b"User-agent: *\nAllow: /\n")
    assert robots.state is RobotsState.UNREADABLE
    assert not robots.allows(URL, solicited=True)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_missing_file_forbids_nothing(status: int) -> None:
    assert read_robots(status, b"User-agent: *\nDisallow: /").allows(URL, solicited=False)


def test_marks_line_ends_and_size_do_not_hide_a_rule() -> None:
    assert not allows("\ufeffUser-agent: *\rDisallow: /\r", solicited=False)
    padding = b"# " + b"x" * 600 * 1024
    assert not read_robots(200, b"User-agent: Waypost\nDisallow: /\n" + padding).allows(
        URL, solicited=True
    )


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(body: bytes) -> None:
    robots = read_robots(200, body)
    assert robots.allows(URL, solicited=False) in (True, False)
    if robots.allows(URL, solicited=False):
        assert robots.allows(URL, solicited=True)


@pytest.mark.parametrize(
    ("header", "forbidden"),
    [
        ("noindex", True),
        ("NoIndex, nofollow", True),
        ("none", True),
        ("waypost: noindex", True),
        ("*: noindex", True),
        ("googlebot: nofollow, noindex", True),
        ("googlebot: noindex", False),
        ("noai, noimageai", False),
        ("noindexing", False),
        ("", False),
    ],
)
def test_x_robots_tag(header: str, forbidden: bool) -> None:
    assert forbids_indexing(header) is forbidden
