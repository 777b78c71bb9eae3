"""Does what is queued: index writes from the outbox, and beside them tasks.

Two threads, because a task may take minutes and whoever leaves must not wait for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from discover.bootstrap import App
from discover.policy.retry import next_try
from discover.ports import EngineUnavailable
from discover.services.index.indexing import (
    BATCH,
    IndexerBusy,
    index_pending,
    restore_lost_index,
)
from discover.services.owners import may_be_alive
from discover.services.tasks import drop_dead_tasks, run_next_task

log = logging.getLogger(__name__)

# How long an empty queue rests: the index follows the database within about this time.
_IDLE_SECONDS = 0.25


def work(app: App, stop: threading.Event) -> None:
    """Until `stop` is set. Failures are logged and tried again, later each time."""
    drop_dead_tasks(app.context, may_be_alive)
    tasks = threading.Thread(
        target=_repeat, args=(app, stop, lambda: run_next_task(app.context) is not None)
    )
    tasks.start()
    try:
        _repeat(app, stop, _index(app, stop))
    finally:
        tasks.join()


def _index(app: App, stop: threading.Event) -> Callable[[], bool]:
    restored = False

    def follow() -> bool:
        """A small batch is no reason to hurry: what gathers meanwhile goes into one commit."""
        nonlocal restored
        if not restored:
            restore_lost_index(app.context)
            restored = True
        return index_pending(app.context, go_on=lambda: not stop.is_set()) >= BATCH

    return follow


def _repeat(app: App, stop: threading.Event, once: Callable[[], bool]) -> None:
    """`once` says whether there is certainly more to do."""
    failures = 0
    while not stop.is_set():
        try:
            busy = once()
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
        stop.wait(next_try(failures, app.context.jitter()).total_seconds())
