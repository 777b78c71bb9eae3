"""Group commits: all together when that works, one by one when it does not."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from crawler.pipeline import Writer
from discover.model.observed import CandidatesSeen, Door, Outcome, VisitResult


def seen(name: str) -> CandidatesSeen:
    return CandidatesSeen(Door.MENTION, uris=(f"https://a.test/{name}",))


class Book:
    """Blocking services that remember what they were given."""

    def __init__(self, broken: str = "") -> None:
        self.batches: list[list[str]] = []
        self.finished: list[list[int]] = []
        self.threads: set[int] = set()
        self._broken = broken

    def observe(self, batch) -> list[Outcome]:
        names = [item.uris[0].rpartition("/")[2] for item in batch]
        self.threads.add(threading.get_ident())
        self.batches.append(names)
        time.sleep(0.02)
        if self._broken in names:
            raise ValueError(self._broken)
        return [Outcome(stored=int(name)) if name.isdigit() else Outcome() for name in names]

    def finish(self, results) -> None:
        self.finished.append([result.visit_id for result in results])


def test_what_waits_is_stored_at_once_and_everybody_gets_their_own_answer() -> None:
    book = Book()

    async def main() -> list[Outcome]:
        writer = Writer(book.observe, book.finish)
        try:
            return await asyncio.gather(*(writer.observe(seen(str(n))) for n in range(50)))
        finally:
            await writer.close()

    outcomes = asyncio.run(main())
    assert [outcome.stored for outcome in outcomes] == list(range(50))
    assert len(book.batches) < 10
    assert len(book.threads) == 1
    assert threading.get_ident() not in book.threads


def test_bad_observation_fails_alone() -> None:
    book = Book(broken="bad")

    async def main() -> list[object]:
        writer = Writer(book.observe, book.finish)
        names = ["1", "2", "bad", "3"]
        try:
            return await asyncio.gather(
                *(writer.observe(seen(name)) for name in names), return_exceptions=True
            )
        finally:
            await writer.close()

    one, two, bad, three = asyncio.run(main())
    assert [item.stored for item in (one, two, three)] == [1, 2, 3]
    assert isinstance(bad, ValueError)


def test_close_writes_what_still_waits() -> None:
    book = Book()

    async def main() -> None:
        writer = Writer(book.observe, book.finish)
        tasks = [asyncio.create_task(writer.observe(seen(str(n)))) for n in range(5)]
        tasks.append(asyncio.create_task(writer.finish(VisitResult(7, ok=True))))
        await asyncio.sleep(0)
        await writer.close()
        await asyncio.gather(*tasks)
        with pytest.raises(RuntimeError):
            await writer.observe(seen("late"))

    asyncio.run(main())
    assert sorted(name for batch in book.batches for name in batch) == list("01234")
    assert book.finished == [[7]]


def test_cancelled_visit_does_not_disturb_the_others() -> None:
    book = Book()

    async def main() -> Outcome:
        writer = Writer(book.observe, book.finish)
        dropped = asyncio.create_task(writer.observe(seen("1")))
        kept = asyncio.create_task(writer.observe(seen("2")))
        await asyncio.sleep(0)
        dropped.cancel()
        try:
            return await kept
        finally:
            await writer.close()

    assert asyncio.run(main()).stored == 2


def test_calls_run_in_the_same_thread_and_hand_back_their_errors() -> None:
    book = Book()

    async def main() -> tuple[int, int]:
        writer = Writer(book.observe, book.finish)
        try:
            await writer.observe(seen("1"))
            with pytest.raises(ZeroDivisionError):
                await writer.call(lambda: 1 // 0)
            return await writer.call(threading.get_ident), next(iter(book.threads))
        finally:
            await writer.close()

    one, other = asyncio.run(main())
    assert one == other
