"""Sends what is queued for others, beside the worker and with an event loop of its own."""

from __future__ import annotations

import asyncio
import logging
import threading

from discover.bootstrap import App
from discover.policy.retry import next_try
from discover.services.federation.deliveries import deliver_due
from discover.services.federation.delivery_turns import drop_dead_leases
from discover.services.owners import may_be_alive

log = logging.getLogger(__name__)


def deliver(app: App, stop: threading.Event) -> None:
    """Until `stop` is set. Failures are logged and tried again, later each time."""
    asyncio.run(_deliver(app, stop))


async def _deliver(app: App, stop: threading.Event) -> None:
    ending = asyncio.Event()
    watching = asyncio.create_task(_pass_on(stop, ending))
    failures = 0
    async with app.fetcher() as client:
        while not ending.is_set():
            try:
                await asyncio.to_thread(drop_dead_leases, app.context, may_be_alive)
                await deliver_due(app.context, client, ending, until_idle=False)
            except Exception:  # the loop outlives a database that is away for a while
                failures += 1
                log.exception("deliveries failed and will be tried again")
                pause = next_try(failures, app.context.jitter()).total_seconds()
                await asyncio.wait({watching}, timeout=pause)
    await watching


async def _pass_on(stop: threading.Event, ending: asyncio.Event) -> None:
    # Looked at, not waited for: a thread that waits would keep the loop from ending on an error.
    while not stop.is_set():  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    ending.set()
