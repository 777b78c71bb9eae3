"""What the crawl asks of the services about turns and leases, as one small interface."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from crawler.pipeline import Writer
from discover.model.observed import (
    AccountDue,
    HostGrant,
    HostTurn,
    Observation,
    Outcome,
    VisitResult,
)
from discover.services.context import Context
from discover.services.crawl import turns as leases

LEASE_SECONDS = 40.0
BORROW_SECONDS = 120.0  # longer than the longest pause and request together


class Register(Protocol):
    async def claim(self, limit: int) -> list[HostTurn]: ...

    async def more(self, turn: HostTurn, limit: int) -> tuple[AccountDue, ...]: ...

    async def renew(self, turns: list[HostTurn]) -> list[str]:
        """The hosts whose lease was lost meanwhile."""
        ...

    async def release(self, turn: HostTurn | HostGrant, not_before: datetime | None) -> None: ...

    async def borrow(self, host: str) -> HostGrant | None: ...

    async def observe(self, observation: Observation) -> Outcome: ...

    async def finish(self, result: VisitResult) -> None: ...


class ServiceRegister:
    """The services, all called from the writer's one thread."""

    def __init__(
        self, context: Context, owner: str, writer: Writer, only: frozenset[str] | None = None
    ) -> None:
        self._only = only  # claim none but these hosts
        self._context = context
        self._owner = owner
        self._writer = writer

    async def claim(self, limit: int) -> list[HostTurn]:
        return await self._writer.call(
            lambda: leases.claim_turns(self._context, self._owner, limit, LEASE_SECONDS, self._only)
        )

    async def more(self, turn: HostTurn, limit: int) -> tuple[AccountDue, ...]:
        return await self._writer.call(lambda: leases.more_accounts(self._context, turn, limit))

    async def renew(self, turns: list[HostTurn]) -> list[str]:
        return await self._writer.call(lambda: leases.renew(self._context, turns, LEASE_SECONDS))

    async def release(self, turn: HostTurn | HostGrant, not_before: datetime | None) -> None:
        await self._writer.call(lambda: leases.release(self._context, turn, not_before))

    async def borrow(self, host: str) -> HostGrant | None:
        return await self._writer.call(
            lambda: leases.borrow_host(self._context, host, self._owner, BORROW_SECONDS)
        )

    async def observe(self, observation: Observation) -> Outcome:
        return await self._writer.observe(observation)

    async def finish(self, result: VisitResult) -> None:
        await self._writer.finish(result)
