"""One thread writes for all visits: what waits is stored in one transaction (group commit).

A database commits a few hundred times a second at best, while hundreds of visits report. So the
thread takes whatever has gathered and hands it over at once; nobody waits longer than for the
batch before theirs.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from discover.model.observed import Observation, Outcome, VisitResult

log = logging.getLogger(__name__)

GATHER_SECONDS = 0.002  # after the first of a batch came in
MAX_BATCH = 256

Observe = Callable[[Sequence[Observation]], Sequence[Outcome]]
Finish = Callable[[Sequence[VisitResult]], None]
T = TypeVar("T")


@dataclass(slots=True)
class _Job:
    future: asyncio.Future[Any]
    observation: Observation | None = None
    result: VisitResult | None = None
    call: Callable[[], Any] | None = None


class Writer:
    """Started and closed inside the event loop that its callers run in.

    `observe` and `finish` are the blocking services; both must be safe to repeat for items of a
    batch that failed as a whole.
    """

    def __init__(self, observe: Observe, finish: Finish) -> None:
        self._observe = observe
        self._finish = finish
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    async def observe(self, observation: Observation) -> Outcome:
        """Store one observation; returns once it is committed. Raises what its storing raised."""
        future: asyncio.Future[Outcome] = self._loop.create_future()
        self._put(_Job(future, observation=observation))
        return await future

    async def finish(self, result: VisitResult) -> None:
        """Record how a visit ended."""
        future: asyncio.Future[None] = self._loop.create_future()
        self._put(_Job(future, result=result))
        await future

    async def call(self, function: Callable[[], T]) -> T:
        """Run a blocking database call in this thread, between two batches."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._put(_Job(future, call=function))
        return await future

    def _put(self, job: _Job) -> None:
        if self._closed:
            raise RuntimeError("the writer is closed")
        self._jobs.put(job)

    async def close(self) -> None:
        """Write what waits, then end the thread."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        ended = False
        while not ended:
            job = self._jobs.get()
            if job is None:
                return
            batch = [job]
            if job.call is None:
                time.sleep(GATHER_SECONDS)
            while len(batch) < MAX_BATCH:
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if job is None:
                    ended = True
                    break
                batch.append(job)
            self._work(batch)

    def _work(self, batch: list[_Job]) -> None:
        done: list[tuple[_Job, Any, BaseException | None]] = []
        observed = [job for job in batch if job.observation is not None]
        finished = [job for job in batch if job.result is not None]
        # Observations first: a finished visit is only reported once all it saw is stored, so
        # the order between the two kinds cannot matter within a batch.
        done += self._store(observed)
        done += self._record(finished)
        for job in batch:
            if job.call is not None:
                try:
                    done.append((job, job.call(), None))
                except Exception as error:  # handed to the caller
                    done.append((job, None, error))
        # A closed loop means that nobody waits any more; what was committed stays.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_resolve, done)

    def _store(self, jobs: list[_Job]) -> list[tuple[_Job, Any, BaseException | None]]:
        observations = [job.observation for job in jobs if job.observation is not None]
        if not observations:
            return []
        try:
            outcomes = self._observe(observations)
        except Exception as error:  # one bad observation must not take the others with it
            if len(jobs) == 1:
                return [(jobs[0], None, error)]
            log.warning("a batch of %d failed (%s); storing one by one", len(jobs), error)
            return [answer for job in jobs for answer in self._store([job])]
        return [(job, outcome, None) for job, outcome in zip(jobs, outcomes, strict=True)]

    def _record(self, jobs: list[_Job]) -> list[tuple[_Job, Any, BaseException | None]]:
        results = [job.result for job in jobs if job.result is not None]
        if not results:
            return []
        try:
            self._finish(results)
        except Exception as error:  # as above
            if len(jobs) == 1:
                return [(jobs[0], None, error)]
            return [answer for job in jobs for answer in self._record([job])]
        return [(job, None, None) for job in jobs]


def _resolve(done: list[tuple[_Job, Any, BaseException | None]]) -> None:
    for job, value, error in done:
        if job.future.done():  # its visit was cancelled meanwhile
            continue
        if error is not None:
            job.future.set_exception(error)
        else:
            job.future.set_result(value)
