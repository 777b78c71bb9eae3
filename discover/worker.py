"""Does what is queued: index writes from the outbox first, then tasks."""

from __future__ import annotations

import logging
import threading

from discover.bootstrap import App
from discover.policy.retry import next_try
from discover.ports import EngineUnavailable
from discover.services import topic_edits
from discover.services.indexing import (
    BATCH,
    IndexerBusy,
    index_pending,
    restore_lost_index,
)
from discover.services.tasks import run_next_task

log = logging.getLogger(__name__)

# How long an empty queue rests: the index follows the database within about this time.
_IDLE_SECONDS = 0.25


def work(app: App, stop: threading.Event) -> None:
    """Until `stop` is set. Failures are logged and tried again, later each time."""
    failures = 0
    restored = False
    while not stop.is_set():
        try:
            if not restored:
                restore_lost_index(app.context)
                restored = True
            topic_edits.follow(app.context)
            busy = work_once(app)
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


def work_once(app: App) -> bool:
    """One round. True when there is certainly more to do.

    A small batch is no reason to hurry: what gathers meanwhile goes into one commit of the engine.
    """
    indexed = index_pending(app.context)
    return indexed >= BATCH or run_next_task(app.context) is not None
