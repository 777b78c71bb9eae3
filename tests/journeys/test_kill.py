"""Killed twenty times in the middle of a crawl: nothing is lost and nothing is doubled."""

from __future__ import annotations

import random
import time
from collections import Counter

import httpx
import pytest

from discover.demo.control import Lab
from discover.demo.server import start_in_thread
from discover.demo.world import World
from tests.support.cluster import Cluster, until

KILLS = 20


@pytest.fixture
def lab():
    world = World(13, 260, gotosocial_crawl_delay=0)
    running = start_in_thread(world)
    with Lab(running.port) as control:
        yield control
    running.stop()


def expected(lab):
    """(handles, post URIs) of all who may be found and can be."""
    truth = lab.truth()
    people = {
        row["uri"]: row["handle"]
        for row in truth["accounts"]
        if row["expect"]["listed"] and row["findable"]
    }
    posts = {
        row["uri"]
        for row in truth["posts"]
        if row["expect"]["indexed"] and row["account"] in people
    }
    return set(people.values()), posts


def opt_in(cluster, lab):
    """With one process, not forty: the services themselves are what the command calls."""
    from discover.bootstrap import open_app
    from discover.services.consent.servers import add_server
    from discover.settings import Settings

    environment = cluster.environment
    app = open_app(
        Settings(
            _env_file=None,
            home=cluster.home,
            database_url=environment.get("WAYPOST_DATABASE_URL", ""),
            search_url=environment.get("WAYPOST_SEARCH_URL", ""),
            search_key=environment.get("WAYPOST_SEARCH_KEY", ""),
            search_prefix=environment.get("WAYPOST_SEARCH_PREFIX", "waypost"),
        )
    )
    for host in lab.hosts():
        if host["opted_in"]:
            add_server(app.context, host["host"], "its admin agreed")
    app.close()


def settled(cluster):
    now = cluster.json("status")
    return not (now["visits_due"] or now["outbox_waiting"] or now["hosts_leased"])


def held(cluster):
    """Handles and post URIs straight from the database, each with how often it is there."""
    import sqlalchemy as sa

    from discover.services.consent.withdraw import POSTS
    from discover.services.facts import ACCOUNTS
    from discover.settings import Settings
    from discover.store.database import Database

    url = cluster.environment.get("WAYPOST_DATABASE_URL", "")
    database = Database(Settings(_env_file=None, home=cluster.home, database_url=url).database)
    with database.read() as connection:
        people = Counter(connection.scalars(sa.select(ACCOUNTS.c.handle)))
        posts = Counter(connection.scalars(sa.select(POSTS.c.uri)))
    database.close()
    return people, posts


def kill_in_the_middle(cluster, names, chance):
    """Start all, then again and again kill one at a random moment and start it anew."""
    cluster.start(*names)
    time.sleep(2)
    for _ in range(KILLS):
        time.sleep(chance.uniform(0.1, 2.0))
        name = chance.choice(names)
        cluster.kill(name)
        cluster.start(name)


def assert_whole(cluster, lab):
    until(lambda: settled(cluster), 150, "crawled and indexed")
    codes = cluster.stop()
    assert set(codes.values()) == {0}, codes
    report = cluster.json("verify")
    assert report["clean"]
    people, posts = held(cluster)
    handles, uris = expected(lab)
    assert set(people) == handles
    assert set(posts) == uris
    assert max(people.values()) == 1
    assert max(posts.values()) == 1
    assert report["accounts"] == len(handles)
    assert report["posts"] == len(uris)


def test_the_embedded_edition_survives_twenty_kills(tmp_path, lab):
    cluster = Cluster(tmp_path / "home", lab.port)
    cluster.run("init")
    opt_in(cluster, lab)
    try:
        kill_in_the_middle(cluster, ["up"], random.Random(1))
        assert_whole(cluster, lab)
    finally:
        cluster.stop()


def test_the_server_edition_survives_twenty_kills_of_any_process(
    tmp_path, lab, postgres_url, meilisearch_server
):
    cluster = Cluster(
        tmp_path / "home",
        lab.port,
        database_url=postgres_url.replace("+psycopg", ""),
        search_url=meilisearch_server.url,
        search_key=meilisearch_server.key,
        search_prefix="kill",
        suppression_key="only-for-tests",
    )
    cluster.run("init")
    opt_in(cluster, lab)
    try:
        kill_in_the_middle(cluster, ["crawler", "worker", "api", "scheduler"], random.Random(2))
        until(lambda: _ready(cluster), 30, "the API answers")
        assert_whole(cluster, lab)
    finally:
        cluster.stop()


def _ready(cluster):
    try:
        return cluster.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False
