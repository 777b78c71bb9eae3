"""Periodic work: APScheduler says when, the task queue does it. One scheduler is live at a time."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from discover.bootstrap import App
from discover.services.locks import drop_lock, take_lock
from discover.services.tasks import enqueue, last_runs

_LOCK = "scheduler"
_LOCK_SECONDS = 90.0
_BEAT_SECONDS = 30

# kind of task -> every how many minutes
PERIODS = {
    "retention": 60, "reconcile": 24 * 60, "follows": 5, "sizes": 60, "similarity": 5,
    "common_words": 24 * 60, "topics": 10, "trends": 60, "trend_counts": 15, "topic_boosts": 30,
}  # fmt: skip


# A machine that is switched off at night still keeps its promises.
AT_START = {"retention", "topics", "common_words", "sizes"}


def run_scheduler(app: App, stop: threading.Event) -> None:
    """Wait for the lock, then keep the appointments until `stop` is set."""
    token: str | None = None
    scheduler: BackgroundScheduler | None = None
    try:
        while not stop.is_set():
            token = take_lock(app.context, _LOCK, _LOCK_SECONDS, token)
            if token is not None and scheduler is None:
                scheduler = _start(app)
            elif token is None and scheduler is not None:
                # Lost to another one while this machine slept: stand down.
                scheduler.shutdown(wait=False)
                scheduler = None
            stop.wait(_BEAT_SECONDS)
    finally:
        if scheduler is not None:
            scheduler.shutdown(wait=False)
        if token is not None:
            drop_lock(app.context, _LOCK, token)


def _start(app: App) -> BackgroundScheduler:
    """What was last done longer ago than its period is due now, however short the runs between."""
    scheduler = BackgroundScheduler(timezone="UTC")
    done, now = last_runs(app.context), app.context.clock.now()
    for kind, minutes in PERIODS.items():
        period = timedelta(minutes=minutes)
        rest = done[kind] + period - now if kind in done else timedelta()
        if kind in AT_START or rest <= timedelta():
            enqueue(app.context, kind)
            rest = period
        scheduler.add_job(
            enqueue,
            "interval",
            args=(app.context, kind),
            minutes=minutes,
            next_run_time=datetime.now(UTC) + min(rest, period),
            jitter=60,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=3600,
        )
    scheduler.start()
    return scheduler
