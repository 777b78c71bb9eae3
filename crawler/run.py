"""Starts the crawl inside a running event loop, or alone as `waypost crawler`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable

from crawler.fetcher import CrawlFetcher
from crawler.foreman import Foreman, Numbers
from crawler.grants import Grants
from crawler.pipeline import Writer
from crawler.register import ServiceRegister
from crawler.spider import crawl
from discover.bootstrap import App
from discover.net.manners import Manners
from discover.services.crawl import observe as observing
from discover.services.crawl import turns, visits
from discover.services.crawl.visiting.tools import Tools
from discover.services.owners import may_be_alive, own_name


async def run_crawler(
    app: App,
    *,
    until_idle: bool,
    stop: asyncio.Event,
    only: frozenset[str] | None = None,
    progress: Callable[[Numbers], None] | None = None,
) -> Numbers:
    """Visit what is due until `stop` is set or, if `until_idle`, until nothing is due.

    `only`: take turns of none but these hosts.
    """
    # Scrapy tells its settings and components at INFO.
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    settings, context = app.settings, app.context
    manners = Manners.of(settings, context.clock, key=app.signing_key)
    writer = Writer(
        lambda batch: observing.observe(context, batch),
        lambda results: visits.finish_visits(context, results),
    )
    owner = own_name()
    await asyncio.to_thread(turns.drop_dead_leases, context, may_be_alive)
    register = ServiceRegister(context, owner, writer, only)
    grants = Grants(register, manners.pace)
    numbers = Numbers()

    async def work(fetcher: CrawlFetcher) -> None:
        nonlocal numbers
        foreman = Foreman(
            register=register,
            grants=grants,
            pace=manners.pace,
            tools=Tools(
                fetcher=fetcher,
                sink=register.observe,
                clock=context.clock,
                base_url=manners.base_url,
                outbox_pages=settings.outbox_pages,
                directory_pages=settings.directory_pages,
                extra_opt_out_tags=frozenset(settings.extra_opt_out_tags),
            ),
            hosts=settings.crawl_hosts,
            requests_per_visit=settings.crawl_requests_per_visit,
            progress=progress,
        )
        numbers = foreman.numbers
        await foreman.run(until_idle=until_idle, stop=stop)

    try:
        await crawl(settings, manners, grants, work, after=grants.leave)
    finally:
        await writer.close()
        manners.close()
    return numbers


def main(app: App, *, until_idle: bool = False) -> Numbers:
    """Blocking entry of `waypost crawler`; ends cleanly on SIGINT and SIGTERM."""

    async def run() -> Numbers:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # not on Windows
                loop.add_signal_handler(number, stop.set)
        return await run_crawler(app, until_idle=until_idle, stop=stop)

    try:
        import uvloop  # noqa: PLC0415 -- not on Windows; an eighth faster
    except ImportError:
        return asyncio.run(run())
    return uvloop.run(run())
