"""ActivityPub servers that are not ours, on loopback, under names that only the client knows.

The names end in .test and resolve nowhere: map them to 127.0.0.1 and the port (WAYPOST_LAB_HOSTS
takes `Peer.hosts_setting`), speak plain http.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.front import front
from tests.support.node import node, npm_folder
from tests.support.paths import PEERS
from tests.support.processes import answers, free_port, server
from tests.support.venvs import peer_python

FEDIFY_HOST = "fedify.test"
PUBBY_HOST = "pubby.test"
PUBBY_SHY_HOST = "shy.pubby.test"
RELAY_HOST = "relay.test"


@dataclass(frozen=True, slots=True)
class Peer:
    """A running server. `accounts` is its file; Fedify reads it anew at every request."""

    hosts: tuple[str, ...]
    port: int
    pid: int
    handles: tuple[str, ...]
    accounts: Path
    world: dict[str, Any] = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hosts_setting(self) -> str:
        """For WAYPOST_LAB_HOSTS."""
        return ",".join(f"{host}=127.0.0.1:{self.port}" for host in self.hosts)

    def rewrite(self, world: Mapping[str, Any]) -> None:
        """Another content for the accounts file, in one step."""
        beside = self.accounts.with_suffix(".new")
        beside.write_text(json.dumps(world))
        beside.replace(self.accounts)

    def send(self, host: str, order: Mapping[str, Any]) -> str:
        """Make somebody there send an activity; its id. An answer of 400 or more is an error.

        Fedify: {"from", "kind", "to": {"id", "inbox"}, ...}, see server.mjs. Pubby: {"kind", "to"}.
        """
        answer = httpx.post(
            f"{self.url}/lab/send",
            json=dict(order),
            headers={"Host": host},
            trust_env=False,
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        sent: str = answer.json()["id"]
        return sent

    def seen(self) -> list[dict[str, Any]]:
        """Every request so far: method, url, scheme, keyId, status, activity (of a POST)."""
        return self._asked("seen")

    def knocks(self) -> list[dict[str, Any]]:
        """What Fedify posted to others so far: url, scheme, status."""
        return self._asked("knocks")

    def _asked(self, what: str) -> list[dict[str, Any]]:
        answer = httpx.get(
            f"{self.url}/lab/{what}", headers={"Host": self.hosts[0]}, trust_env=False, timeout=30
        )
        requests: list[dict[str, Any]] = answer.json()
        return requests

    def received(self, *kinds: str) -> list[dict[str, Any]]:
        """The activities of these types that were taken, as they were posted."""
        return [
            one["activity"]
            for one in self.seen()
            if one["activity"] and one["status"] < 300 and one["activity"]["type"] in kinds
        ]


def days_ago(days: float) -> str:
    """An instant as ActivityPub writes it."""
    moment = datetime.now(UTC) - timedelta(days=days)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _post(number: int, text: str, audience: str = "public", **more: Any) -> dict[str, Any]:
    base = {"id": str(number), "text": text, "audience": audience, "published": days_ago(number)}
    return {**base, **more}


def fedify_world(*, authorized_fetch: bool = False) -> dict[str, Any]:
    """Four people with every mix of the two flags, and one who says nothing."""

    def person(username: str, topic: str, **more: Any) -> dict[str, Any]:
        return {
            "username": username,
            "name": username.title(),
            "bio": f"<p>I care about {topic}</p>",
            "tags": [topic],
            "posts": [
                _post(1, f"{username} in public about {topic}", tags=[topic], language="en"),
                _post(2, f"{username} unlisted about {topic}", "unlisted"),
                _post(3, f"{username} to followers about {topic}", "followers"),
                _post(4, f"{username} pinned about {topic}", pinned=True, language="en"),
                _post(5, "", boost=f"http://{FEDIFY_HOST}/users/open/notes/1"),
                _post(6, f"{username} earlier about {topic}", language="en"),
            ],
            **more,
        }

    return {
        "authorizedFetch": authorized_fetch,
        "pageSize": 2,
        "actors": [
            person("open", "astronomy", discoverable=True, indexable=True),
            person("listed", "baking", discoverable=True, indexable=False),
            person("unlisted", "cycling", discoverable=False, indexable=True),
            person("private", "diving", discoverable=False, indexable=False),
            person("silent", "embroidery"),
        ],
    }


def pubby_world() -> dict[str, Any]:
    """One host whose actor wants to be found, one whose actor does not."""
    posts = [
        _post(1, "Rain over the harbour", language="en"),
        _post(2, "Said more quietly", "unlisted", language="en"),
    ]
    about = {"name": "Harbour notes", "bio": "<p>Weather and ships</p>", "posts": posts}
    return {
        PUBBY_HOST: {"username": "harbour", "discoverable": True, **about},
        PUBBY_SHY_HOST: {"username": "shy", "discoverable": False, **about},
    }


@contextmanager
def run_fedify(
    world: dict[str, Any] | None = None, hosts: tuple[str, ...] = (FEDIFY_HOST,)
) -> Iterator[Peer]:
    world = world or fedify_world()
    folder = npm_folder("fedify")
    shutil.copy(PEERS / "fedify" / "server.mjs", folder)
    handles = tuple(f"{one['username']}@{FEDIFY_HOST}" for one in world["actors"])
    with _peer(hosts, handles, world, [node(), folder / "server.mjs"]) as peer:
        yield peer


@contextmanager
def run_pubby(world: dict[str, Any] | None = None) -> Iterator[Peer]:
    world = world or pubby_world()
    handles = tuple(f"{one['username']}@{host}" for host, one in world.items())
    command = [peer_python("pubby"), PEERS / "pubby" / "server.py"]
    with _peer(tuple(world), handles, world, command, with_folder=True) as peer:
        yield peer


@contextmanager
def _peer(
    hosts: tuple[str, ...],
    handles: tuple[str, ...],
    world: dict[str, Any],
    command: list[Path],
    *,
    with_folder: bool = False,
) -> Iterator[Peer]:
    home = Path(tempfile.mkdtemp(prefix="waypost-peer-"))
    accounts = home / "accounts.json"
    accounts.write_text(json.dumps(world))
    port = free_port()
    arguments = [str(port), str(accounts), *([str(home / "data")] if with_folder else [])]
    try:
        with server(
            [*command, *arguments],
            ready=lambda: answers(f"http://127.0.0.1:{port}/health"),
            log=home / "log",
        ) as child:
            yield Peer(hosts, port, child.pid, handles, accounts, world)
    finally:
        shutil.rmtree(home, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Relay:
    """ActivityRelay. It calls itself https://relay.test and is reached on a port by plain http."""

    actor: str
    port: int
    home: Path

    @property
    def hosts_setting(self) -> str:
        return f"{RELAY_HOST}=127.0.0.1:{self.port}"

    @property
    def to(self) -> dict[str, str]:
        """Where somebody writes to who does not know its name."""
        return {"id": self.actor, "inbox": f"http://127.0.0.1:{self.port}/inbox"}

    def subscribers(self) -> set[str]:
        """Its followers, as it tells them to anybody."""
        answer = httpx.get(f"http://127.0.0.1:{self.port}/followers", trust_env=False, timeout=10)
        return set(answer.json()["items"])

    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")


@contextmanager
def run_relay(**ports: int) -> Iterator[Relay]:
    """`ports`: names without .test that the relay knows, each with a port of plain http.

    It asks every subscriber's server for its NodeInfo by https, so each name has that too.
    """
    home = Path(tempfile.mkdtemp(prefix="waypost-relay-"))
    port = free_port()
    names: dict[str, str] = {}
    authorities = ""
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        for name, plain in ports.items():
            folder = home / name
            folder.mkdir()
            one = stack.enter_context(front(f"{name}.test", plain, folder))
            authorities += one.ca_file.read_text()
            names |= {f"{name}.test:80": str(plain), f"{name}.test:443": str(one.port)}
        (home / "authorities.pem").write_text(authorities)
        (home / "names.json").write_text(json.dumps(names))
        command = [peer_python("activityrelay"), PEERS / "activityrelay" / "server.py"]
        stack.enter_context(
            server(
                [*command, str(port), RELAY_HOST, str(home)],
                ready=lambda: answers(f"http://127.0.0.1:{port}/actor"),
                log=home / "log",
                env={"SSL_CERT_FILE": str(home / "authorities.pem")},
            )
        )
        yield Relay(f"https://{RELAY_HOST}/actor", port, home)


@pytest.fixture(scope="session")
def fedify() -> Iterator[Peer]:
    """Anyone may read. Tests that rewrite its accounts start their own (`run_fedify`)."""
    with run_fedify() as peer:
        yield peer


@pytest.fixture(scope="session")
def fedify_signed_only() -> Iterator[Peer]:
    """Every document but WebFinger and NodeInfo asks for a signature (authorized fetch)."""
    with run_fedify(fedify_world(authorized_fetch=True)) as peer:
        yield peer


@pytest.fixture(scope="session")
def pubby() -> Iterator[Peer]:
    with run_pubby() as peer:
        yield peer
