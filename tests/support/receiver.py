"""A receiving server for deliveries: it counts activities by id and answers as a test tells it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Receiver:
    """`answers[host]` or `answers[host + path]`: (status, headers, seconds); else 202 at once."""

    port: int = 0
    answers: dict[str, tuple[int, dict[str, str], float]] = field(default_factory=dict)
    got: list[tuple[str, str, dict, dict[str, str]]] = field(default_factory=list)  # taken
    knocks: Counter[str] = field(default_factory=Counter)  # by host, whatever was answered
    most_at_once: Counter[str] = field(default_factory=Counter)
    _now: Counter[str] = field(default_factory=Counter)

    def tell(self, where: str, status: int, *, seconds: float = 0.0, **headers: str) -> None:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers[where] = (status, names, seconds)

    def ids(self, host: str) -> list[str]:
        """In the order in which they were taken."""
        return [body["id"] for name, _, body, _ in self.got if name == host]

    def by_host(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for host, _, body, _ in list(self.got):
            found[host].append(body["id"])
        return found

    async def handle(self, request: web.Request) -> web.Response:
        host = request.host.partition(":")[0]
        raw = await request.read()
        self.knocks[host] += 1
        self._now[host] += 1
        self.most_at_once[host] = max(self.most_at_once[host], self._now[host])
        try:
            answer = self.answers.get(host + request.path) or self.answers.get(host)
            status, headers, seconds = answer or (202, {}, 0.0)
            if seconds:
                await asyncio.sleep(seconds)
        finally:
            self._now[host] -= 1
        if 200 <= status < 300:
            headers_in = {name.lower(): value for name, value in request.headers.items()}
            self.got.append((host, request.path, json.loads(raw), headers_in | {"raw": raw}))
        return web.Response(status=status, headers=headers)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """On loopback, in a thread of its own; `*.lab.test` is meant to lead to its port."""
    receiver = Receiver()
    ready, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/{anything:.*}", receiver.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        receiver.port = runner.addresses[0][1]
        ready.set()
        await ended.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield receiver
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()
