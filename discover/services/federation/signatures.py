"""The memory of used signatures: each is good once, also after a restart and for every process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.net.verify import Use
from discover.services.context import Context
from discover.store.bulk import Insert
from discover.store.database import table
from discover.store.tables import SeenSignature

SEEN = table(SeenSignature)
FORGET_EVERY = timedelta(minutes=5)

_WRITE_DOWN = Insert(SeenSignature, ("digest", "until"), unless=("digest",), returning="digest")


def first_uses(connection: Connection, uses: Sequence[Use]) -> list[bool]:
    """Write them down; which of them are used for the first time, in their order.

    In the caller's transaction, with what comes of the signed request: then neither is there
    without the other, and a sender who heard nothing may send the very same once more.
    """
    # In one order everywhere, so that two processes never wait for each other in a circle.
    rows = {use.digest: {"digest": use.digest, "until": use.until} for use in uses}
    new = set(_WRITE_DOWN(connection, [rows[name] for name in sorted(rows)]))
    answers = []
    for use in uses:  # of the same twice in one group, one is the first
        answers.append(use.digest in new)
        new.discard(use.digest)
    return answers


def forget_used(ctx: Context) -> int:
    """Signatures that their time alone refuses by now."""
    with ctx.database.write() as connection:
        return connection.execute(sa.delete(SEEN).where(SEEN.c.until <= ctx.clock.now())).rowcount


class SeenSignatures:
    """Implements net.verify.Replays. Requests that come together are written together.

    A commit costs a disk's flush; with one for each request that would be the limit of the inbox.
    """

    def __init__(self, ctx: Context, *, forget_every: timedelta = FORGET_EVERY) -> None:
        self._ctx = ctx
        self._forget_every = forget_every
        self._forget_at = ctx.clock.now()
        self._waiting: list[tuple[Use, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def first_time(self, digest: str, until: datetime) -> bool:
        """Durable when it returns."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((Use(digest, until), answer))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        return await answer

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                new = await asyncio.to_thread(self._write, [use for use, _ in batch])
            except BaseException as error:
                for _, answer in batch:
                    if not answer.done():
                        answer.set_exception(
                            error if isinstance(error, Exception) else RuntimeError("stopped")
                        )
                if not isinstance(error, Exception):
                    raise
                continue
            for (_, answer), first in zip(batch, new, strict=True):
                if not answer.done():
                    answer.set_result(first)

    def _write(self, uses: list[Use]) -> list[bool]:
        now = self._ctx.clock.now()
        if now >= self._forget_at:
            forget_used(self._ctx)
            self._forget_at = now + self._forget_every
        with self._ctx.database.write() as connection:
            return first_uses(connection, uses)
