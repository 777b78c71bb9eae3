"""From the invitation to the withdrawal, with real processes and real HTTP in between."""

from __future__ import annotations

import json

import httpx

from tests.support.cluster import Cluster, until
from tests.support.fasp_server import FaspServer
from tests.support.rude_site import RudeSite
from tests.support.town import Town


def test_a_server_registers_shares_searches_and_withdraws(tmp_path):
    with RudeSite() as site:
        town = Town(site)
        cluster = Cluster(tmp_path / "home", site.port, public_url="https://waypost.test")
        people = {name: town.person(name) for name in ("ada", "bea", "cyd")}
        people["shy"] = town.person("shy", discoverable=False)
        town.person("cleo", "b.lab.test")
        posts = [town.post(person, f"{person.name} keeps a beacon") for person in people.values()]
        code = cluster.run("fasp", "invite", "--note", "for a test").stdout.split()[0]
        cluster.start("api", "worker", "crawler")
        try:
            until(lambda: _answers(cluster), 60, "the API answers")
            with httpx.Client(base_url=cluster.base, timeout=30, trust_env=False) as reach:
                server = FaspServer(town, reach)
                server.accounts = [person.uri for person in people.values()]
                server.posts = posts
                _converse(cluster, server, code)
        finally:
            codes = cluster.stop()
        assert set(codes.values()) == {0}


def _converse(cluster: Cluster, server: FaspServer, code: str) -> None:
    fields = {"server": server.host, "base_url": server.base_url, "code": code}
    made = server.reach.post("/fasp", data=fields)
    assert made.status_code == 303, made.text
    own_page = made.headers["location"]
    assert server.provider_fingerprint() in server.reach.get(own_page).text

    assert server.confirm().body["name"] == "Waypost (waypost.test)"
    for capability in ("data_sharing", "account_search", "follow_recommendation", "trends"):
        assert server.enable(capability).status == 204

    # Killed in the middle of it all; whoever comes next goes on.
    until(lambda: bool(server.subscriptions), 60, "it subscribes", every=0.001)
    cluster.kill("worker")
    cluster.start("worker")
    until(lambda: len(server.subscriptions) >= 3, 60, "it subscribed")

    def everybody_is_found() -> bool:
        server.fulfil()
        found = server.get("/account_search/v0/search?limit=10&term=lighthouses").body
        return sorted(found) == sorted(server.accounts[:3])

    until(everybody_is_found, 90, "the backfill's consenting people are found")
    recommended = server.get(f"/follow_recommendation/v0/accounts?accountUri={server.accounts[0]}")
    assert isinstance(recommended.body, list)
    assert server.accounts[3] not in recommended.body
    assert server.get("/trends/v0/hashtags").body == {"hashtags": []}

    news = server.town.post(server.town.people[server.accounts[1]], "A beacon in the news")
    # Whom it was asked twice by, it tells twice.
    assert {sent.status for sent in server.event("content", "new", news)} == {204}

    def post_is_found() -> bool:
        return news in [one["uri"] for one in cluster.search("beacon", "posts")["posts"]]

    until(post_is_found, 90, "the announced post is found")
    listed = json.loads(cluster.run("fasp", "list", "--json").stdout)["connections"]
    assert [(one["host"], one["opted_in"]) for one in listed] == [(server.host, True)]

    assert server.disable("data_sharing").status == 204
    assert cluster.search("lighthouses", "accounts")["accounts"] == []
    assert cluster.search("beacon", "posts")["posts"] == []
    assert server.get("/account_search/v0/search?term=lighthouses").body == []
    assert server.refused == []
    cluster.run("fasp", "remove", server.host)
    assert server.get("/provider_info").status == 401


def _answers(cluster: Cluster) -> bool:
    try:
        return cluster.get("/healthz").status_code == 200
    except httpx.HTTPError:
        return False
