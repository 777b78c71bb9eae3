"""So long a request may take to come in. One timer for all of them, however many there are."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any


class Patience:
    """`with patience:` around an await, in one task. TimeoutError when it takes too long.

    Like asyncio.timeout, which arms a timer of its own each time: that takes longer than most
    bodies, which are there already.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        # Who waits, and until when; all wait equally long, so the first is due first.
        self._due: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()
        self._due[task] = due = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(due, self._look, loop)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        if self._due.pop(task, None) is None and task in self._late:
            self._late.discard(task)
            # Somebody else may have cancelled it as well: then that counts.
            if task.uncancel() == 0 and kind is asyncio.CancelledError:
                raise TimeoutError from error

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        while self._due:
            task, due = next(iter(self._due.items()))
            if due > loop.time():
                self._timer = loop.call_at(due, self._look, loop)
                return
            del self._due[task]
            self._late.add(task)
            task.cancel()
