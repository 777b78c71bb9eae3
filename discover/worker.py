"""Does what is queued: index writes from the outbox, and beside them tasks.

Three threads, because a task may take minutes and whoever leaves must not wait for it: the index's,
one for what was posted to our inbox, one for all other tasks.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import replace

from discover.bootstrap import App
from discover.policy.retry import next_try
from discover.ports import EngineUnavailable
from discover.services.context import Context, Stopping
from discover.services.index.indexing import (
    BATCH,
    IndexerBusy,
    index_pending,
    restore_lost_index,
)
from discover.services.owners import may_be_alive
from discover.services.tasks import AT_ONCE, HANDLERS, drop_dead_tasks, run_next_task
from discover.services.topics.catalogue import catalogue

log = logging.getLogger(__name__)

# How long an empty queue rests: the index follows the database within about this time.
_IDLE_SECONDS = 0.25


def work(app: App, stop: threading.Event) -> None:
    """Until `stop` is set. Failures are logged and tried again, later each time."""
    ctx = replace(app.context, stopping=stop.is_set)
    drop_dead_tasks(ctx, may_be_alive)
    beside = [
        threading.Thread(target=_repeat, args=(ctx, stop, _tasks(ctx, kinds)), name=name)
        for name, kinds in (("inbox", AT_ONCE), ("tasks", HANDLERS.keys() - AT_ONCE))
    ]
    for one in beside:
        one.start()
    try:
        _repeat(ctx, stop, _index(ctx, stop))
    finally:
        for one in beside:
            one.join()


def _tasks(ctx: Context, kinds: Collection[str]) -> Callable[[], bool]:
    return lambda: run_next_task(ctx, kinds) is not None


def _index(ctx: Context, stop: threading.Event) -> Callable[[], bool]:
    restored = False

    def follow() -> bool:
        """A small batch is no reason to hurry: what gathers meanwhile goes into one commit."""
        nonlocal restored
        if not restored:
            catalogue()  # before the first batch, which would wait for it to be read
            restore_lost_index(ctx)
            restored = True
        try:
            return index_pending(ctx, go_on=lambda: not stop.is_set()) >= BATCH
        except EngineUnavailable:
            restored = False  # it may come back with nothing
            raise

    return follow


def _repeat(ctx: Context, stop: threading.Event, once: Callable[[], bool]) -> None:
    """`once` says whether there is certainly more to do."""
    failures = 0
    while not stop.is_set():
        try:
            busy = once()
        except Stopping:
            return
        except (EngineUnavailable, IndexerBusy) as error:
            failures += 1
            log.warning("search engine: %s", error)
        except Exception:  # a worker outlives any single piece of work
            failures += 1
            log.exception("work failed and will be tried again")
        else:
            failures = 0
            if not busy:
                stop.wait(_IDLE_SECONDS)
            continue
        stop.wait(next_try(failures, ctx.jitter()).total_seconds())
