"""Takes hosts' turns and has one visitor per host go through them. Decides nothing about people.

No Scrapy here: a fetcher, a register, and the visiting services.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crawler.grants import Grants
from crawler.register import LEASE_SECONDS, Register
from discover.model.observed import HostTurn, VisitResult
from discover.net.pace import Pace
from discover.services.crawl.visiting.account import visit_account
from discover.services.crawl.visiting.server import visit_server
from discover.services.crawl.visiting.tools import CountingFetcher, Tools

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0  # between two looks for due hosts when none were
ACCOUNTS_AT_ONCE = 50  # taken from the register
FAILURES_IN_A_ROW = 3  # accounts of a host unreachable before its turn ends
AFTER_FAILURES = timedelta(minutes=15)


@dataclass(slots=True)
class Numbers:
    """For the progress display."""

    turns: int = 0
    servers: int = 0
    accounts: int = 0
    posts: int = 0
    failures: int = 0
    active: int = 0


class Foreman:
    def __init__(
        self,
        *,
        register: Register,
        grants: Grants,
        pace: Pace,
        tools: Tools,
        hosts: int,
        requests_per_visit: int,
        progress: Callable[[Numbers], None] | None = None,
    ) -> None:
        self._register = register
        self._grants = grants
        self._pace = pace
        self._tools = tools
        self._hosts = hosts
        self._requests = requests_per_visit
        self._progress = progress
        self._turns: dict[asyncio.Task[None], HostTurn] = {}
        self.numbers = Numbers()

    async def run(self, *, until_idle: bool, stop: asyncio.Event) -> None:
        """Work until `stop` is set or, if `until_idle`, until nothing is due any more.

        On `stop` visits are cut off where they are; leases are given back.
        """
        renewing = asyncio.create_task(self._renew())
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                claimed = await self._claim()
                if not claimed and not self._turns:
                    # What was borrowed may be what is due.
                    if until_idle and not await self._grants.give_back():
                        return
                    if until_idle:
                        continue
                    await asyncio.wait({stopping}, timeout=POLL_SECONDS)
                    continue
                patience = None if len(self._turns) >= self._hosts else POLL_SECONDS
                await asyncio.wait(
                    {stopping, *self._turns},
                    timeout=patience,
                    return_when=asyncio.FIRST_COMPLETED,
                )
        finally:
            renewing.cancel()
            stopping.cancel()
            for task in self._turns:
                task.cancel()
            await asyncio.gather(renewing, stopping, *self._turns, return_exceptions=True)
            await self._grants.give_back()

    async def _claim(self) -> int:
        free = self._hosts - len(self._turns)
        if free <= 0:
            return 0
        turns = await self._register.claim(free)
        for turn in turns:
            task = asyncio.create_task(self._turn(turn), name=f"turn {turn.host}")
            self._turns[task] = turn
            task.add_done_callback(self._ended)
        self._show()
        return len(turns)

    def _ended(self, task: asyncio.Task[None]) -> None:
        turn = self._turns.pop(task)
        if not task.cancelled() and task.exception() is not None:
            # One host's surprise must not end the crawl of all others.
            log.error("the turn of %s broke", turn.host, exc_info=task.exception())
        self._show()

    def _show(self) -> None:
        if self._progress is not None:
            self.numbers.active = len(self._turns)
            self._progress(replace(self.numbers))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 4)
            if self._turns:
                try:
                    lost = await self._register.renew(list(self._turns.values()))
                except Exception:  # the database may come back before the leases end
                    log.exception("leases could not be renewed")
                    continue
                for task, turn in list(self._turns.items()):
                    if turn.host in lost:  # another worker's now, or it wants us no longer
                        task.cancel()

    async def _turn(self, turn: HostTurn) -> None:
        self.numbers.turns += 1
        self._grants.hold(turn)
        not_before: datetime | None = None
        try:
            not_before = await self._visit(turn)
        finally:
            moments = [m for m in (not_before, self._pace.not_before(turn.host)) if m is not None]
            self._grants.let_go(turn)
            # Shielded: a lease is given back even when the visit is cut off.
            await asyncio.shield(self._register.release(turn, max(moments, default=None)))

    async def _visit(self, turn: HostTurn) -> datetime | None:
        """Server, then accounts. Returns when the host wants to be asked again, if it said."""
        counter = CountingFetcher(self._tools.fetcher)
        tools = replace(self._tools, fetcher=counter)
        if turn.server_due:
            self.numbers.servers += 1
            report = await visit_server(tools, turn)
            if not report.open:
                self.numbers.failures += 1
                return report.retry_at
        due, unreachable = turn.accounts, 0
        if turn.server_due and not due:
            due = await self._register.more(turn, ACCOUNTS_AT_ONCE)
        while due:
            for account in due:
                if counter.requests >= self._requests:
                    return None
                visited = await visit_account(tools, account, turn)
                self._count(visited.result)
                if visited.interrupted and visited.result.retry_at is not None:
                    # The host, not this account, wants a pause: the account stays due.
                    return visited.result.retry_at
                await self._register.finish(visited.result)
                unreachable = unreachable + 1 if visited.unreachable else 0
                if unreachable >= FAILURES_IN_A_ROW:
                    return self._tools.clock.now() + AFTER_FAILURES
            due = await self._register.more(turn, ACCOUNTS_AT_ONCE)
        return None

    def _count(self, result: VisitResult) -> None:
        self.numbers.accounts += 1
        self.numbers.posts += result.new_posts
        self.numbers.failures += not result.ok
        if self.numbers.accounts % 20 == 0:
            self._show()
