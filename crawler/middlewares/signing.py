"""Signs every request but the one for robots.txt itself."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler

from crawler.trip import trip_of
from discover.net.signing import SchemeStore, Signer


class SigningMiddleware:
    def __init__(self, signer: Signer | None, schemes: SchemeStore) -> None:
        self._signer = signer
        self._schemes = schemes

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        manners = crawler.spider.manners  # type: ignore[union-attr]
        return cls(manners.signer, manners.schemes)

    async def process_request(self, request: Request) -> None:
        trip = trip_of(request)
        if self._signer is None or trip.ask.is_robots:
            return
        if trip.scheme is None:
            trip.scheme = self._schemes.first(trip.ask.target.authority)
        ask = trip.ask
        trip.signature = await self._signer.sign(trip.scheme, ask.method, ask.target, ask.body)
