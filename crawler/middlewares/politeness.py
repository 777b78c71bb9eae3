"""Waits for the host's turn before a request, and notes after it how long the next one waits.

Whatever happens in between, `CrawlFetcher` gives the turn back.
"""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawler.trip import trip_of
from discover.net.pace import Pace


class PolitenessMiddleware:
    def __init__(self, pace: Pace) -> None:
        self._pace = pace

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.spider.manners.pace)  # type: ignore[union-attr]

    async def process_request(self, request: Request) -> None:
        trip = trip_of(request)
        trip.started = await self._pace.begin(trip.ask.target.authority, request.url)

    def process_response(self, request: Request, response: Response) -> Response:
        trip = trip_of(request)
        if trip.started is not None and trip.answer is not None:
            started, trip.started = trip.started, None
            self._pace.end(
                trip.ask.target.authority,
                started,
                status=trip.answer.status,
                headers=trip.answer.headers,
            )
        return response
