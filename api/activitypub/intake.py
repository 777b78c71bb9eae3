"""Between the inbox's door and the database: bodies within bounds, and many commits made one."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from starlette.requests import ClientDisconnect, Request

from api.limits import Buckets, Rate, client_key
from discover.bootstrap import App
from discover.services.inbox import Guests, Received, accept_many, guests

AS = "https://www.w3.org/ns/activitystreams"
BODY_BYTES = 1_000_000
BODY_SECONDS = 10.0
CLIENT_BYTES = 8 * BODY_BYTES  # of unfinished bodies, held for one client at once
GUESTS_FOLLOW = timedelta(seconds=1)  # a block is obeyed after so long
# What one server may send us: a busy one has some ten activities a second.
HOST_RATE = Rate(per_second=30.0, burst=600, clients=10_000)

_TYPE = re.compile(r"\s*([\w.+-]+/[\w.+-]+)\s*(?:;|$)")
_PROFILE = re.compile(r';\s*profile\s*=\s*(?:"([^"]*)"|([^\s;]+))', re.IGNORECASE)


@dataclass
class No(Exception):
    """A refusal: its status, and why in a sentence for the sender's operator."""

    status: int
    detail: str
    close: bool = False  # what else the client sends on this connection is not read
    wait: int | None = None


def is_activity(content_type: str) -> bool:
    """`application/activity+json`, or `application/ld+json` that names the AS2 profile."""
    match = _TYPE.match(content_type)
    kind = match[1].lower() if match else ""
    if kind != "application/ld+json":
        return kind == "application/activity+json"
    profile = _PROFILE.search(content_type)
    return profile is not None and AS in (profile[1] or profile[2] or "").split()


class Intake:
    """What the inbox of one process remembers."""

    def __init__(self, app: App, rate: Rate = HOST_RATE) -> None:
        self._context = app.context
        self._hosts = Buckets(rate)
        self._held: dict[str, int] = {}
        self._guests: tuple[datetime, Guests] | None = None
        self._waiting: list[tuple[Received, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def body(self, request: Request) -> bytes:
        """The whole body. No: 413 when it is too long, 408 when it is too slow, 429 for many."""
        client = client_key(request.client.host if request.client else "unknown")
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    chunks.append(chunk)
                    size += len(chunk)
                    held = self._held[client] = self._held.get(client, 0) + len(chunk)
                    if size > BODY_BYTES:
                        raise No(413, f"The body is longer than {BODY_BYTES} bytes.", close=True)
                    if held > CLIENT_BYTES:
                        raise No(429, "Too many large bodies at once.", close=True, wait=5)
        except TimeoutError:
            detail = f"The body did not come within {BODY_SECONDS:.0f} seconds."
            raise No(408, detail, close=True) from None
        except ClientDisconnect:
            raise No(400, "The body ends in the middle.", close=True) from None
        finally:
            left = self._held.get(client, 0) - size
            if left > 0:
                self._held[client] = left
            else:
                self._held.pop(client, None)
        return b"".join(chunks)

    async def guests(self) -> Guests:
        """Who is refused and who may hand things on, as of a second ago at most."""
        now = self._context.clock.now()
        if self._guests is None or not now - GUESTS_FOLLOW < self._guests[0] <= now:
            self._guests = now, await asyncio.to_thread(guests, self._context)
        return self._guests[1]

    def take_turn(self, host: str) -> None:
        """Count an activity that this host has signed. No: 429."""
        turn = self._hosts.take(host)
        if not turn.allowed:
            raise No(429, "Too many activities from this server.", wait=turn.wait)

    async def accept(self, received: Received) -> bool:
        """services.inbox.accept, together with whatever else waits: a commit costs a flush."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((received, answer))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return await answer

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            group = [received for received, _ in batch]
            try:
                kept = await asyncio.to_thread(accept_many, self._context, group)
            except Exception as error:  # each of those who wait is told
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, answer), one in zip(batch, kept, strict=True):
                if not answer.done():
                    answer.set_result(one)


def intake_of(request: Request) -> Intake:
    return cast("Intake", request.app.state.intake)


def headers_of(request: Request) -> dict[str, str]:
    """Names in lower case, repeated ones joined."""
    found: dict[str, str] = {}
    for name, value in request.scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
