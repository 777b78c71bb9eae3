"""A small HTTP server on loopback that does exactly what a test tells it, however rude."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self


@dataclass(frozen=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def host(self) -> str:
        return self.headers.get("host", "")


Reply = Callable[[Seen, asyncio.StreamWriter], Awaitable[None]]


def answer(status: int = 200, body: bytes = b"{}", headers: dict[str, str] | None = None) -> Reply:
    given = {"content-type": "application/activity+json"} | (headers or {})

    async def reply(_seen: Seen, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in given.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return reply


def in_turn(*replies: Reply) -> Reply:
    """The first reply to the first request, and so on; the last one for ever."""
    left = list(replies)

    async def reply(seen: Seen, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(seen, writer)

    return reply


@dataclass
class RudeSite:
    """`replies` by path, with the query or without; robots.txt is 404 unless given."""

    address: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None
    replies: dict[str, Reply] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    def __enter__(self) -> Self:
        started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    def paths(self) -> list[str]:
        return [seen.path for seen in self.seen]

    def _serve(self, started: threading.Event) -> None:
        self._loop.run_until_complete(self._main(started))
        self._loop.close()

    async def _main(self, started: threading.Event) -> None:
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connected, self.address, 0, ssl=self.tls)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self._stop.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    first, *lines = head.strip().split("\r\n")
                    method, path, _ = first.split(" ", 2)
                    pairs = (line.split(":", 1) for line in lines)
                    headers = {name.lower(): value.strip() for name, value in pairs}
                    body = await reader.readexactly(int(headers.get("content-length", "0")))
                    seen = Seen(method, path, headers, body)
                    self.seen.append(seen)
                    reply = self.replies.get(path) or self.replies.get(path.partition("?")[0])
                    await (reply or answer(404))(seen, writer)
                    if writer.is_closing():
                        break
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(1):
                    await writer.wait_closed()


async def silent(_seen: Seen, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def hung_up(_seen: Seen, writer: asyncio.StreamWriter) -> None:
    writer.close()
