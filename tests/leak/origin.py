"""A small fediverse in memory: servers, people and posts that change, seen through a Fetcher.

No network: a hundred thousand steps have to pass in minutes. Everything behind the Fetcher (visits,
parsing, policy, store, index, doors) is the real thing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

from discover.model.fetched import Fetched, FetchError, FetchFailure

AS = "https://www.w3.org/ns/activitystreams"
PUBLIC = AS + "#Public"
CONTEXT = [AS, {"toot": "http://joinmastodon.org/ns#", "discoverable": "toot:discoverable",
                "indexable": "toot:indexable", "memorial": "toot:memorial",
                "suspended": "toot:suspended"}]  # fmt: skip


@dataclass
class OriginPost:
    number: int
    word: str
    published: datetime
    audience: str = "public"  # public | unlisted | followers
    narrowed: bool = False
    tagged: bool = False  # carries #noindex


@dataclass
class Person:
    name: str
    host: str
    word: str  # stands in the bio, so that a search can find exactly this person
    discoverable: object = True
    indexable: object = True
    noindex: bool = False
    bio_tag: str = ""
    memorial: bool = False
    suspended: bool = False
    moved_to: str = ""
    narrowed: bool = False
    answer: str = "ok"  # ok | 404 | 410 | tombstone | 401 | 503 | timeout | reduced | foreign-id
    webfinger: bool = True
    posts: list[OriginPost] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return f"https://{self.host}/users/{self.name}"

    @property
    def handle(self) -> str:
        return f"{self.name}@{self.host}"

    def post_uri(self, post: OriginPost) -> str:
        return f"{self.uri}/statuses/{post.number}"


@dataclass
class OriginServer:
    host: str
    software: str = "mastodon"
    robots: str = "allow"  # allow | forbid | error
    up: bool = True


class Origin:
    """Implements ports.Fetcher."""

    def __init__(self, clock) -> None:
        self._clock = clock
        self.servers: dict[str, OriginServer] = {}
        self.people: dict[str, Person] = {}  # by URI
        self.asked: list[str] = []
        self.answered: list[tuple[str, str]] = []  # what was looked at, in order: kind and address

    async def ask(self, url: str, question: bytes, *, solicited: bool) -> Fetched:
        return await self.get(url, solicited=solicited)

    async def get(
        self, url: str, *, accept="", solicited: bool, etag=None, last_modified=None
    ) -> Fetched:
        parts = urlsplit(url)
        self.asked.append(parts.netloc)
        server = self.servers.get(parts.netloc)
        self._note_look(parts.path, url)
        if server is None or not server.up:
            raise FetchError(FetchFailure.CONNECT, url)
        if parts.path == "/robots.txt":
            return self._robots(server, url)
        if server.robots == "forbid":
            raise FetchError(FetchFailure.ROBOTS_FORBID, url)
        if server.robots == "error":
            raise FetchError(FetchFailure.ROBOTS_UNREADABLE, url)
        status, document, kind = self._answer(server, parts.path, parse_qs(parts.query), url)
        return self._fetched(url, status, json.dumps(document).encode(), kind)

    def _note_look(self, path: str, url: str) -> None:
        segments = path.strip("/").split("/")
        if path == "/robots.txt":
            self.answered.append(("server", urlsplit(url).netloc))
        elif segments[0] == "users" and len(segments) == 2:
            self.answered.append(("person", url))
        elif segments[0] == "users" and segments[2:3] == ["statuses"]:
            self.answered.append(("post", url))

    def _robots(self, server: OriginServer, url: str) -> Fetched:
        if server.robots == "error":
            return self._fetched(url, 503, b"", "text/plain")
        rules = "User-agent: Waypost\nDisallow: /\n" if server.robots == "forbid" else ""
        return self._fetched(url, 200, rules.encode(), "text/plain")

    def _fetched(self, url: str, status: int, body: bytes, kind: str) -> Fetched:
        return Fetched(url, url, status, {"content-type": kind}, body, self._clock.now())

    def _answer(self, server, path, query, url):
        activity, plain = "application/activity+json", "application/json"
        if path == "/.well-known/nodeinfo":
            rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
            link = {"rel": rel, "href": f"https://{server.host}/nodeinfo/2.0"}
            return 200, {"links": [link]}, plain
        if path == "/nodeinfo/2.0":
            software = {"name": server.software, "version": "1"}
            return 200, {"version": "2.0", "software": software}, plain
        if path == "/api/v1/directory":
            rows = [
                {"acct": one.name, "url": one.uri, "uri": one.uri}
                for one in self.people.values()
                if one.host == server.host and one.discoverable is True and one.answer == "ok"
            ]
            return 200, rows if "offset" not in query or query["offset"] == ["0"] else [], plain
        if path == "/.well-known/webfinger":
            name = query["resource"][0].removeprefix("acct:").partition("@")[0]
            person = self.people.get(f"https://{server.host}/users/{name}")
            if person is None or not person.webfinger:
                return 404, {}, plain
            link = {"rel": "self", "type": activity, "href": person.uri}
            return 200, {"subject": f"acct:{person.handle}", "links": [link]}, plain
        segments = path.strip("/").split("/")
        person = self.people.get(f"https://{server.host}/{'/'.join(segments[:2])}")
        if person is None:
            return 404, {}, plain
        return self._of_person(person, segments[2:], url, activity)

    def _of_person(self, person: Person, rest: list[str], url: str, kind: str):
        if not rest:
            return self._actor(person, url, kind)
        if person.answer in ("404", "410", "tombstone") or person.suspended:
            return 404, {}, kind
        if rest == ["outbox"]:
            shown = [post for post in person.posts if post.audience != "followers"]
            newest = sorted(shown, key=lambda post: post.published, reverse=True)
            items = [self._create(person, post) for post in newest]
            page = {"type": "OrderedCollectionPage", "id": person.uri + "/outbox?page=1",
                    "partOf": person.uri + "/outbox", "orderedItems": items}  # fmt: skip
            root = {"type": "OrderedCollection", "id": person.uri + "/outbox",
                    "totalItems": len(items), "first": page}  # fmt: skip
            return 200, {"@context": CONTEXT, **root}, kind
        if rest[0] == "statuses" and len(rest) == 2:
            for post in person.posts:
                if str(post.number) == rest[1] and post.audience != "followers":
                    return 200, {"@context": CONTEXT, **self.note(person, post)}, kind
        return 404, {}, kind

    def _actor(self, person: Person, url: str, kind: str):
        match person.answer:
            case "404" | "410" | "401" | "503":
                return int(person.answer), {}, kind
            case "timeout":
                raise FetchError(FetchFailure.TIMEOUT, url)
            case "tombstone":
                return 200, {"@context": CONTEXT, "type": "Tombstone", "id": person.uri}, kind
        document = {
            "@context": CONTEXT, "type": "Person", "id": person.uri,
            "preferredUsername": person.name, "inbox": person.uri + "/inbox",
            "outbox": person.uri + "/outbox", "followers": person.uri + "/followers",
        }  # fmt: skip
        if person.answer == "reduced":  # as Akkoma and Friendica show themselves to strangers
            del document["followers"]
            return 200, document, kind
        if person.answer == "foreign-id":
            return 200, {**document, "id": "https://elsewhere.example/users/x"}, kind
        tag = f" #{person.bio_tag}" if person.bio_tag else ""
        document |= {
            "name": person.name.title(), "summary": f"<p>{person.word} and more #astronomy{tag}</p>",
            "published": "2024-01-01T00:00:00Z", "memorial": person.memorial,
            "discoverable": person.discoverable, "indexable": person.indexable,
        }  # fmt: skip
        if person.noindex:
            document["noindex"] = True
        if person.suspended:
            document |= {"suspended": True, "discoverable": False, "indexable": False}
        if person.moved_to:
            document["movedTo"] = person.moved_to
        if person.narrowed:
            document["searchableBy"] = [person.uri + "/followers"]
        absent = [name for name in ("discoverable", "indexable") if document[name] is None]
        for name in absent:
            del document[name]
        return 200, document, kind

    def _create(self, person: Person, post: OriginPost):
        note = self.note(person, post)
        return {"type": "Create", "id": note["id"] + "/activity", "actor": person.uri,
                "to": note["to"], "cc": note["cc"], "object": note}  # fmt: skip

    def note(self, person: Person, post: OriginPost):
        followers = person.uri + "/followers"
        to, cc = (PUBLIC, followers) if post.audience == "public" else (followers, PUBLIC)
        note = {
            "type": "Note", "id": person.post_uri(post), "attributedTo": person.uri,
            "to": [to], "cc": [cc], "published": post.published.isoformat(),
            "content": f"<p>{post.word} #smalltalk #astronomy{' #noindex' if post.tagged else ''}</p>",
        }  # fmt: skip
        if post.narrowed:
            note["searchableBy"] = [followers]
        return note


def frozen(person: Person) -> Person:
    """The person as of now, for whoever remembers."""
    return replace(person, posts=[replace(post) for post in person.posts])
