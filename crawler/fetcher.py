"""ports.Fetcher over the running Scrapy engine: every request passes all its middlewares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from scrapy.crawler import Crawler

from crawler.trip import Trip, request_for
from discover.model.fetched import FetchError, FetchFailure
from discover.net.conversation import Answer, Ask, Conversation
from discover.net.manners import Manners


class CrawlFetcher(Conversation):
    """Works while the engine runs; `crawler` is set once Scrapy has made it."""

    crawler: Crawler

    def __init__(self, manners: Manners, after: Callable[[str], None]) -> None:
        """`after` is told the host when a request that the gate let through has ended."""
        super().__init__(manners)
        self.requests = 0
        self._after = after

    async def _exchange(self, ask: Ask) -> Answer:
        trip = Trip(ask)
        self.requests += 1
        try:
            await self.crawler.engine.download_async(request_for(trip))
        except asyncio.CancelledError:
            if trip.sending is not None:
                trip.sending.cancel()
            raise
        finally:
            if trip.started is not None:  # it failed or was cancelled in the host's turn
                self.manners.pace.end(ask.target.authority, trip.started, status=None, headers={})
            if trip.passed:
                self._after(ask.target.authority)
        if trip.answer is None:
            raise FetchError(FetchFailure.BROKEN, str(ask.target), "no answer")
        return trip.answer
