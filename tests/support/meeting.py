"""Waypost, running, and a server that is not ours, which is told what to send."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import sqlalchemy as sa

from discover.bootstrap import open_app
from discover.services.consent.servers import list_servers
from discover.services.context import Context
from discover.services.crawl.turns import LEASES
from discover.services.crawl.visits import VISITS
from discover.services.federation.relays import subscriptions
from discover.services.index.verify import verify
from discover.settings import Settings
from tests.support.cluster import Cluster, until
from tests.support.peers import (
    FEDIFY_HOST,
    Peer,
    days_ago,
)

SECONDS = 60


def person(username: str, topic: str, **more: Any) -> dict[str, Any]:
    return {
        "username": username,
        "name": username.title(),
        "bio": f"<p>I care about {topic}</p>",
        "discoverable": True,
        "indexable": True,
        "posts": [post("1", f"{username} wrote about {topic}", 2)],
        **more,
    }


def post(name: str, text: str, days: float = 0.01, audience: str = "public") -> dict[str, Any]:
    return {
        "id": name,
        "text": text,
        "audience": audience,
        "published": days_ago(days),
        "language": "en",
    }


def town(**more: Any) -> dict[str, Any]:
    """A server with its own actor, three people who may be found and one who may not."""
    instance = {"username": FEDIFY_HOST, "name": "The server", "bio": "", "type": "Application"}
    people = [
        person("ada", "astronomy"),
        person("bea", "baking"),
        person("cleo", "cycling"),
        person("dora", "diving", discoverable=False, indexable=False),
    ]
    return {"pageSize": 5, "actors": [instance, *people], **more}


@contextmanager
def beside(one: Cluster) -> Iterator[Context]:
    """Another process of the same installation, as the command line is."""
    app = open_app(Settings(_env_file=None, home=one.home), migrate=False)
    try:
        yield app.context
    finally:
        app.close()


@dataclass
class Meeting:
    """Waypost, running, and one other server."""

    waypost: Cluster
    peer: Peer

    @property
    def actor(self) -> str:
        return self.waypost.base + "/actor"

    @property
    def to(self) -> dict[str, str]:
        return {"id": self.actor, "inbox": self.waypost.base + "/inbox"}

    def start(self) -> None:
        self.waypost.start("up")
        until(lambda: ready(self.waypost), 60, "Waypost answers")

    def sends(self, name: str, kind: str, **more: Any) -> str:
        order = {"from": name, "kind": kind, "to": self.to, **more}
        return self.peer.send(self.peer.hosts[0], order)

    def says(self, name: str, text: str, language: str = "en") -> list[dict[str, Any]]:
        """A direct message to our actor. What came back for it, all of it."""
        before = len(self.peer.received("Create"))
        self.sends(name, "message", text=text, language=language)
        self.eventually(lambda: len(self.peer.received("Create")) > before, f"{text!r} is answered")
        return self.peer.received("Create")[before:]

    def answer(self, kind: str, to: str) -> dict[str, Any] | None:
        """The activity of ours about an activity of theirs."""
        for one in self.peer.received(kind):
            held = one["object"]
            if (held if isinstance(held, str) else held["id"]) == to:
                return one
        return None

    def people(self, words: str) -> set[str]:
        found = self.waypost.search(words, "accounts")["accounts"]
        return {one["handle"].partition("@")[0] for one in found}

    def posts(self, words: str) -> set[str]:
        return {one["text"] for one in self.waypost.search(words, "posts")["posts"]}

    def followers(self) -> int:
        return int(self.waypost.get("/followers").json()["totalItems"])

    def servers(self) -> dict[str, str]:
        """Host -> how it opted in. `waypost server list` says the same, but takes its time."""
        with beside(self.waypost) as ctx:
            return {one.host: one.opt_in for one in list_servers(ctx)}

    def relays(self) -> dict[str, str]:
        with beside(self.waypost) as ctx:
            return {one.url: one.state for one in subscriptions(ctx)}

    def is_clean(self) -> bool:
        with beside(self.waypost) as ctx:
            return verify(ctx).clean

    def appointments(self) -> str:
        """Whom the crawler looks at next, and how the last look ended: for a failing test."""
        with beside(self.waypost) as ctx, ctx.database.read() as connection:
            rows = connection.execute(sa.select(VISITS)).all()
            hosts = connection.execute(sa.select(LEASES)).all()
        return "\n".join(map(str, [*rows, *hosts]))

    def has_in(self, host: str) -> bool:
        """Its opt-in is on record, and its robots.txt was read: before that nobody is looked at."""
        with beside(self.waypost) as ctx:
            return any(one.host == host and one.decision.allowed for one in list_servers(ctx))

    def bring(self, name: str, topic: str) -> None:
        """A post of theirs leads to them."""
        self.sends(name, "create", post="1")
        self.eventually(lambda: self.people(topic) == {name}, f"{name} is found")
        self.eventually(lambda: self.posts(topic), f"what {name} wrote is found")

    def eventually(self, holds: Callable[[], object], what: str | Callable[[], str]) -> None:
        try:
            until(lambda: bool(holds()), SECONDS, what if isinstance(what, str) else "")
        except AssertionError as error:
            more = [str(self.waypost.json("status")), self.waypost.log("up")[-3000:]]
            more.append(self.appointments())
            if callable(what):
                more.append(what())
            raise AssertionError("\n".join([str(error), *more])) from None

    def person(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = next(
            one for one in self.peer.world["actors"] if one["username"] == name
        )
        return found

    def change(self, name: str, **more: Any) -> None:
        """Another text in the peer's file for one of its people."""
        world = copy.deepcopy(self.peer.world)
        next(one for one in world["actors"] if one["username"] == name).update(more)
        self.peer.world.update(world)
        self.peer.rewrite(world)


def ready(one: Cluster) -> bool:
    try:
        return one.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False
