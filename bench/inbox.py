"""Verified activities a second through the whole inbox, against the bare checks of signatures."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from fastapi import FastAPI
from http_message_signatures import (
    HTTPMessageVerifier,
    MappingKeyResolver,
    algorithms,
)

from api.activitypub.intake import BODY_BYTES, headers_of
from api.limits import Rate
from api.main import create_app
from bench.editions import Parts, opened
from bench.measure import Goal, Result, median
from discover.bootstrap import App
from discover.cli.running import settle
from discover.model.instance import NodeInfo, RobotsState
from discover.model.observed import ServerSeen
from discover.net.public_keys import made_by
from discover.net.verify import SignedRequest
from discover.services.consent.servers import add_server
from discover.services.crawl.observe import observe
from discover.store.database import table
from discover.store.tables import RemoteKey, SeenActivity, SeenSignature, Task
from discover.wire.signed import content_digest_fits, digest_fits, read_signatures
from tests.support.remote import PUBLIC, Person
from tests.support.rude_site import RudeSite

GOAL = 0.5
FLAT_MB = 20.0
AT_ONCE = 100
PEOPLE = 10
GENEROUS = Rate(per_second=1e9, burst=1_000_000_000)
SCHEMES = {
    "draft-cavage, RSA": ("cavage", {}),
    "RFC 9421, RSA": ("rfc9421", {}),
    "RFC 9421, Ed25519": ("rfc9421", {"algorithm": "ed25519"}),
}


def run(parts: Parts, *, quick: bool) -> Result:
    count, rounds, flood = (500, 1, 2_000) if quick else (4_000, 3, 40_000)
    result = Result(
        "inbox",
        "Verified activities a second on one core, against the bare checks of their signatures",
        ["signature", "Waypost's inbox", "bare checks", "ratio", "the RFC 9421 package"],
        unit="activities a second",
    )
    with one_core(), RudeSite() as site:
        settle()  # as every Waypost that runs
        people = [Person(f"p{number}").live_at(site) for number in range(PEOPLE)]
        for name, (scheme, options) in SCHEMES.items():
            pairs, packaged = [], []
            for turn in range(rounds):
                requests = [
                    signed(people[number % PEOPLE], scheme, options, f"{turn}-{number}")
                    for number in range(count)
                ]
                place = parts.settings("embedded").model_copy(update=laboratory(site))
                with opened(place) as app:
                    opt_in(app, people[0].host)
                    ours = asyncio.run(through_the_inbox(app, people, requests))
                    assert kept(app) == count
                pairs.append((count / ours, count / bare(people, requests, options)))
                if scheme == "rfc9421":
                    packaged.append(count / by_package(people, requests, options))
            ours_rate, bare_rate = median([a for a, _ in pairs]), median([b for _, b in pairs])
            ratio = median([a / b for a, b in pairs])
            package = f"{median(packaged):,.0f}" if packaged else "(does not know it)"
            result.rows.append(
                [name, f"{ours_rate:,.0f}", f"{bare_rate:,.0f}", f"{ratio:.2f}", package]
            )
            result.bars |= {f"Waypost, {name}": ours_rate, f"bare, {name}": bare_rate}
            result.goals.append(Goal(f"ratio, {name}", GOAL, ratio))
        place = parts.settings("embedded").model_copy(update=laboratory(site))
        with opened(place) as app:
            for kind, refused in REFUSALS.items():
                grown = asyncio.run(flooded(app, people[0], flood, refused))
                name = f"MB that {flood:,} refusals add, {kind}"
                result.goals.append(Goal(name, FLAT_MB, grown, at_least=False))
    result.notes += [
        (
            f"{count:,} Creates of 2 kB by {PEOPLE} people whose keys are cached, {AT_ONCE} at once,"
            " through the whole application (limits, JSON, signature, replay memory, task queue on"
            " disk with fsync) up to the 202; without the parsing of HTTP."
        ),
        (
            "The bare check of one request: its headers from bytes to text, the signature read from"
            " them, the digest over its body, the signed text put together, and verified with a key at"
            " hand; one after another, and nothing else. It knows no limit, no JSON, no replay and no"
            " disk. The last column is http-message-signatures' own verifier at the same requests."
        ),
        "The whole process is held to one core; client and key server are in it, too.",
    ]
    return result


@contextmanager
def one_core() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def opt_in(app: App, host: str) -> None:
    add_server(app.context, host, "bench")
    info = NodeInfo(software="mastodon", version="4.5")
    seen = ServerSeen(host, RobotsState.ALLOWED, None, info, seen_at=datetime.now(UTC))
    observe(app.context, [seen])


def laboratory(site: RudeSite) -> dict[str, Any]:
    return {
        "public_url": PUBLIC,
        "lab_networks": (ip_network("127.0.0.0/8"),),
        "lab_hosts": (("*.lab.test", "127.0.0.1", site.port),),
        "lab_plain_http": True,
    }


def signed(person: Person, scheme: str, options: dict[str, Any], number: str) -> SignedRequest:
    note = {
        "id": f"{person.uri}/{number}",
        "type": "Note",
        "attributedTo": person.uri,
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "content": "<p>word</p>" * 160,
    }
    activity = {"id": f"{person.uri}/{number}/activity", "type": "Create", "actor": person.uri}
    body = orjson.dumps(activity | {"to": note["to"], "object": note})
    made: SignedRequest = getattr(person, scheme)(body, at=datetime.now(UTC), **options)
    return made


def raw_headers(request: SignedRequest) -> list[tuple[bytes, bytes]]:
    headers = dict(request.headers) | {"content-type": "application/activity+json"}
    return [(name.encode(), value.encode()) for name, value in headers.items()]


def scope_of(request: SignedRequest) -> dict[str, Any]:
    """What an HTTP server makes of a request."""
    return {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/inbox",
        "raw_path": b"/inbox",
        "query_string": b"",
        "root_path": "",
        "headers": raw_headers(request),
        "client": ("192.0.2.1", 1),
        "server": ("waypost.test", 443),
    }


async def post(api: FastAPI, scope: dict[str, Any], body: bytes) -> int:
    """Straight into the application, as its HTTP server would."""
    parts = [{"type": "http.request", "body": body, "more_body": False}]
    status = 0

    async def receive() -> dict[str, Any]:
        if parts:
            return parts.pop()
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    await api(scope, receive, send)
    return status


async def through_the_inbox(
    app: App, people: Sequence[Person], requests: Sequence[SignedRequest]
) -> float:
    api = create_app(app, GENEROUS, GENEROUS)
    async with api.router.lifespan_context(api):
        for number, person in enumerate(people):  # their keys are fetched before the clock starts
            for scheme, options in SCHEMES.values():
                await api.state.verifier.verify(
                    signed(person, scheme, options, f"first-{number}"), claimed_actor=person.uri
                )
        waiting = iter([(scope_of(request), request.body) for request in requests])

        async def client() -> None:
            for scope, body in waiting:
                assert await post(api, scope, body) == 202

        began = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(AT_ONCE)))
        return time.perf_counter() - began


def kept(app: App) -> int:
    with app.context.database.read() as connection:
        tasks = table(Task)
        where = tasks.c.kind == "inbox"
        return connection.scalar(sa.select(sa.func.count()).select_from(tasks).where(where)) or 0


def public_keys(people: Sequence[Person], options: dict[str, Any]) -> dict[str, Any]:
    if options:
        return {person.ed_key_id: person.ed_key.public_key() for person in people}
    return {person.key_id: person.rsa_key.public_key() for person in people}


def bare(
    people: Sequence[Person], requests: Sequence[SignedRequest], options: dict[str, Any]
) -> float:
    keys = public_keys(people, options)
    allowed = ("ed25519",) if options else ("rsa-v1_5-sha256",)
    came = [{"headers": raw_headers(request)} for request in requests]
    began = time.perf_counter()
    for request, scope in zip(requests, came, strict=True):
        headers = headers_of(scope)
        (signature,) = read_signatures(request.method, request.url, headers)
        if "digest" in headers:
            assert digest_fits(headers["digest"], request.body)
        else:
            assert content_digest_fits(headers["content-digest"], request.body)
        assert made_by(keys[signature.key_id], signature.value, signature.base, allowed)
    return time.perf_counter() - began


def by_package(
    people: Sequence[Person], requests: Sequence[SignedRequest], options: dict[str, Any]
) -> float:
    algorithm = algorithms.ED25519 if options else algorithms.RSA_V1_5_SHA256
    resolver = MappingKeyResolver(public_keys=public_keys(people, options), private_keys={})
    verifier = HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=resolver)
    began = time.perf_counter()
    for request in requests:
        assert verifier.verify(request, body=request.body)
    return time.perf_counter() - began


async def flooded(app: App, person: Person, count: int, refused: Refused) -> float:
    """MB that the process grows by, after a first wave that warms everything up."""
    api = create_app(app, GENEROUS, GENEROUS)
    async with api.router.lifespan_context(api):
        await wave(api, person, range(count // 4), refused)
        before = resident_mb()
        await wave(api, person, range(count // 4, count), refused)
        grown = resident_mb() - before
    with app.context.database.read() as connection:
        for kept in (RemoteKey, SeenActivity, SeenSignature):
            rows = connection.scalar(sa.select(sa.func.count()).select_from(table(kept)))
            assert rows == 0, kept
    return max(grown, 0.0)


async def wave(api: FastAPI, person: Person, numbers: range, refused: Refused) -> None:
    one = signed(person, "cavage", {"key_id": f"https://{person.host}/KEY"}, "flood")
    waiting = iter(numbers)

    async def client() -> None:
        for number in waiting:
            name = hashlib.sha256(b"%d" % number).hexdigest()
            request = refused(person, one, name)
            status = await post(api, scope_of(request), request.body)
            assert status in (400, 401, 403, 413), status

    await asyncio.gather(*(client() for _ in range(AT_ONCE)))


Refused = Callable[[Person, SignedRequest, str], SignedRequest]


def unknown_key(_person: Person, one: SignedRequest, name: str) -> SignedRequest:
    forged = one.headers["signature"].replace("KEY", name)
    return replace(one, headers=dict(one.headers) | {"signature": forged})


def wrong_signature(person: Person, one: SignedRequest, name: str) -> SignedRequest:
    """Well formed, of a key that exists, and every time another one."""
    named = one.headers["signature"].replace(f"https://{person.host}/KEY", person.key_id)
    before, mark, value = named.partition(',signature="')
    assert mark
    forged = f"{before}{mark}{name[:8]}{value[8:]}"
    return replace(one, headers=dict(one.headers) | {"signature": forged})


def too_long(_person: Person, one: SignedRequest, name: str) -> SignedRequest:
    return replace(one, body=name.encode() * (BODY_BYTES // len(name) + 1))


def no_json(_person: Person, one: SignedRequest, name: str) -> SignedRequest:
    return replace(one, body=one.body[:-1] + name.encode())


REFUSALS: dict[str, Refused] = {
    "as many key ids": unknown_key,
    "wrong signatures": wrong_signature,
    "bodies that are too long": too_long,
    "bodies that are no JSON": no_json,
}


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
