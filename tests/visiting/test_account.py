"""One account's visit against a real server, with a sink that remembers what it was told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from discover.model.actor import Handle
from discover.model.observed import (
    AccountDue,
    ActorMissing,
    ActorSeen,
    ActorUnchanged,
    CandidatesSeen,
    Door,
    ExtrasSeen,
    HostTurn,
    Missing,
    Observation,
    Outcome,
    PostMissing,
    PostsSeen,
)
from discover.model.verdict import AccountVerdict, Answer, Decision, Reason
from discover.net.client import GuardedClient
from discover.net.manners import Manners
from discover.services.crawl.visiting.account import Visited, visit_account
from discover.services.crawl.visiting.tools import Tools
from discover.settings import Settings
from tests.support.rude_site import RudeSite, answer

BASE = "https://a.lab.test"
ME = f"{BASE}/users/ada"
YES = Decision(Answer.YES, (Reason.DISCOVERABLE,))
NO = Decision(Answer.NO, (Reason.NOT_DISCOVERABLE,))
NOW = datetime.now(UTC)


class RealClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class World:
    site: RudeSite
    lists: bool = True
    posts: bool = True
    told: list[Observation] = field(default_factory=list)

    def put(self, url: str, doc: object, **headers: str) -> None:
        path = url.removeprefix(BASE)
        body = json.dumps(doc).encode()
        self.site.replies[path] = answer(
            200, body, {"content-type": "application/activity+json"} | headers
        )

    def status(self, url: str, status: int) -> None:
        self.site.replies[url.removeprefix(BASE)] = answer(status, b"" if status == 304 else b"{}")

    def webfinger(self, name: str = "ada", uri: str = ME, subject: str | None = None) -> None:
        link = {"rel": "self", "type": "application/activity+json", "href": uri}
        jrd = {"subject": subject or f"acct:{name}@a.lab.test", "links": [link]}
        self.put(f"/.well-known/webfinger?resource=acct:{name}@a.lab.test", jrd)

    def actor(self, **more: object) -> None:
        self.put(ME, {"id": ME, "type": "Person", "preferredUsername": "ada",
                      "inbox": ME + "/inbox", "outbox": ME + "/outbox",
                      "discoverable": True, "indexable": True} | more)  # fmt: skip

    def outbox(self, *items: object) -> None:
        doc = {"id": ME + "/outbox", "type": "OrderedCollection", "orderedItems": list(items)}
        self.put(ME + "/outbox", doc)

    async def sink(self, observation: Observation) -> Outcome:
        self.told.append(observation)
        verdict = AccountVerdict(
            YES if self.lists else NO, NO, YES if self.posts else NO, NO, "test"
        )
        stored = len(observation.posts) if isinstance(observation, PostsSeen) else 0
        return Outcome(verdict=verdict, stored=stored)

    def visit(self, **due: object) -> Visited:
        given = {"visit_id": 1, "uri": ME, "handle": None, "door": Door.DIRECTORY} | due
        settings = Settings(
            _env_file=None, crawl_delay=0, lab_networks="127.0.0.0/8", lab_plain_http=True,
            lab_hosts=f"*.lab.test=127.0.0.1:{self.site.port}",
        )  # fmt: skip
        turn = HostTurn("a.lab.test", "t", NOW + timedelta(hours=1), solicited=True,
                        server_due=False, software=None, not_before=None)  # fmt: skip

        async def run() -> Visited:
            manners = Manners.of(settings, RealClock(), key=None)
            async with GuardedClient(manners) as fetcher:
                tools = Tools(fetcher, self.sink, RealClock(), manners.base_url, outbox_pages=3)
                return await visit_account(tools, AccountDue(**given), turn)

        return asyncio.run(run())

    def of(self, kind: type) -> list:
        return [item for item in self.told if isinstance(item, kind)]

    def posts_seen(self) -> list[str]:
        return [p.uri.rpartition("/")[2] for seen in self.of(PostsSeen) for p in seen.posts]

    def asked(self) -> list[str]:
        return [path for path in self.site.paths() if path != "/robots.txt"]


@pytest.fixture
def world() -> Iterator[World]:
    with RudeSite() as site:
        made = World(site)
        made.webfinger()
        made.actor()
        yield made


def note(name: str, *, by: str = ME, uri: str | None = None, age: float = 1, **more) -> dict:
    public = "https://www.w3.org/ns/activitystreams#Public"
    return {"id": uri or f"{BASE}/notes/{name}", "type": "Note", "attributedTo": by, "to": [public],
            "content": f"<p>{name}</p>",
            "published": (NOW - timedelta(hours=age)).isoformat()} | more  # fmt: skip


def create(obj: object) -> dict:
    return {"id": f"{BASE}/act", "type": "Create", "actor": ME, "object": obj}


# From the handle to the actor


def test_handle_leads_to_an_actor_that_is_verified_both_ways(world: World) -> None:
    visited = world.visit(uri=None, handle=Handle("ada", "a.lab.test"))
    [seen] = world.of(ActorSeen)
    assert (seen.actor.uri, str(seen.handle)) == (ME, "ada@a.lab.test")
    assert visited.result.ok
    assert len([path for path in world.asked() if "webfinger" in path]) == 1


def test_actor_that_webfinger_does_not_confirm_has_no_handle(world: World) -> None:
    world.webfinger(uri=f"{BASE}/users/somebody-else")
    world.visit()
    assert world.of(ActorSeen)[0].handle is None


def test_split_domain_is_confirmed_by_the_named_host(world: World) -> None:
    world.webfinger(subject="acct:ada@b.lab.test")
    link = {"rel": "self", "type": "application/activity+json", "href": ME}
    jrd = {"subject": "acct:ada@b.lab.test", "links": [link]}
    world.put("/.well-known/webfinger?resource=acct:ada@b.lab.test", jrd)
    world.visit()
    assert str(world.of(ActorSeen)[0].handle) == "ada@b.lab.test"


def test_host_meta_is_asked_when_webfinger_is_elsewhere(world: World) -> None:
    world.status("/.well-known/webfinger?resource=acct:ada@a.lab.test", 404)
    xrd = (
        b'<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" '
        b'template="https://a.lab.test/wf?r={uri}"/></XRD>'
    )
    world.site.replies["/.well-known/host-meta"] = answer(200, xrd)
    link = {"rel": "self", "type": "application/activity+json", "href": ME}
    world.put("/wf", {"subject": "acct:ada@a.lab.test", "links": [link]})
    world.visit()
    assert str(world.of(ActorSeen)[0].handle) == "ada@a.lab.test"


# What a missing document means


@pytest.mark.parametrize(
    ("status", "missing"),
    [
        (404, Missing.GONE), (410, Missing.GONE), (401, Missing.REFUSED), (403, Missing.REFUSED),
        (500, Missing.UNREACHABLE), (503, Missing.UNREACHABLE), (429, Missing.UNREACHABLE),
        (418, Missing.UNREADABLE), (204, Missing.UNREADABLE), (400, Missing.UNREADABLE),
    ],
)  # fmt: skip
def test_status_is_told_as_what_it_means(world: World, status: int, missing: Missing) -> None:
    world.status(ME, status)
    visited = world.visit()
    [seen] = world.told
    assert isinstance(seen, ActorMissing)
    assert (seen.missing, seen.status) == (missing, status)
    assert not visited.result.ok
    assert visited.unreachable == (missing is Missing.UNREACHABLE)


@pytest.mark.parametrize(
    "doc",
    [
        {"id": "https://b.lab.test/users/ada", "type": "Person", "preferredUsername": "ada"},
        {"type": "Person", "preferredUsername": "ada"},
        {"id": ME, "type": "Note"},
        {"id": f"{BASE}/users/ghost", "type": "Person", "preferredUsername": "ghost"},
        [],
    ],
)
def test_document_that_is_not_the_actors_own_is_unreadable(world: World, doc: object) -> None:
    world.put(ME, doc)
    world.visit()
    assert [type(item) for item in world.told] == [ActorMissing]
    assert world.told[0].missing in (Missing.UNREADABLE, Missing.GONE)


def test_html_with_an_actor_in_it_is_unreadable(world: World) -> None:
    for kind in ("text/html", "application/json", ""):
        world.put(
            ME, {"id": ME, "type": "Person", "preferredUsername": "ada"}, **{"content-type": kind}
        )
        world.visit()
    assert [item.missing for item in world.of(ActorMissing)] == [Missing.UNREADABLE] * 3


def test_tombstone_is_gone(world: World) -> None:
    world.put(ME, {"id": ME, "type": "Tombstone"})
    world.visit()
    assert world.of(ActorMissing)[0].missing is Missing.GONE


def test_robots_txt_that_names_us_is_told_as_such(world: World) -> None:
    world.site.replies["/robots.txt"] = answer(200, b"User-agent: Waypost\nDisallow: /users/\n")
    world.visit()
    assert world.of(ActorMissing)[0].missing is Missing.ROBOTS


def test_id_on_the_same_host_is_fetched_at_its_own_address(world: World) -> None:
    alias = {"id": ME, "type": "Person", "preferredUsername": "liar"}
    world.put(f"{BASE}/@ada", alias)
    world.visit(uri=f"{BASE}/@ada")
    assert world.of(ActorSeen)[0].actor.username == "ada"


def test_unchanged_actor_renews_the_evidence_and_its_outbox_is_still_read(world: World) -> None:
    world.status(ME, 304)
    world.outbox(create(note("n1")))
    world.visit(etag='"x"', listed=True, outbox=ME + "/outbox")
    assert len(world.of(ActorUnchanged)) == 1
    assert world.posts_seen() == ["n1"]


def test_noindex_header_is_passed_on(world: World) -> None:
    doc = {"id": ME, "type": "Person", "preferredUsername": "ada"}
    world.put(ME, doc, **{"X-Robots-Tag": "noindex"})
    world.visit()
    assert world.of(ActorSeen)[0].noindex_header


# Only as far as the verdict allows


def test_nothing_more_is_asked_of_an_account_that_is_not_listed(world: World) -> None:
    world.lists = False
    world.actor(featured=ME + "/featured", followers=ME + "/followers")
    world.outbox(create(note("n1")))
    world.visit()
    assert [path for path in world.asked() if path.startswith("/users/ada/")] == []
    assert [type(item) for item in world.told] == [ActorSeen]


def test_outbox_is_not_read_where_posts_may_not_be_indexed(world: World) -> None:
    world.posts = False
    world.actor(featured=ME + "/featured", followers=ME + "/followers")
    followers = {"id": ME + "/followers", "type": "OrderedCollection", "totalItems": 42,
                 "first": ME + "/followers?page=1"}  # fmt: skip
    world.put(ME + "/followers", followers)
    world.visit()
    assert "/users/ada/outbox" not in world.asked()
    assert "/users/ada/featured" not in world.asked()
    assert "/users/ada/followers?page=1" not in world.asked()
    assert world.of(ExtrasSeen)[0].extras.counts.followers == 42


# Outboxes


def page(name: str, items: list, following: str | None = None) -> dict:
    doc = {"id": f"{ME}/outbox?{name}", "type": "OrderedCollectionPage", "orderedItems": items}
    return doc | ({"next": following} if following else {})


def paged(world: World, *pages: list) -> None:
    root = {"id": ME + "/outbox", "type": "OrderedCollection", "first": ME + "/outbox?p=0"}
    world.put(ME + "/outbox", root)
    for number, items in enumerate(pages):
        following = f"{ME}/outbox?p={number + 1}" if number + 1 < len(pages) else None
        world.put(f"{ME}/outbox?p={number}", page(f"p={number}", items, following))


def test_pages_are_followed_up_to_the_bound(world: World) -> None:
    paged(world, *([create(note(f"n{n}", age=n + 1))] for n in range(6)))
    visited = world.visit()
    assert world.posts_seen() == ["n0", "n1", "n2"]
    assert visited.result.new_posts == 3


def test_reading_stops_after_the_page_with_a_known_post(world: World) -> None:
    paged(
        world,
        [create(note("n0")), create(note("n1", age=2)), create(note("n2", age=3))],
        [create(note("n3", age=4))],
    )
    world.visit(known_posts={f"{BASE}/notes/n1": NOW - timedelta(hours=2)})
    assert world.posts_seen() == ["n0", "n1", "n2"]
    assert "/users/ada/outbox?p=1" not in world.asked()


def test_reading_stops_at_posts_that_are_too_old(world: World) -> None:
    paged(world, [create(note("n0")), create(note("n1", age=500))], [create(note("n2", age=600))])
    world.visit(posts_since=NOW - timedelta(days=10))
    assert "/users/ada/outbox?p=1" not in world.asked()


def test_loops_and_repeated_pages_end(world: World) -> None:
    same = [create(note("n0"))]
    paged(world, same, same, same)
    world.put(f"{ME}/outbox?p=1", page("p=1", same, f"{ME}/outbox?p=0"))
    world.visit()
    assert world.posts_seen() == ["n0"]
    assert len([path for path in world.asked() if "outbox?" in path]) <= 2


def test_next_page_on_another_host_is_not_asked(world: World) -> None:
    paged(world, [create(note("n0"))])
    doc = page("p=0", [create(note("n0"))], "https://b.lab.test/outbox?p=1")
    world.put(f"{ME}/outbox?p=0", doc)
    world.visit()
    assert not any(seen.host == "b.lab.test" for seen in world.site.seen)


def test_outbox_on_another_host_is_not_read(world: World) -> None:
    world.actor(outbox="https://b.lab.test/outbox")
    world.visit()
    assert not any(seen.host == "b.lab.test" for seen in world.site.seen)


def test_bare_notes_are_read(world: World) -> None:
    world.outbox(note("n0"), note("n1", age=2))
    world.visit()
    assert world.posts_seen() == ["n0", "n1"]


def test_bare_addresses_are_fetched_from_their_own_host_only(world: World) -> None:
    world.put(f"{BASE}/notes/n0", note("n0"))
    world.outbox(create(f"{BASE}/notes/n0"), create("https://b.lab.test/notes/n1"))
    world.visit()
    assert world.posts_seen() == ["n0"]
    assert not any(seen.host == "b.lab.test" for seen in world.site.seen)


def test_posts_of_others_and_of_other_hosts_are_not_taken(world: World) -> None:
    world.put(f"{BASE}/notes/n3", note("n3", by=f"{BASE}/users/eve"))
    world.outbox(
        create(note("n0", by=f"{BASE}/users/eve")),
        create(note("n1", uri="https://b.lab.test/notes/n1")),
        create(note("n2", uri="https://b.lab.test/notes/n2", by="https://b.lab.test/users/bob")),
        create(f"{BASE}/notes/n3"),
        create(note("mine")),
    )
    world.visit()
    assert world.posts_seen() == ["mine"]


def test_boosted_and_mentioned_people_are_candidates_and_their_posts_are_not(world: World) -> None:
    bob, eve = "https://b.lab.test/users/bob", f"{BASE}/users/eve"
    boost = {"id": f"{BASE}/boost", "type": "Announce", "actor": ME, "to": "as:Public",
             "published": "2026-11-20T12:00:00Z",
             "object": note("n9", by=bob, uri="https://b.lab.test/notes/n9")}  # fmt: skip
    mention = {"type": "Mention", "href": eve, "name": "@eve"}
    world.outbox(boost, create(note("n0", tag=[mention])))
    world.visit()
    assert world.posts_seen() == ["n0"]
    assert {uri for seen in world.of(CandidatesSeen) for uri in seen.uris} == {bob, eve}


def test_known_post_that_did_not_come_along_is_asked_for(world: World) -> None:
    newest = [create(note("n0")), create(note("n2", age=3)), create(note("n4", age=5))]
    paged(world, newest, [create(note("n8", age=9))])
    world.status(f"{BASE}/notes/n1", 404)
    world.put(f"{BASE}/notes/n3", note("n3", age=4, to=[], cc=[]))
    known = {f"{BASE}/notes/n{n}": NOW - timedelta(hours=n + 1) for n in (1, 2, 3, 6)}
    world.visit(known_posts=known)
    assert [item.uri.rpartition("/")[2] for item in world.of(PostMissing)] == ["n1"]
    assert world.posts_seen() == ["n0", "n2", "n4", "n3"]  # n3 for judgement: it was narrowed
    assert "/notes/n6" not in world.asked()  # older than what was read: nothing can be said


def test_oldest_known_post_is_asked_for_where_the_outbox_ends_before_it(world: World) -> None:
    world.outbox(create(note("n0")), create(note("n2", age=3)))
    world.status(f"{BASE}/notes/n6", 404)
    world.visit(known_posts={f"{BASE}/notes/n{n}": NOW - timedelta(hours=n + 1) for n in (2, 6)})
    assert [item.uri.rpartition("/")[2] for item in world.of(PostMissing)] == ["n6"]


def test_post_that_was_pushed_since_the_last_reading_is_asked_for_if_it_did_not_come_along(
    world: World,
) -> None:
    paged(world, [create(note("n0")), create(note("n2", age=3))], [create(note("n4", age=5))])
    world.put(f"{BASE}/notes/n1", note("n1", age=2, to=[], cc=[]))
    held = {f"{BASE}/notes/n{n}": NOW - timedelta(hours=n + 1) for n in (0, 1)}
    world.visit(pushed_posts=held)
    assert world.posts_seen() == ["n0", "n2", "n4", "n1"]  # no reading stops at what was pushed


@pytest.mark.parametrize("why", ["a reduced document", "no WebFinger"])
def test_no_posts_are_taken_of_whoever_does_not_show_themselves_in_full(
    world: World, why: str
) -> None:
    if why == "no WebFinger":
        world.webfinger(uri=f"{BASE}/users/somebody-else")
    else:
        world.put(ME, {"id": ME, "type": "Person", "preferredUsername": "ada",
                       "inbox": ME + "/inbox", "outbox": ME + "/outbox"})  # fmt: skip
    world.outbox(create(note("n0")))
    world.visit()
    assert world.of(ActorSeen)
    assert world.of(PostsSeen) == []


def test_outbox_that_cannot_be_read_says_nothing_about_known_posts(world: World) -> None:
    world.status(ME + "/outbox", 500)
    world.visit(known_posts={f"{BASE}/notes/n1": NOW})
    assert world.of(PostMissing) == []
    assert "/notes/n1" not in world.asked()


def test_counts_only_outbox_yields_its_count(world: World) -> None:
    world.put(ME + "/outbox", {"id": ME + "/outbox", "type": "OrderedCollection", "totalItems": 9})
    world.visit()
    assert world.posts_seen() == []
    assert world.of(ExtrasSeen)[0].extras.counts.posts == 9


def test_host_that_wants_a_pause_interrupts_the_visit(world: World) -> None:
    world.site.replies["/users/ada"] = answer(503, b"", {"Retry-After": "900"})
    assert world.visit().unreachable
    world.actor(followers=ME + "/followers")
    world.site.replies["/users/ada/outbox"] = answer(429, b"", {"Retry-After": "900"})
    visited = world.visit()
    assert visited.interrupted
    assert visited.result.retry_at is not None
    assert replace(visited.result, retry_at=None, detail="").ok is False
