"""Which hosts this worker may contact now: those it leases, and those it borrows for a moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from crawler.register import BORROW_SECONDS, Register
from discover.model.observed import HostGrant, HostTurn
from discover.net.manners import Grant
from discover.net.pace import Pace

REFUSED_SECONDS = 5.0  # a refusal is asked about again after this
LINGER_SECONDS = 1.0  # a loan is kept so long after its last use


@dataclass(slots=True)
class _Loan:
    asking: asyncio.Task[HostGrant | None]
    until: float  # on the event loop's clock
    users: int = 0


class Grants:
    """discover.net.manners.Gate for the crawl.

    Loans are given back soon after their last request, so that the host's own turn can come.
    """

    def __init__(self, register: Register, pace: Pace) -> None:
        self._register = register
        self._pace = pace
        self._leased: dict[str, Grant] = {}
        self._loans: dict[str, _Loan] = {}
        self._returning: set[asyncio.Task[None]] = set()

    def hold(self, turn: HostTurn) -> None:
        self._leased[turn.host] = Grant(turn.solicited)
        self._pace.seed(turn.host, not_before=turn.not_before, crawl_delay=turn.crawl_delay)

    def let_go(self, turn: HostTurn) -> None:
        self._leased.pop(turn.host, None)

    async def __call__(self, host: str) -> Grant | None:
        leased = self._leased.get(host)
        if leased is not None:
            return leased
        now = asyncio.get_running_loop().time()
        loan = self._loans.get(host)
        if loan is None or (loan.until <= now and not loan.users):
            asking = asyncio.create_task(self._borrow(host))
            # Half the loan's time is believed, so that no request is under way when it ends.
            loan = self._loans[host] = _Loan(asking, now + BORROW_SECONDS / 2)
        loan.users += 1
        try:
            lent = await asyncio.shield(loan.asking)
        except BaseException:
            loan.users -= 1
            raise
        if lent is None:
            loan.users -= 1
            loan.until = min(loan.until, now + REFUSED_SECONDS)
            return None
        return Grant(lent.solicited)

    async def _borrow(self, host: str) -> HostGrant | None:
        lent = await self._register.borrow(host)
        if lent is not None:
            self._pace.seed(host, not_before=lent.not_before, crawl_delay=lent.crawl_delay)
        return lent

    def leave(self, host: str) -> None:
        """A request to this host has ended."""
        loan = self._loans.get(host)
        if loan is None or host in self._leased:
            return
        loan.users -= 1
        if loan.users <= 0:
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._return_unused, host, loan)

    def _return_unused(self, host: str, loan: _Loan) -> None:
        if loan.users <= 0 and self._loans.get(host) is loan:
            del self._loans[host]
            task = asyncio.ensure_future(self._return(loan))
            self._returning.add(task)
            task.add_done_callback(self._returning.discard)

    async def _return(self, loan: _Loan) -> None:
        lent = await loan.asking
        if lent is not None:
            await self._register.release(lent, self._pace.not_before(lent.host))

    async def give_back(self) -> int:
        """Return every loan that is not in use, now; how many there were."""
        for host, loan in list(self._loans.items()):
            if loan.users <= 0 and loan.asking.done() and loan.asking.result() is not None:
                self._return_unused(host, loan)
        returning = list(self._returning)
        await asyncio.gather(*returning, return_exceptions=True)
        return len(returning)
