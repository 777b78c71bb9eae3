"""The pretend fediverse as a running server: one process, one loopback port, hundreds of hosts."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from discover.demo import lab, rude, site
from discover.demo.exchange import Answer, Request, error
from discover.demo.http import Connection
from discover.demo.journal import Journal
from discover.demo.keys import KeyFetcher
from discover.demo.signed import BadSignature, read, verify
from discover.demo.world import World


class Server:
    """Listens on one port. `keys` given: signatures of secure hosts are really verified."""

    def __init__(self, world: World, keys: KeyFetcher | None = None) -> None:
        self.world = world
        self.keys = keys
        self.journal = Journal()
        self.rudeness = rude.Rudeness()
        self.port = 0
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._handle, self._connections), host, port, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for connection in list(self._connections):
                connection.abort()
            await asyncio.sleep(0)

    def _handle(
        self, request: Request, connection: Connection
    ) -> Answer | Awaitable[Answer | None]:
        if request.host == f"control.{self.world.domain}":
            return lab.answer(self, request)
        started = time.time()
        rule = self.rudeness.match(request)
        if rule is not None:
            entry = self.journal.begin(request, started)
            return self._rude(rule, request, connection, entry)
        secure = site.needs_signature(self.world, request)
        if secure is not None:
            try:
                signed = read(request, self.world.scheme, secure.software)
            except BadSignature as fault:
                answer = error(401, str(fault))
                self.journal.note(request, started, answer.status)
                return answer
            if self.keys is not None:
                entry = self.journal.begin(request, started)
                return self._verified(request, signed.key_id, entry)
        answer = site.respond(self.world, request)
        self.journal.note(request, started, answer.status)
        return answer

    async def _verified(self, request: Request, key_id: str, entry: int) -> Answer:
        assert self.keys is not None
        host = self.world.by_name[request.host]
        try:
            signed = read(request, self.world.scheme, host.software)
            verify(signed, await self.keys.get(key_id))
            answer = site.respond(self.world, request)
        except BadSignature as fault:
            answer = error(401, str(fault))
        except OSError:
            answer = error(503, "could not fetch your key")
        self.journal.end(entry, answer.status)
        return answer

    async def _rude(
        self, rule: rude.Rule, request: Request, connection: Connection, entry: int
    ) -> Answer | None:
        status = 0
        try:
            answer = await rude.act(rule, self.world, request, connection)
            status = answer.status if answer else 0
            return answer
        finally:
            self.journal.end(entry, status)


async def serve(
    world: World,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    keys: KeyFetcher | None = None,
    ready: asyncio.Future[Server] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve until `stop` is set or the task is cancelled. `ready` gets the server with its port."""
    server = Server(world, keys)
    await server.start(host, port)
    if ready is not None:
        ready.set_result(server)
    try:
        await (stop or asyncio.Event()).wait()
    finally:
        await server.close()


@dataclass(slots=True)
class Running:
    """A server in a thread of this process."""

    port: int
    server: Server
    _loop: asyncio.AbstractEventLoop
    _stop: asyncio.Event
    _thread: threading.Thread

    def stop(self) -> None:
        """Ends the server and its thread; safe to call twice."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(5)


def start_in_thread(
    world: World, host: str = "127.0.0.1", port: int = 0, *, keys: KeyFetcher | None = None
) -> Running:
    """Start and return when the port answers. OSError when it is taken."""
    born = threading.Event()
    made: list[Running] = []
    faults: list[BaseException] = []

    async def live() -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        server = Server(world, keys)
        await server.start(host, port)
        made.append(Running(server.port, server, loop, stop, thread))
        born.set()
        await stop.wait()
        await server.close()

    def run() -> None:
        try:
            _run(live())
        except BaseException as fault:
            faults.append(fault)
            born.set()

    thread = threading.Thread(target=run, name="pretend-fediverse", daemon=True)
    thread.start()
    born.wait()
    if faults:
        raise faults[0]
    return made[0]


def _run(main: Awaitable[None]) -> None:
    factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
    try:
        import uvloop  # noqa: PLC0415 - not to be had on Windows
    except ImportError:
        pass
    else:
        factory = uvloop.new_event_loop

    async def whole() -> None:
        await main

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(whole())


def main(argv: Sequence[str] | None = None) -> int:
    """`python -m discover.demo`: prints one line with the port when ready, ends on Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m discover.demo", description=__doc__)
    parser.add_argument("--accounts", type=int, default=300, help="people, 10 to 100,000")
    parser.add_argument("--hosts", type=int, help="servers (default: by number of people)")
    parser.add_argument("--posts", type=float, default=14.0, help="mean posts of a person")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--now", type=datetime.fromisoformat, help="date of the newest post")
    parser.add_argument("--scheme", choices=("http", "https"), default="http")
    parser.add_argument("--gotosocial-crawl-delay", type=int, default=500, metavar="SECONDS")
    parser.add_argument("--truth", type=Path, metavar="FILE", help="write what is right, as JSON")
    args = parser.parse_args(argv)
    world = World(
        args.seed,
        args.accounts,
        args.now,
        hosts=args.hosts,
        posts=args.posts,
        scheme=args.scheme,
        gotosocial_crawl_delay=args.gotosocial_crawl_delay,
    )
    if args.truth is not None:
        args.truth.write_text(json.dumps(world.truth(), ensure_ascii=False, indent=1), "utf-8")

    async def live() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        ready: asyncio.Future[Server] = loop.create_future()
        running = asyncio.ensure_future(serve(world, args.host, args.port, ready=ready, stop=stop))
        waiting: list[asyncio.Future[Any]] = [ready, running]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            port = ready.result().port
            sys.stdout.write(
                f"{len(world.hosts)} hosts, {world.accounts} accounts on port {port}\n"
            )
            sys.stdout.flush()
        await running

    try:
        _run(live())
    except OSError as fault:
        sys.stderr.write(f"cannot listen on {args.host}:{args.port}: {fault}\n")
        return 1
    return 0
