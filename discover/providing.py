"""Asks connected servers for what we want of them (FASP), beside the worker."""

from __future__ import annotations

import asyncio
import logging
import threading

from discover.bootstrap import App
from discover.policy.retry import next_try
from discover.services.fasp.upkeep import upkeep_due
from discover.services.locks import drop_lock, take_lock

log = logging.getLogger(__name__)

_LOCK = "fasp"
_LOCK_SECONDS = 300.0
_PAUSE_SECONDS = 1.0


def provide(app: App, stop: threading.Event) -> None:
    """Until `stop` is set. Of several processes one does it. Failures are logged, tried again."""
    token: str | None = None
    failures = 0
    while not stop.is_set():
        pause = _PAUSE_SECONDS
        try:
            token = take_lock(app.context, _LOCK, _LOCK_SECONDS, token)
            if token is not None and asyncio.run(_round(app)):
                pause = 0.0
            failures = 0
        except Exception:  # the loop outlives a database that is away for a while
            failures += 1
            log.exception("looking after connected servers failed and will be tried again")
            pause = next_try(failures, app.context.jitter()).total_seconds()
        stop.wait(pause)
    if token is not None:
        drop_lock(app.context, _LOCK, token)


async def _round(app: App) -> int:
    async with app.fetcher() as client:
        try:
            return await upkeep_due(app.context, client)
        finally:
            client.manners.close()
