"""A few servers with people who sign: what our inbox hears from, and where it then looks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import sqlalchemy as sa

from api.limits import Rate
from crawler.run import run_crawler
from discover.bootstrap import App, open_app
from discover.model.views import SearchRequest
from discover.net.verify import SignedRequest
from discover.services.consent.servers import add_server
from discover.services.federation.deliveries import deliver_due
from discover.services.find.search import search
from discover.services.index.indexing import index_all
from discover.services.suggest.similarity import refresh_all
from discover.services.tasks import run_next_task
from discover.store.database import table, upsert
from discover.store.tables import PersonRow
from tests.support.journey import ShiftedClock, lab_settings
from tests.support.remote import PUBLIC, Person
from tests.support.rude_site import RudeSite, Seen, answer
from tests.support.site import GENEROUS, serving

AS = "https://www.w3.org/ns/activitystreams"
EVERYBODY = f"{AS}#Public"
OUR_ACTOR = f"{PUBLIC}/actor"
HOST = "a.lab.test"
ACTIVITY = "application/activity+json"


class _Everything(dict[str, Any]):
    """The site's replies, made when they are asked for."""

    def __init__(self, town: Town) -> None:
        super().__init__()
        self._town = town

    def get(self, _path: str, _default: Any = None) -> Any:
        return self._town.reply


@dataclass
class Town:
    """Documents by their URL; a number instead of one is a status without a document, and a
    `Reply` whatever it answers.
    """

    site: RudeSite
    documents: dict[str, Any] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    software: str = "mastodon"

    def __post_init__(self) -> None:
        self.site.replies = _Everything(self)

    def person(self, name: str, host: str = HOST, **more: Any) -> Person:
        """Somebody who wants to be found, unless `more` says otherwise."""
        person = Person(name, host)
        said = {"discoverable": True, "indexable": True, "outbox": f"{person.uri}/outbox"}
        said |= {"summary": f"<p>{name} likes lighthouses</p>"}
        self.people[person.uri] = person
        self.documents[person.uri] = person.document(**(said | more))
        self.documents[f"{person.uri}/outbox"] = {
            "@context": AS,
            "id": f"{person.uri}/outbox",
            "type": "OrderedCollection",
            "totalItems": 0,
            "orderedItems": [],
        }
        return person

    def service(self, path: str, host: str = HOST, **more: Any) -> Person:
        """An actor at a path of its own, such as a server's."""
        person = _Elsewhere(path.rpartition("/")[2], host, path=path)
        self.people[person.uri] = person
        self.documents[person.uri] = person.document(**({"type": "Application"} | more))
        return person

    def post(self, person: Person, text: str, **more: Any) -> str:
        """A public post of today, which nobody was told of; its URI."""
        uri = f"{person.uri}/statuses/{uuid4().hex[:8]}"
        self.documents[uri] = {
            "@context": AS,
            "id": uri,
            "type": "Note",
            "attributedTo": person.uri,
            "content": f"<p>{text}</p>",
            "published": (datetime.now(UTC) - timedelta(minutes=5)).isoformat(),
            "to": [EVERYBODY],
            "cc": [],
            **more,
        }
        return uri

    def gone(self, uri: str, status: int = 410) -> None:
        self.documents[uri] = status

    def asked(self, *parts: str) -> list[str]:
        """The paths of all GETs that hold one of these parts."""
        return [
            seen.path
            for seen in self.site.seen
            if seen.method == "GET" and any(part in f"{seen.host}{seen.path}" for part in parts)
        ]

    def delivered(self, kind: str | None = None) -> list[dict[str, Any]]:
        """What was posted to anybody's inbox here."""
        bodies = [json.loads(seen.body) for seen in self.site.seen if seen.method == "POST"]
        return [body for body in bodies if kind in (None, body["type"])]

    async def reply(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.method == "POST":
            await answer(202, b"")(seen, writer)
            return
        found = self._find(seen)
        if callable(found):
            await found(seen, writer)
            return
        if isinstance(found, int):
            await answer(found, b"")(seen, writer)
            return
        kind = "application/jrd+json" if "/.well-known/" in seen.path else ACTIVITY
        await answer(200, json.dumps(found).encode(), {"content-type": kind})(seen, writer)

    def _find(self, seen: Seen) -> Any:
        address = f"https://{seen.host}{seen.path}"
        path = seen.path.partition("?")[0]
        if address in self.documents:
            return self.documents[address]
        if path == "/.well-known/webfinger":
            return self._webfinger(parse_qs(urlsplit(seen.path).query)["resource"][0])
        if path == "/.well-known/nodeinfo":
            rel = "http://nodeinfo.diaspora.software/ns/schema/2.0"
            return {"links": [{"rel": rel, "href": f"https://{seen.host}/nodeinfo/2.0"}]}
        if path == "/nodeinfo/2.0":
            return {"version": "2.0", "software": {"name": self.software, "version": "1"}}
        return 404

    def _webfinger(self, resource: str) -> Any:
        for person in self.people.values():
            if resource == f"acct:{person.name}@{person.host}":
                link = {"rel": "self", "type": ACTIVITY, "href": person.uri}
                return {"subject": resource, "links": [link]}
        return 404


@dataclass
class _Elsewhere(Person):
    path: str = "/actor"

    @property
    def uri(self) -> str:
        return f"https://{self.host}{self.path}"


@dataclass
class House:
    """Our own house: a served inbox, and the worker's, the crawler's and the deliveries' work."""

    app: App
    town: Town
    client: httpx.Client
    clock: ShiftedClock

    def opt_in(self, *hosts: str) -> None:
        for host in hosts or (HOST,):
            add_server(self.app.context, host, "its admin agreed, in this test")
        self.work()

    def post(self, request: SignedRequest, **headers: str) -> httpx.Response:
        sent = {"content-type": ACTIVITY, **request.headers}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/inbox", content=request.body, headers=sent)

    def send(self, person: Person, kind: str, target: Any, /, **more: Any) -> httpx.Response:
        """An activity, signed by this person and posted."""
        return self.post(person.cavage(dump(activity(person, kind, target, **more))))

    def hear(self, person: Person, kind: str, target: Any, /, **more: Any) -> None:
        """Send it, and let everybody do what follows from it."""
        heard = self.send(person, kind, target, **more)
        assert heard.status_code == 202, heard.text
        self.work()

    def tasks(self) -> None:
        """What the worker does at once: before anything is fetched from anywhere."""
        while run_next_task(self.app.context) is not None:
            pass
        index_all(self.app.context)

    def work(self) -> None:
        self.tasks()
        asyncio.run(run_crawler(self.app, until_idle=True, stop=asyncio.Event()))
        asyncio.run(self._deliver())
        index_all(self.app.context)
        refresh_all(self.app.context)  # a task of a little later

    async def _deliver(self) -> None:
        async with self.app.fetcher() as client:
            await deliver_due(self.app.context, client, asyncio.Event())

    def found(self, words: str, kind: str = "posts") -> list[str]:
        """URIs of what a search brings up."""
        answer = search(self.app.context, SearchRequest(text=words, kind=kind, limit=40))
        return [one.uri for one in answer.accounts] + [one.uri for one in answer.posts]

    def rows(self, model: Any) -> list[Any]:
        with self.app.context.database.read() as connection:
            return list(connection.execute(sa.select(table(model))).all())

    def change(self, model: Any, **values: Any) -> None:
        with self.app.context.database.write() as connection:
            connection.execute(sa.update(table(model)).values(**values))


def activity(person: Person, kind: str, target: Any, /, **more: Any) -> dict[str, Any]:
    made = {
        "@context": AS,
        "id": f"https://{person.host}/activities/{uuid4()}",
        "type": kind,
        "actor": person.uri,
        "object": target,
    }
    return made | more


def asked_for_themselves(house: House, uri: str, act: str = "in") -> None:
    """A deliberate act of a person's own."""
    row: dict[str, Any] = {
        "uri": uri,
        "act": act,
        "tags": [],
        "blocked_us": False,
        "source": "in this test",
    }
    row["at"] = house.clock.now()
    with house.app.context.database.write() as connection:
        upsert(connection, PersonRow, [row], key=["uri"], update=["act"])


def dump(document: Any) -> bytes:
    return json.dumps(document).encode()


@contextmanager
def housed(home: Path, *, inbox_rate: Rate = GENEROUS, **settings: Any) -> Iterator[House]:
    with RudeSite() as site:
        town, clock = Town(site), ShiftedClock()
        given = {"home": home, "public_url": PUBLIC, **settings}
        app = open_app(lab_settings(site.port, **given), clock=clock)
        try:
            app.context.engine.prepare()
            with serving(app, inbox_rate=inbox_rate) as served:
                yield House(app, town, served.client, clock)
        finally:
            app.close()
