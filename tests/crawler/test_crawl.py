"""The whole crawl in one process: Scrapy, guard, visits, services, database. A real small server."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from crawler.run import run_crawler
from discover.bootstrap import App, open_app
from discover.services.consent.servers import add_server
from discover.services.crawl import visits
from discover.settings import Settings
from tests.support.rude_site import RudeSite, answer

HOSTS = ("a.lab.test", "b.lab.test", "c.lab.test")
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def put(site: RudeSite, path: str, doc: object) -> None:
    body = json.dumps(doc).encode()
    site.replies[path] = answer(200, body, {"content-type": "application/activity+json"})


def furnish(site: RudeSite) -> None:
    """Every host serves the same shape; documents name host a, so only a's people are its own."""
    base = "https://a.lab.test"
    rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
    links = {"links": [{"rel": rel, "href": f"{base}/nodeinfo/2.0"}]}
    put(site, "/.well-known/nodeinfo", links)
    put(site, "/nodeinfo/2.0", {"version": "2.0", "software": {"name": "mastodon"}})
    people = [{"acct": f"user{n}", "uri": f"{base}/users/user{n}"} for n in range(6)]
    put(site, "/api/v1/directory?local=true&order=new&offset=0&limit=80", people)
    put(site, "/api/v1/directory?local=true&order=new&offset=6&limit=80", [])
    now = datetime.now(UTC)
    for number in range(6):
        me, name = f"{base}/users/user{number}", f"user{number}"
        link = {"rel": "self", "type": "application/activity+json", "href": me}
        jrd = {"subject": f"acct:{name}@a.lab.test", "links": [link]}
        put(site, f"/.well-known/webfinger?resource=acct:{name}@a.lab.test", jrd)
        actor = {"id": me, "type": "Person", "preferredUsername": name, "summary": "<p>Hello</p>",
                 "discoverable": number != 5, "indexable": number != 4, "outbox": me + "/outbox",
                 "manuallyApprovesFollowers": False}  # fmt: skip
        put(site, f"/users/{name}", actor)
        published = (now - timedelta(hours=number + 1)).isoformat()
        note = {"id": f"{me}/1", "type": "Note", "attributedTo": me, "to": [PUBLIC],
                "content": "<p>A public post</p>", "published": published}  # fmt: skip
        items = [{"type": "Create", "actor": me, "object": note}]
        outbox = {"id": me + "/outbox", "type": "OrderedCollection", "orderedItems": items}
        put(site, f"/users/{name}/outbox", outbox)


@pytest.fixture
def site() -> Iterator[RudeSite]:
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    with RudeSite() as rude:
        furnish(rude)
        yield rude


@pytest.fixture
def app(site: RudeSite, tmp_path: Path) -> Iterator[App]:
    settings = Settings(
        _env_file=None, home=tmp_path, public_url="https://waypost.test", crawl_delay=0,
        lab_networks="127.0.0.0/8", lab_plain_http=True, request_seconds=5,
        lab_hosts=f"*.lab.test=127.0.0.1:{site.port}",
    )  # fmt: skip
    made = open_app(settings)
    yield made
    made.close()


def crawl(app: App, **more) -> None:
    asyncio.run(run_crawler(app, until_idle=True, stop=asyncio.Event(), **more))


def names(app: App, query: str) -> list[str]:
    with app.context.database.read() as connection:
        return sorted(row[0] for row in connection.execute(sa.text(query)))


def test_opted_in_server_is_crawled_and_only_who_says_yes_is_kept(app: App, site: RudeSite) -> None:
    add_server(app.context, "a.lab.test", "its admin asked")
    crawl(app)
    assert names(app, "select username from accounts") == [f"user{n}" for n in range(5)]
    assert names(app, "select uri from posts") == [
        f"https://a.lab.test/users/user{n}/1" for n in range(4)
    ]
    assert visits.crawl_progress(app.context).hosts_leased == 0
    assert {seen.host for seen in site.seen} == {"a.lab.test"}
    assert site.paths()[0] == "/robots.txt"
    assert site.paths().count("/robots.txt") == 1


def test_second_crawl_asks_for_nothing_that_is_not_due(app: App, site: RudeSite) -> None:
    add_server(app.context, "a.lab.test", "its admin asked")
    crawl(app)
    before = len(site.seen)
    crawl(app)
    assert len(site.seen) == before


def test_server_that_is_not_opted_in_is_not_contacted(app: App, site: RudeSite) -> None:
    crawl(app)
    assert site.seen == []


def test_only_the_wanted_hosts_get_their_turn(app: App, site: RudeSite) -> None:
    for host in HOSTS:
        add_server(app.context, host, "asked")
    crawl(app, only=frozenset({"a.lab.test"}))
    assert {seen.host for seen in site.seen} == {"a.lab.test"}


def test_unreadable_robots_txt_keeps_everybody_out(app: App, site: RudeSite) -> None:
    site.replies["/robots.txt"] = answer(500)
    add_server(app.context, "a.lab.test", "its admin asked")
    crawl(app)
    assert set(site.paths()) == {"/robots.txt"}
    assert names(app, "select username from accounts") == []


def test_crawl_stops_at_once_and_gives_its_leases_back(app: App, site: RudeSite) -> None:
    async def silent(_seen, _writer) -> None:
        await asyncio.sleep(30)

    for path in list(site.replies):
        if path.startswith("/users/"):
            site.replies[path] = silent
    add_server(app.context, "a.lab.test", "its admin asked")

    async def run() -> float:
        stop = asyncio.Event()
        crawling = asyncio.create_task(run_crawler(app, until_idle=False, stop=stop))
        while not any(path.startswith("/users/") for path in site.paths()):
            await asyncio.sleep(0.02)
        started = asyncio.get_running_loop().time()
        stop.set()
        await crawling
        return asyncio.get_running_loop().time() - started

    assert asyncio.run(run()) < 2
    assert visits.crawl_progress(app.context).hosts_leased == 0
