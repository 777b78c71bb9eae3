"""robots.txt, signatures and politeness of both clients, httpx and Scrapy. Real sockets."""

from __future__ import annotations

import asyncio

import pytest

from discover.model.fetched import FetchError, FetchFailure
from discover.net.manners import Grant
from tests.net.conftest import Bench, documents, refusal
from tests.support.rude_site import Seen, answer, hung_up, in_turn, silent

# robots.txt


def test_robots_txt_is_asked_once_and_before_anything_else(bench: Bench) -> None:
    bench.site.replies["/doc"] = answer()

    async def twice(fetcher, _manners) -> None:
        await asyncio.gather(
            *(fetcher.get("https://a.lab.test/doc", solicited=False) for _ in range(3))
        )

    bench.run(twice)
    assert bench.site.paths() == ["/robots.txt", "/doc", "/doc", "/doc"]


OURS = b"User-agent: *\nDisallow: /private\n\nUser-agent: waypost/1.0\nDisallow: /doc\n"
ALL = b"User-agent: *\nDisallow: /\n"


@pytest.mark.parametrize(
    ("robots", "solicited", "allowed"),
    [
        (OURS, True, False),
        (OURS, False, False),
        (ALL, False, False),
        (ALL, True, True),
        (ALL + b"User-agent: Waypost\nAllow: /\n", False, True),
    ],
)
def test_robots_txt_decides(bench: Bench, robots: bytes, solicited: bool, allowed: bool) -> None:
    bench.site.replies |= {"/robots.txt": answer(200, robots), "/doc": answer()}
    if allowed:
        assert bench.get(solicited=solicited).status == 200
    else:
        assert refusal(bench, solicited=solicited) is FetchFailure.ROBOTS_FORBID
        assert documents(bench.site) == []


def test_gate_can_make_a_fetch_unsolicited(bench: Bench) -> None:
    async def gate(_host: str) -> Grant | None:
        return Grant(solicited=False)

    bench.gate = gate
    bench.site.replies |= {"/robots.txt": answer(200, ALL), "/doc": answer()}
    assert refusal(bench, solicited=True) is FetchFailure.ROBOTS_FORBID


@pytest.mark.parametrize("reply", [answer(500), answer(503), answer(429), silent, hung_up])
def test_unreadable_robots_txt_means_no(bench: Bench, reply) -> None:
    bench.site.replies |= {"/robots.txt": reply, "/doc": answer()}
    bench.overrides = {"request_seconds": 0.3}
    failure = refusal(bench, solicited=True)
    assert failure in (FetchFailure.ROBOTS_UNREADABLE, FetchFailure.HOST_PARKED)
    assert documents(bench.site) == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_missing_robots_txt_forbids_nothing(bench: Bench, status: int) -> None:
    bench.site.replies |= {"/robots.txt": answer(status, ALL), "/doc": answer()}
    assert bench.get(solicited=False).status == 200


def test_robots_txt_redirects_up_to_five_times(bench: Bench) -> None:
    for number in range(5):
        target = {"Location": f"/hop{number + 1}"}
        bench.site.replies[f"/hop{number}"] = answer(302, b"", target)
    bench.site.replies |= {
        "/robots.txt": answer(302, b"", {"Location": "/hop1"}),
        "/hop5": answer(200, ALL),
        "/doc": answer(),
    }
    assert refusal(bench, solicited=False) is FetchFailure.ROBOTS_FORBID


def test_huge_robots_txt_is_read_as_far_as_its_bound(bench: Bench) -> None:
    huge = ALL + b"# padding\n" * 200_000
    bench.site.replies |= {"/robots.txt": answer(200, huge), "/doc": answer()}
    assert refusal(bench, solicited=False) is FetchFailure.ROBOTS_FORBID


def test_robots_txt_is_not_signed_and_fills_the_cache(bench: Bench) -> None:
    bench.site.replies |= {"/robots.txt": answer(200, b""), "/doc": answer()}

    async def both(fetcher, _manners) -> None:
        await fetcher.get("https://a.lab.test/robots.txt", solicited=True)
        await fetcher.get("https://a.lab.test/doc", solicited=True)

    bench.run(both)
    assert bench.site.paths() == ["/robots.txt", "/doc"]
    assert "signature" not in bench.site.seen[0].headers


# Signatures


def checks(accepted: str) -> object:
    """A server that takes one scheme only."""

    async def reply(seen: Seen, writer: asyncio.StreamWriter) -> None:
        scheme = "rfc9421" if "signature-input" in seen.headers else "cavage"
        await answer(200 if scheme == accepted else 401)(seen, writer)

    return reply


@pytest.mark.parametrize("accepted", ["cavage", "rfc9421"])
@pytest.mark.parametrize("first", ["cavage", "rfc9421"])
def test_second_knock_opens_and_is_remembered(bench: Bench, first: str, accepted: str) -> None:
    bench.site.replies["/doc"] = checks(accepted)
    bench.overrides = {"signature_first": first}

    async def twice(fetcher, _manners) -> list[int]:
        url = "https://a.lab.test/doc"
        return [(await fetcher.get(url, solicited=True)).status for _ in range(2)]

    assert bench.run(twice) == [200, 200]
    assert len(documents(bench.site)) == (2 if first == accepted else 3)


def test_refusal_of_both_schemes_is_not_asked_for_twice(bench: Bench) -> None:
    bench.site.replies["/doc"] = answer(403)

    async def thrice(fetcher, _manners) -> list[int]:
        url = "https://a.lab.test/doc"
        return [(await fetcher.get(url, solicited=True)).status for _ in range(3)]

    assert bench.run(thrice) == [403, 403, 403]
    assert len(documents(bench.site)) == 4


def test_other_refusals_are_not_knocked_at_again(bench: Bench) -> None:
    bench.site.replies |= {
        "/doc": answer(404),
        "/bad": answer(400, b'{"error": "no such user"}'),
    }
    bench.get()
    bench.get("https://a.lab.test/bad")
    assert len(documents(bench.site)) == 2


# Politeness


def test_pause_between_requests_is_kept(bench: Bench) -> None:
    bench.site.replies["/doc"] = answer()
    bench.overrides = {"crawl_delay": 0.3}

    async def three(fetcher, _manners) -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        await asyncio.gather(
            *(fetcher.get("https://a.lab.test/doc", solicited=True) for _ in range(2))
        )
        return loop.time() - start

    assert bench.run(three) >= 0.6  # robots.txt, pause, document, pause, document


def test_crawl_delay_binds_even_solicited_fetches_within_its_maximum(bench: Bench) -> None:
    robots = answer(200, b"User-agent: *\nCrawl-delay: 500\n")
    bench.site.replies |= {"/robots.txt": robots, "/doc": answer()}
    bench.overrides = {"crawl_delay_max": 1}

    async def timed(fetcher, _manners) -> float:
        loop = asyncio.get_running_loop()
        start = loop.time()
        await fetcher.get("https://a.lab.test/doc", solicited=True)
        return loop.time() - start

    assert 1.0 <= bench.run(timed) < 2.0


def test_host_that_says_come_back_later_is_parked(bench: Bench) -> None:
    bench.site.replies["/doc"] = in_turn(answer(429, b"", {"Retry-After": "900"}), answer())

    async def twice(fetcher, manners) -> FetchError:
        assert (await fetcher.get("https://a.lab.test/doc", solicited=True)).status == 429
        with pytest.raises(FetchError) as caught:
            await fetcher.get("https://a.lab.test/doc", solicited=True)
        assert manners.pace.not_before("a.lab.test") == caught.value.retry_at
        assert (await fetcher.get("https://b.lab.test/doc", solicited=True)).status == 200
        return caught.value

    error = bench.run(twice)
    assert error.failure is FetchFailure.HOST_PARKED
    assert error.retry_at is not None
    assert 890 < (error.retry_at - bench.clock.now()).total_seconds() <= 900


def test_one_request_at_a_time_per_host(bench: Bench) -> None:
    at_once = {"now": 0, "most": 0}

    async def counted(seen: Seen, writer: asyncio.StreamWriter) -> None:
        at_once["now"] += 1
        at_once["most"] = max(at_once["most"], at_once["now"])
        await asyncio.sleep(0.03)
        at_once["now"] -= 1
        await answer()(seen, writer)

    bench.site.replies["/doc"] = counted

    async def many(fetcher, _manners) -> None:
        await asyncio.gather(
            *(fetcher.get("https://a.lab.test/doc", solicited=True) for _ in range(6))
        )

    bench.run(many)
    assert at_once["most"] == 1
