"""A flood from one client is refused, and nobody else notices."""

from __future__ import annotations

import pytest

from api.limits import Buckets, Rate, client_key
from tests.support.site import filled_site


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_burst_is_allowed_then_one_by_one():
    watch = Watch()
    buckets = Buckets(Rate(per_second=2, burst=3), watch)
    assert [buckets.take("a").allowed for _ in range(4)] == [True, True, True, False]
    assert buckets.take("a").wait == 1
    watch.now += 0.5
    assert buckets.take("a").allowed
    assert not buckets.take("a").allowed


def test_one_client_does_not_use_up_anothers_share():
    buckets = Buckets(Rate(per_second=1, burst=1), Watch())
    assert buckets.take("a").allowed
    assert not buckets.take("a").allowed
    assert buckets.take("b").allowed


def test_a_refused_client_is_not_punished_for_trying():
    watch = Watch()
    buckets = Buckets(Rate(per_second=1, burst=1), watch)
    buckets.take("a")
    for _ in range(50):
        buckets.take("a")
    watch.now += 1
    assert buckets.take("a").allowed


def test_memory_is_bounded():
    buckets = Buckets(Rate(clients=10), Watch())
    for number in range(1000):
        buckets.take(str(number))
    assert len(buckets) == 10


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2:3::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_subscriber_of_a_whole_ipv6_network_is_one_client(one, other, same):
    assert (client_key(one) == client_key(other)) is same


def test_flood_is_refused_with_the_time_to_wait(tmp_path):
    with filled_site(tmp_path, Rate(per_second=0.02, burst=2)) as site:
        answers = [site.get("/api/v1/search?q=x") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        refused = answers[-1]
        assert refused.headers["content-type"] == "application/problem+json"
        assert 30 <= int(refused.headers["retry-after"]) <= 50
        assert refused.headers["ratelimit-policy"] == '"client";q=2;w=100'
        assert refused.headers["ratelimit"].startswith('"client";r=0;t=')
        assert refused.headers["access-control-allow-origin"] == "*"
        assert site.get("/healthz").status_code == 200
        page = site.page("/search?q=x")
        assert page.status_code == 429
        assert "text/html" in page.headers["content-type"]
