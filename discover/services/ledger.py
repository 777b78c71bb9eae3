"""Small writes of many tasks of one event loop, gathered into one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy.engine import Connection

from discover.store.database import Database

T = TypeVar("T")


class Ledger:
    """A commit costs more than what it writes: while one is under way, the next is gathered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[Callable[[Connection], Any], asyncio.Future[Any]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` returns, once it is committed. Its exception if it raises one.

        `work` may be run a second time when another's in the same transaction failed.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await future

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                await self._together(batch)
            except Exception:
                for entry in batch:
                    await self._alone(entry)

    async def _together(
        self, batch: Sequence[tuple[Callable[[Connection], Any], asyncio.Future[Any]]]
    ) -> None:
        results = await asyncio.to_thread(self._do, [work for work, _ in batch])
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():
                future.set_result(result)

    async def _alone(self, entry: tuple[Callable[[Connection], Any], asyncio.Future[Any]]) -> None:
        try:
            await self._together([entry])
        except Exception as error:
            if not entry[1].done():
                entry[1].set_exception(error)

    def _do(self, works: Sequence[Callable[[Connection], Any]]) -> list[Any]:
        with self._database.write() as connection:
            return [work(connection) for work in works]
