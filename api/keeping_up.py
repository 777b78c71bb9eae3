"""What other processes change and this one holds in memory: it is looked at every few seconds."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from discover.services.context import Context
from discover.services.topics import edits as topic_edits

log = logging.getLogger(__name__)

_SECONDS = 5.0


@contextlib.asynccontextmanager
async def keeping_up(ctx: Context) -> AsyncIterator[None]:
    """The curated topics as operators have edited them, for as long as the context is open."""
    following = asyncio.create_task(_follow(ctx))
    try:
        yield
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following


async def _follow(ctx: Context) -> None:
    while True:
        try:
            await asyncio.to_thread(topic_edits.follow, ctx)
        except Exception:  # the database is back some time, and then it is looked at again
            log.exception("edits of topics could not be read")
        await asyncio.sleep(_SECONDS)
