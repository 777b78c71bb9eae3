"""robots.txt is asked before anything else of a host."""

from __future__ import annotations

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler

from crawler.trip import trip_of
from discover.net.robots import Fetch, RobotsCache


class RobotsMiddleware:
    def __init__(self, cache: RobotsCache, fetch: Fetch) -> None:
        self._cache = cache
        self._fetch = fetch

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        spider = crawler.spider
        return cls(spider.manners.robots, spider.fetcher.fetch_robots)  # type: ignore[union-attr]

    async def process_request(self, request: Request) -> None:
        trip = trip_of(request)
        if not trip.ask.is_robots:
            await self._cache.require(
                trip.ask.target, solicited=trip.ask.solicited and trip.covered, fetch=self._fetch
            )
