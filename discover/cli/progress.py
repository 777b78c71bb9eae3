"""Progress on a terminal as a moving line, elsewhere as a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from discover.bootstrap import App
from discover.cli.output import console
from discover.services.crawl.visits import CrawlProgress, crawl_progress

_PLAIN_SECONDS = 5.0


@contextmanager
def counting() -> Iterator[Callable[[str, int, int], None]]:
    """A bar a name: call it with (name, done, all)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as bars:
        known: dict[str, TaskID] = {}

        def show(name: str, done: int, total: int) -> None:
            if name not in known:
                known[name] = bars.add_task(name, total=total)
            bars.update(known[name], completed=done, total=total)

        yield show


def describe(now: CrawlProgress) -> str:
    return (
        f"{now.servers} servers, {now.accounts} people, {now.posts} posts;"
        f" {now.visits_due} visits due, {now.hosts_leased} hosts being asked,"
        f" {now.outbox} index writes waiting"
    )


def follow(
    app: App, until: Callable[[CrawlProgress], bool], ended: Callable[[], bool]
) -> CrawlProgress:
    """Show how the crawl goes on until `until` holds or `ended` says so."""
    last = 0.0
    with console.status("looking for people who want to be found") as line:
        while True:
            now = crawl_progress(app.context)
            if until(now) or ended():
                return now
            if console.is_terminal:
                line.update(describe(now))
            elif time.monotonic() - last > _PLAIN_SECONDS:
                console.print(describe(now))
                last = time.monotonic()
            time.sleep(0.5)
