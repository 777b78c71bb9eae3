"""`waypost crawl`: visit now, with progress, then bring the index up and say what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading

from discover.bootstrap import App
from discover.cli.output import NO, console, fail, opened, print_decision
from discover.cli.progress import describe, follow
from discover.cli.running import warn_laboratory
from discover.model.actor import Handle
from discover.model.verdict import Answer, Reason
from discover.ports import EngineUnavailable
from discover.services.consent.why import explain_account, explain_server
from discover.services.crawl.visits import CrawlProgress, crawl_progress, schedule_now
from discover.services.index.indexing import index_all
from discover.settings import Settings


def run_crawl(settings: Settings, who: list[Handle | str]) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    hosts = [one for one in who if isinstance(one, str)]
    handles = [one for one in who if isinstance(one, Handle)]
    with opened(settings) as app:
        app.context.engine.prepare()
        warn_laboratory(settings)
        for host in hosts:
            reasons = explain_server(app.context, host).decision.reasons
            if Reason.SERVER_NOT_OPTED_IN in reasons or Reason.SERVER_OPTED_OUT in reasons:
                fail(
                    f"{host} has not opted in; when its admin agrees:"
                    f" waypost server add {host} --note WHY"
                )
        if who:
            schedule_now(app.context, hosts=hosts, handles=handles)
        only = frozenset(hosts) | _hosts_of(app, handles) if who else None
        interrupted = _crawl_until_idle(app, only)
        with contextlib.suppress(EngineUnavailable):
            index_all(app.context)
        console.print(describe(crawl_progress(app.context)))
        if interrupted:
            fail("interrupted; what was seen is kept", NO)
        _report(app, handles)


def _hosts_of(app: App, handles: list[Handle]) -> frozenset[str]:
    found = {handle.host for handle in handles}
    for handle in handles:
        found.add(explain_account(app.context, handle).server)
    return frozenset(found)


def _crawl_until_idle(app: App, only: frozenset[str] | None) -> bool:
    """True when it was cut short by Ctrl-C."""
    from crawler.run import run_crawler

    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            loop.run_until_complete(run_crawler(app, until_idle=True, stop=stop, only=only))
        except BaseException as error:  # carried to the main thread below
            failures.append(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="crawler")
    thread.start()
    interrupted = False
    try:
        follow(app, _never, lambda: not thread.is_alive())
    except KeyboardInterrupt:
        interrupted = True
        loop.call_soon_threadsafe(stop.set)
    thread.join()
    if failures:
        raise failures[0]
    return interrupted


def _never(_now: CrawlProgress) -> bool:
    return False


def _report(app: App, handles: list[Handle]) -> None:
    refused = 0
    for handle in handles:
        about = explain_account(app.context, handle)
        console.print(f"[bold]@{handle}[/]")
        print_decision("Listed", about.list)
        print_decision("Posts searchable", about.index_posts)
        refused += about.list.answer is not Answer.YES
    if refused:
        raise SystemExit(NO)
