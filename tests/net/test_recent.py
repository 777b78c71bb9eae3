"""What is asked of the database many times a second: who is blocked, who may write to us."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest

from discover.net.recent import Recent
from tests.net.conftest import TestClock

SECOND = timedelta(seconds=1)


class Table:
    def __init__(self) -> None:
        self.says: object = frozenset({"first"})
        self.looks = 0
        self.answers = threading.Event()
        self.answers.set()

    def look(self) -> object:
        self.looks += 1
        self.answers.wait(10)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def test_many_who_ask_at_once_cost_one_look() -> None:
    table, clock = Table(), TestClock()
    recent = Recent(clock, table.look, SECOND)

    async def ask() -> list[object]:
        assert recent.known() is None
        return await asyncio.gather(*(recent.get() for _ in range(50)))

    assert asyncio.run(ask()) == [table.says] * 50
    assert table.looks == 1


def test_it_is_asked_again_before_anybody_has_to_wait() -> None:
    table, clock = Table(), TestClock()
    recent = Recent(clock, table.look, SECOND)

    async def ask() -> None:
        await recent.get()
        clock.ahead += timedelta(seconds=0.6)
        table.says = frozenset({"second"})
        assert recent.known() == {"first"}
        while recent.known() != {"second"}:
            await asyncio.sleep(0.01)
        clock.ahead += timedelta(seconds=0.6)
        assert recent.known() == {"second"}

    asyncio.run(asyncio.wait_for(ask(), 10))


def test_nothing_older_than_its_time_is_ever_said() -> None:
    table, clock = Table(), TestClock()
    recent = Recent(clock, table.look, SECOND)

    async def ask() -> None:
        await recent.get()
        clock.ahead += timedelta(seconds=0.6)
        table.answers.clear()
        assert recent.known() == {"first"}  # somebody looks again, and it takes long
        clock.ahead += SECOND
        assert recent.known() is None
        waiting = asyncio.create_task(recent.get())
        await asyncio.sleep(0.05)
        clock.ahead += SECOND  # by now even what is being looked at is old
        table.says = frozenset({"second"})
        table.answers.set()
        assert await waiting == {"second"}
        assert table.looks == 3

    asyncio.run(asyncio.wait_for(ask(), 10))


def test_a_look_that_fails_is_told_to_who_waits_and_made_again() -> None:
    table, clock = Table(), TestClock()
    recent = Recent(clock, table.look, SECOND)

    async def ask() -> None:
        table.says = OSError("no database")
        with pytest.raises(OSError, match="no database"):
            await recent.get()
        table.says = frozenset({"back"})
        assert await recent.get() == {"back"}

    asyncio.run(asyncio.wait_for(ask(), 10))
