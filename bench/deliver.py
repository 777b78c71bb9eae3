"""Deliveries a second from the queue to their receivers, against bare clients without a queue."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any

import aiohttp
import httpx
import orjson
import sqlalchemy as sa
from aiohttp import web

from bench.editions import Parts, opened
from bench.measure import Goal, Result, median
from discover.bootstrap import App
from discover.net.signing import Scheme, Signer
from discover.policy.address import read_url
from discover.services.federation.deliveries import ACTIVITY, QUICK_PLACES, deliver_due, enqueue
from discover.services.federation.delivery_turns import DELIVERIES

GOAL = 0.5
EDITIONS = {"embedded": "embedded (SQLite)", "server": "server (PostgreSQL)"}


def run(parts: Parts, *, quick: bool) -> Result:
    hosts, each, rounds = (40, 5, 1) if quick else (200, 20, 3)
    count = hosts * each
    result = Result(
        "deliver",
        f"Deliveries a second, {count:,} signed activities of 1 kB to {hosts} servers",
        ["edition", "Waypost", "bare httpx", "ratio", "bare aiohttp", "ratio to aiohttp"],
        unit="deliveries a second",
    )
    with receiver() as port:
        for edition, label in EDITIONS.items():
            ours, plain, fast = [], [], []
            for turn in range(rounds):
                settings = parts.settings(edition).model_copy(update=laboratory(port))
                with opened(settings) as app:
                    work = [
                        (f"http://h{number % hosts}.lab.test/inbox", activity(turn, number))
                        for number in range(count)
                    ]
                    fill(app, work)
                    ours.append(count / asyncio.run(by_waypost(app, count)))
                    bodies = by_host(work)
                    plain.append(count / asyncio.run(by_httpx(app, port, bodies)))
                    fast.append(count / asyncio.run(by_aiohttp(app, port, bodies)))
            ratio = median([one / other for one, other in zip(ours, plain, strict=True)])
            slower = median([one / other for one, other in zip(ours, fast, strict=True)])
            result.rows.append(
                [
                    label, f"{median(ours):,.0f}", f"{median(plain):,.0f}", f"{ratio:.2f}",
                    f"{median(fast):,.0f}", f"{slower:.2f}",
                ]
            )  # fmt: skip
            result.bars[f"Waypost, {label}"] = median(ours)
            result.bars[f"bare httpx, {label}"] = median(plain)
            result.goals.append(Goal(f"ratio to bare httpx, {label}", GOAL, ratio))
    result.notes += [
        (
            "Waypost: queue on disk, a lease for each host, address guard, one order per host, the"
            " result of each delivery committed before the next of its host begins. Its client is"
            " httpx below the guard."
        ),
        (
            f"The bare clients post the same bodies from memory, {QUICK_PLACES} servers at once, in"
            " the same order per server, signed with the same key, and write nothing down."
        ),
        "The receiver is a process of its own that reads each body and answers 202.",
    ]
    return result


def laboratory(port: int) -> dict[str, Any]:
    return {
        "lab_networks": (ip_network("127.0.0.0/8"),),
        "lab_hosts": (("*.lab.test", "127.0.0.1", port),),
        "lab_plain_http": True,
        "crawl_delay": 0.0,
    }


def activity(turn: int, number: int) -> dict[str, Any]:
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"http://our.test/activities/{turn}-{number}",
        "type": "Create",
        "actor": "http://our.test/actor",
        "object": {"type": "Note", "content": "<p>word</p>" * 80},
    }


def fill(app: App, work: list[tuple[str, dict[str, Any]]]) -> None:
    with app.context.database.write() as connection:
        for inbox, body in work:
            enqueue(connection, activity=body, inboxes=[inbox], now=app.context.clock.now())


def by_host(work: list[tuple[str, dict[str, Any]]]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for inbox, body in work:
        found.setdefault(inbox, []).append(orjson.dumps(body))
    return found


async def by_waypost(app: App, count: int) -> float:
    async with app.fetcher() as client:
        began = time.perf_counter()
        taken = await deliver_due(app.context, client, asyncio.Event())
        seconds = time.perf_counter() - began
    with app.context.database.read() as connection:
        left = connection.scalar(sa.select(sa.func.count()).select_from(DELIVERIES))
    assert (taken, left) == (count, 0), (taken, left)
    return seconds


async def by_httpx(app: App, port: int, bodies: dict[str, list[bytes]]) -> float:
    limits = httpx.Limits(max_connections=QUICK_PLACES)
    async with httpx.AsyncClient(limits=limits, trust_env=False) as client:

        async def post(body: bytes, headers: dict[str, str]) -> int:
            url = f"http://127.0.0.1:{port}/inbox"
            return (await client.post(url, content=body, headers=headers)).status_code

        return await bare(app, bodies, post)


async def by_aiohttp(app: App, port: int, bodies: dict[str, list[bytes]]) -> float:
    connector = aiohttp.TCPConnector(limit=QUICK_PLACES)
    async with aiohttp.ClientSession(connector=connector) as client:

        async def post(body: bytes, headers: dict[str, str]) -> int:
            url = f"http://127.0.0.1:{port}/inbox"
            async with client.post(url, data=body, headers=headers) as response:
                await response.read()
                return response.status

        return await bare(app, bodies, post)


async def bare(app: App, bodies: dict[str, list[bytes]], post: Any) -> float:
    signer = Signer(app.keys.rsa, app.context.clock)
    places = asyncio.Semaphore(QUICK_PLACES)

    async def one_host(inbox: str, waiting: list[bytes]) -> None:
        target = read_url(inbox)
        async with places:
            for body in waiting:
                headers = await signer.sign(Scheme.CAVAGE, "POST", target, body)
                assert await post(body, headers | {"content-type": ACTIVITY}) == 202

    began = time.perf_counter()
    await asyncio.gather(*(one_host(inbox, waiting) for inbox, waiting in bodies.items()))
    seconds = time.perf_counter() - began
    signer.close()
    return seconds


@contextmanager
def receiver() -> Iterator[int]:
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.deliver"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        yield int(child.stdout.readline())
    finally:
        child.terminate()
        child.wait(10)
        if child.stdout is not None:
            child.stdout.close()


async def serve() -> None:
    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=202)

    app = web.Application()
    app.router.add_post("/inbox", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve())
