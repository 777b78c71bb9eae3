"""The spider: it lives as long as its work does. All requests go through `fetcher`.

Scrapy's scheduler is not used: which host is next is the database's knowledge, and each host's
visit is a coroutine that asks for one document after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerRunner

from crawler.fetcher import CrawlFetcher
from crawler.settings import scrapy_settings
from discover.net.manners import Gate, Manners
from discover.settings import Settings

Work = Callable[[CrawlFetcher], Awaitable[None]]


class WorkSpider(Spider):
    name = "waypost"
    manners: Manners
    gate: Gate
    fetcher: CrawlFetcher
    work: Work
    ended: asyncio.Future[None]

    async def start(self) -> AsyncIterator[Any]:
        self.fetcher.crawler = self.crawler
        try:
            await self.work(self.fetcher)
        except Exception as error:  # Scrapy would log it and go on; the caller must know
            self.ended.set_exception(error)
        else:
            self.ended.set_result(None)
        requests: tuple[Any, ...] = ()  # none of Scrapy's own; yet start() must be a generator
        for request in requests:
            yield request


def _nothing(_host: str) -> None:
    pass


async def crawl(
    settings: Settings,
    manners: Manners,
    gate: Gate,
    work: Work,
    *,
    after: Callable[[str], None] = _nothing,
) -> None:
    """Run `work` with a fetcher inside a Scrapy engine in this event loop, then close it.

    Raises what `work` raised. Cancelling this cancels the work.
    """
    runner = AsyncCrawlerRunner(scrapy_settings(settings))
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    fetcher = CrawlFetcher(manners, after)
    running = runner.crawl(
        WorkSpider, manners=manners, gate=gate, fetcher=fetcher, work=work, ended=ended
    )
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        await runner.stop()
        await running
        raise
    if ended.done():
        ended.result()
