"""A lean HTTP/1.1 server: one port, any number of host names, and full control of the bytes.

A framework would finish broken answers for us; here they must leave as broken as asked.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import cast
from urllib.parse import unquote

import httptools

from discover.demo.exchange import Answer, Request

# Either the answer at once, or something that writes its own bytes and tells the status.
Handler = Callable[[Request, "Connection"], "Answer | Awaitable[Answer | None]"]

_REASON = {status.value: status.phrase for status in HTTPStatus}
_MAX_BODY = 4_000_000


def encode(answer: Answer, request: Request) -> bytes:
    """Status line, headers, body. 200s carry an ETag and answer 304 to a matching question."""
    status, body = answer.status, answer.body
    headers = answer.headers
    if status == 200:
        etag = f'W/"{zlib.crc32(body):08x}"'
        headers = [*headers, ("ETag", etag)]
        if request.headers.get("if-none-match") == etag:
            status, body = 304, b""
    reason = _REASON.get(status, "Unknown")
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}"]
    if body:
        lines.append(f"Content-Type: {answer.content_type}")
    lines += [f"{name}: {value}" for name, value in headers]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
    return head if request.method == "HEAD" else head + body


class Connection(asyncio.Protocol):
    """One client. Requests are answered one after the other, in order."""

    def __init__(self, handler: Handler, connections: set[Connection]) -> None:
        self._handler = handler
        self._connections = connections
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._busy: asyncio.Task[None] | None = None
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._room = asyncio.Event()
        self._room.set()
        self.transport: asyncio.Transport | None = None

    # --- asyncio

    def pause_writing(self) -> None:
        self._room.clear()

    def resume_writing(self) -> None:
        self._room.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._connections.discard(self)
        self.transport = None
        self._room.set()
        if self._busy is not None:
            self._busy.cancel()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.write(
                b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
            self.close()

    # --- httptools

    def on_message_begin(self) -> None:
        self._url, self._headers, self._body = b"", {}, bytearray()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_body(self, body: bytes) -> None:
        if len(self._body) + len(body) <= _MAX_BODY:
            self._body += body

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        request = Request(
            method=self._parser.get_method().decode(),
            host=self._headers.get("host", "").partition(":")[0].lower(),
            path=unquote(path),
            query=query,
            headers=self._headers,
            body=bytes(self._body),
        )
        if self._busy is not None or self._waiting:
            self._waiting.append(request)
        else:
            self._serve(request)

    # --- answers

    def _serve(self, request: Request) -> None:
        result = self._handler(request, self)
        if isinstance(result, Answer):
            self.write(encode(result, request))
        else:
            self._busy = asyncio.ensure_future(self._later(result, request))

    async def _later(self, result: Awaitable[Answer | None], request: Request) -> None:
        try:
            answer = await result
            if answer is not None:
                self.write(encode(answer, request))
        finally:
            self._busy = None
        while self._waiting and self._busy is None:
            self._serve(self._waiting.popleft())

    def write(self, data: bytes) -> None:
        if self.transport is not None:
            self.transport.write(data)

    async def drained(self) -> None:
        """When the reader has taken what was written."""
        await asyncio.sleep(0)
        await self._room.wait()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Without a goodbye: the peer sees a reset."""
        if self.transport is not None:
            self.transport.abort()

    @property
    def open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()
