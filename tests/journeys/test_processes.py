"""The whole life of a listing across real processes, in both editions, seen through HTTP."""

from __future__ import annotations

import httpx
import pytest

from discover.demo.control import Lab
from discover.demo.server import start_in_thread
from discover.demo.world import World
from tests.support.cluster import Cluster, until

PARTS = {"embedded": ["up"], "server": ["api", "worker", "crawler", "scheduler"]}
SECONDS = 20  # "within seconds", on a machine that runs other tests too


@pytest.fixture
def lab():
    running = start_in_thread(World(7, 60, gotosocial_crawl_delay=0))
    with Lab(running.port) as control:
        yield control
    running.stop()


@pytest.fixture(params=PARTS)
def cluster(request, tmp_path, lab):
    settings = {}
    if request.param == "server":
        meilisearch = request.getfixturevalue("meilisearch_server")
        settings = {
            "database_url": request.getfixturevalue("postgres_url").replace("+psycopg", ""),
            "search_url": meilisearch.url,
            "search_key": meilisearch.key,
            "search_prefix": "processes",
            "suppression_key": "only-for-tests",
        }
    made = Cluster(tmp_path / "home", lab.port, **settings)
    made.run("init")
    made.start(*PARTS[request.param])
    yield made
    made.stop()


def answered(cluster, handle):
    """Is the handle anywhere in the API's answers?"""
    try:
        found = cluster.search(handle)
    except httpx.HTTPError:
        return None
    people = [one["handle"] for one in found["accounts"]]
    return handle in people + [one["author"]["handle"] for one in found["posts"]]


def in_index(cluster):
    now = cluster.json("status")
    return now["engine_accounts"], now["engine_posts"]


def test_opted_in_found_and_gone_for_each_kind_of_no(cluster, lab):
    truth = lab.truth()
    host = max(
        (row["host"] for row in truth["hosts"] if row["software"] == "mastodon"
         and row["opted_in"] and row["directory"] and row["robots"] == "shipped"),
        key=lambda name: sum(row["host"] == name for row in truth["accounts"]),
    )  # fmt: skip
    people = [
        row["handle"] for row in truth["accounts"]
        if row["host"] == host and row["findable"] == "directory" and row["expect"]["listed"]
    ]  # fmt: skip
    assert len(people) >= 5
    until(lambda: answered(cluster, people[0]) is False, 60, "the API answers, and nobody is there")

    cluster.run("server", "add", host, "--note", "agreed")
    until(lambda: all(answered(cluster, one) for one in people), 60, "the opted-in are found")

    noes = [{"discoverable": False}, {"bio": "Stars. #nobot"}, {"gone": "404"}, {"gone": "410"}]
    for handle, change in zip(people, noes, strict=False):
        before = in_index(cluster)
        lab.change(handle, **change)
        cluster.run("crawl", "@" + handle, check=False)
        assert answered(cluster, handle) is False, change
        until(lambda b=before: in_index(cluster)[0] < b[0], SECONDS, f"out of the index: {change}")
    handle = people[len(noes)]
    before = in_index(cluster)
    cluster.run("forget", "@" + handle)
    assert answered(cluster, handle) is False
    until(lambda: in_index(cluster)[0] < before[0], SECONDS, "the forgotten out of the index")

    cluster.run("server", "remove", host)
    assert not any(answered(cluster, one) for one in people)
    until(lambda: in_index(cluster) == (0, 0), SECONDS, "everything of the server out of the index")
    assert cluster.json("verify")["clean"]
