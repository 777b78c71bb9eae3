"""How much one client may ask: a token bucket each, in bounded memory.

Header fields: draft-ietf-httpapi-ratelimit-headers-10 and RFC 9110 section 10.2.3.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import NamedTuple

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors
from api.mastodon import dialect

QUERY_BYTES = 4096  # the whole query string
PICTURES = "/media/"
PICTURES_PER_PAGE = 8  # a page may bring that many pictures for each request that it is itself
FREE_PATHS = ("/static/", "/healthz", "/readyz", "/metrics", "/robots.txt")
# It counts by connected server, and signs its refusals (api.fasp.door).
PROVIDER = "/fasp/"


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` requests at once, then `per_second` for as long as you like."""

    per_second: float = 20.0
    burst: int = 300
    clients: int = 20_000  # remembered at once, about 4 MB


def much_more(rate: Rate) -> Rate:
    """For what one client may rightly ask in masses: pictures, and our inbox."""
    return replace(
        rate,
        per_second=rate.per_second * PICTURES_PER_PAGE,
        burst=rate.burst * PICTURES_PER_PAGE,
    )


class Turn(NamedTuple):
    allowed: bool
    remaining: int
    wait: int  # seconds until another request is allowed; 0 when one is


@lru_cache(maxsize=4096)
def client_key(address: str) -> str:
    """One client: an IPv4 address, or a whole IPv6 /64, which one subscriber owns."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ip_network((ip, 64), strict=False))
    return str(ip)


class Buckets:
    """Token buckets by client. The client unseen for longest is forgotten first."""

    def __init__(self, rate: Rate, now: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> Turn:
        rate, now = self.rate, self._now()
        known = self._buckets.get(client)
        tokens, then = (float(rate.burst), now) if known is None else known
        tokens = min(rate.burst, tokens + (now - then) * rate.per_second)
        allowed = tokens >= 1
        if allowed:
            tokens -= 1
        self._buckets[client] = (tokens, now)
        if known is not None:
            self._buckets.move_to_end(client)
        elif len(self._buckets) > rate.clients:
            self._buckets.popitem(last=False)
        wait = 0 if tokens >= 1 else math.ceil((1 - tokens) / rate.per_second)
        return Turn(allowed, int(tokens), wait)

    def __len__(self) -> int:
        return len(self._buckets)


class LimitMiddleware:
    """Refuses floods and overlong queries before anything else is done for them."""

    def __init__(self, app: ASGIApp, rate: Rate | None = None) -> None:
        self.app = app
        self.rate = rate or Rate()
        self.buckets = Buckets(self.rate)
        self.pictures = Buckets(much_more(self.rate))
        window = math.ceil(self.rate.burst / self.rate.per_second)
        self.policy = f'"client";q={self.rate.burst};w={window}'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith((*FREE_PATHS, PROVIDER)):
            await self.app(scope, receive, send)
            return
        client = scope["client"][0] if scope.get("client") else "unknown"
        if scope["path"].startswith(PICTURES):
            turn = self.pictures.take(client_key(client))
            if turn.allowed:
                await self.app(scope, receive, send)
            else:
                await self._refuse(scope, receive, send, 429, {"Retry-After": str(turn.wait)})
            return
        turn = self.buckets.take(client_key(client))

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = self.policy
                headers["RateLimit"] = f'"client";r={turn.remaining};t={turn.wait}'
                if dialect.spoken(scope["path"]):
                    headers.update(self._as_mastodon(turn))
            await send(message)

        if not turn.allowed:
            await self._refuse(scope, receive, counted, 429, {"Retry-After": str(turn.wait)})
        elif len(scope["query_string"]) > QUERY_BYTES:
            await self._refuse(scope, receive, counted, 414, {})
        else:
            await self.app(scope, receive, counted)

    def _as_mastodon(self, turn: Turn) -> dict[str, str]:
        full = (self.rate.burst - turn.remaining) / self.rate.per_second
        reset = datetime.now(UTC) + timedelta(seconds=full)
        return dialect.rate_headers(self.rate.burst, turn.remaining, reset)

    async def _refuse(
        self, scope: Scope, receive: Receive, send: Send, status: int, headers: dict[str, str]
    ) -> None:
        request = Request(scope)
        await errors.answer(request, status, headers=headers)(scope, receive, send)
