"""Between the inbox's door and the database: bodies within bounds, and many commits made one."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, partial
from typing import cast

from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from api.activitypub.patience import Patience
from api.limits import Buckets, Rate, client_key
from discover.bootstrap import App
from discover.net.recent import Recent
from discover.net.verify import Use
from discover.services.federation.inbox import Heard, Received, accept_many, guests
from discover.services.federation.signatures import FORGET_EVERY, forget_used

AS = "https://www.w3.org/ns/activitystreams"
BODY_BYTES = 1_000_000
BODY_SECONDS = 10.0
CLIENT_BYTES = 8 * BODY_BYTES  # of unfinished bodies, held for one client at once
MOST_AT_ONCE = 500  # activities in one transaction
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


@lru_cache(maxsize=64)
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
        self._patience = Patience(BODY_SECONDS)
        # Who is refused and who may hand things on.
        self.guests = Recent(app.context.clock, partial(guests, app.context), GUESTS_FOLLOW)
        self._waiting: list[tuple[Received, Use | None, asyncio.Future[Heard]]] = []
        self._forget_at = app.context.clock.now() + FORGET_EVERY
        self._writer: asyncio.Task[None] | None = None

    async def body(self, scope: Scope, receive: Receive) -> bytes:
        """The whole body. No: 413 when it is too long, 408 when it is too slow, 429 for many."""
        try:
            with self._patience:
                message = await receive()
                if message["type"] == "http.request" and not message.get("more_body"):
                    whole: bytes = message.get("body", b"")  # nearly always
                    _check_size(len(whole))
                    return whole
                return await self._collected(message, scope, receive)
        except TimeoutError:
            detail = f"The body did not come within {BODY_SECONDS:.0f} seconds."
            raise No(408, detail, close=True) from None

    async def _collected(self, message: Message, scope: Scope, receive: Receive) -> bytes:
        """A body that comes in several parts, of which this is the first."""
        client = client_key(scope["client"][0] if scope.get("client") else "unknown")
        chunks: list[bytes] = []
        size = 0
        try:
            while True:
                if message["type"] != "http.request":
                    raise No(400, "The body ends in the middle.", close=True)
                chunk = message.get("body", b"")
                chunks.append(chunk)
                size += len(chunk)
                held = self._held[client] = self._held.get(client, 0) + len(chunk)
                _check_size(size)
                if held > CLIENT_BYTES:
                    raise No(429, "Too many large bodies at once.", close=True, wait=5)
                if not message.get("more_body"):
                    return b"".join(chunks)
                message = await receive()
        finally:
            left = self._held.get(client, 0) - size
            if left > 0:
                self._held[client] = left
            else:
                self._held.pop(client, None)

    def take_turn(self, host: str) -> None:
        """Count an activity that this host has signed. No: 429."""
        turn = self._hosts.take(host)
        if not turn.allowed:
            raise No(429, "Too many activities from this server.", wait=turn.wait)

    async def accept(self, received: Received, use: Use | None) -> Heard:
        """services.federation.inbox.accept_many, with whatever else waits: a commit costs a flush."""
        answer: asyncio.Future[Heard] = asyncio.get_running_loop().create_future()
        self._waiting.append((received, use, answer))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return await answer

    async def _write_all(self) -> None:
        while self._waiting:
            await self._until_all_are_here()
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            group = [(received, use) for received, use, _ in batch]
            try:
                heard = await asyncio.to_thread(self._write, group)
            except Exception as error:  # each of those who wait is told
                for _, _, answer in batch:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for (_, _, answer), one in zip(batch, heard, strict=True):
                if not answer.done():
                    answer.set_result(one)

    async def _until_all_are_here(self) -> None:
        """Let everybody who could go on at once come so far: one more costs a commit nothing."""
        counted, still = 0, 0
        # A request that has just come in needs two rounds of the loop to get here.
        while still < 2 and len(self._waiting) < MOST_AT_ONCE:
            still = 0 if len(self._waiting) > counted else still + 1
            counted = len(self._waiting)
            await asyncio.sleep(0)

    def _write(self, group: list[tuple[Received, Use | None]]) -> list[Heard]:
        now = self._context.clock.now()
        if now >= self._forget_at:
            self._forget_at = now + FORGET_EVERY
            forget_used(self._context)
        return accept_many(self._context, group)


def _check_size(size: int) -> None:
    if size > BODY_BYTES:
        raise No(413, f"The body is longer than {BODY_BYTES} bytes.", close=True)


def intake_of(request: Request) -> Intake:
    return cast("Intake", request.app.state.intake)


def headers_of(scope: Scope) -> dict[str, str]:
    """Names in lower case, repeated ones joined."""
    found: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
