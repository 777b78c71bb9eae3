"""What one request of the crawl carries through Scrapy, from middleware to middleware."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from scrapy import Request

from discover.net.conversation import Answer, Ask
from discover.net.signing import Scheme

KEY = "trip"


@dataclass(slots=True)
class Trip:
    """Shared by both knocks of one hop. Each middleware fills in its own part."""

    ask: Ask
    passed: bool = False  # gate
    covered: bool = False  # gate: a verified opt-in addressed to us covers the host
    scheme: Scheme | None = None  # signing: the scheme of this knock
    knocks: int = 0
    signature: Mapping[str, str] = field(default_factory=dict)
    started: float | None = None  # politeness: the host's turn is ours since
    sending: asyncio.Task[Any] | None = None  # handler: Scrapy does not cancel it by itself
    answer: Answer | None = None  # handler


def request_for(trip: Trip) -> Request:
    """A Scrapy request; its URL is sent as it stands, because it is what was signed."""
    url = str(trip.ask.target)
    meta = {KEY: trip, "download_slot": trip.ask.target.authority, "verbatim_url": True}
    return Request(url, method=trip.ask.method, body=trip.ask.body, meta=meta, dont_filter=True)


def trip_of(request: Request) -> Trip:
    return cast("Trip", request.meta[KEY])
