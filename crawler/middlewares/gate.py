"""Nothing is sent to a host that is refused or that belongs to another worker."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler

from crawler.trip import trip_of
from discover.model.fetched import FetchError, FetchFailure
from discover.net.manners import Gate


class GateMiddleware:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.spider.gate)  # type: ignore[union-attr]

    async def process_request(self, request: Request) -> None:
        trip = trip_of(request)
        if trip.passed:  # the second knock
            return
        grant = await self._gate(trip.ask.target.authority)
        if grant is None:
            raise FetchError(FetchFailure.HOST_REFUSED, request.url)
        trip.passed, trip.covered = True, grant.solicited
