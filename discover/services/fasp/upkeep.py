"""What we ask of connected servers, until it is done: subscriptions, backfill, debug answers.

The database says what is wanted and what is there; a pass closes the gap one call at a time, each
written down before the next. A process that dies between a call and its note asks again; what the
server then knows twice is taken back when it speaks of it.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import orjson
import sqlalchemy as sa

from discover.model.fetched import FetchError, FetchFailure
from discover.net import fasp as net
from discover.net.client import GuardedClient
from discover.net.conversation import Answer
from discover.policy.delivery import pause
from discover.policy.fasp import BACKFILLS, MAX_BATCH, SUBSCRIPTIONS, THRESHOLD
from discover.policy.politeness import parked_until
from discover.services.context import Context
from discover.services.fasp import asked
from discover.services.fasp.partners import (
    CONNECTIONS,
    DEBUG_CALLS,
    REQUESTS,
    Partner,
    is_blocked,
    load,
)
from discover.services.fasp.proof import miss_proof, renew_proof
from discover.wire import fasp
from discover.wire.documents import Json, ParseError
from discover.wire.signed import BadSignature

log = logging.getLogger(__name__)

# Each day the subscriptions are made anew: it mends what a server lost, and tells whether its
# admin still wants us, because nobody says so when a connection is deleted there.
RENEW = timedelta(days=1)
# A backfill of which nothing was heard for so long is asked for once more.
STALLED = timedelta(days=1)
MOST_ROUNDS = 10_000
_AT_ONCE = 20  # connections
_DEBUG_TRIES = 5

_EVENTS = "/data_sharing/v0/event_subscriptions"
_BACKFILL = "/data_sharing/v0/backfill_requests"
_DEBUG = "/debug/v0/callback/responses"


class _Later(Exception):
    """The server could not be asked now. `gone`: it says that it does not know us."""

    def __init__(self, detail: str, *, at: datetime | None = None, gone: bool = False) -> None:
        super().__init__(detail)
        self.at = at
        self.gone = gone


async def upkeep_due(ctx: Context, client: GuardedClient) -> int:
    """One pass for each connection that is due. Returns how many there were."""
    due = await asyncio.to_thread(_due, ctx)
    await asyncio.gather(*(look_after(ctx, client, server_id) for server_id in due))
    return len(due)


async def look_after(ctx: Context, client: GuardedClient, server_id: str) -> bool:
    """Everything that one connection needs now. False when it has to be tried again later."""
    one = await asyncio.to_thread(load, ctx, server_id)
    if (
        one is None
        or one.confirmed_at is None
        or await asyncio.to_thread(is_blocked, ctx, one.host)
    ):
        await asyncio.to_thread(_rest, ctx, server_id)
        return True
    caller = _Pass(ctx, client, one)
    try:
        await caller.run()
    except _Later as later:
        await asyncio.to_thread(_failed, ctx, one, later)
        return False
    except Exception as error:  # one server must not hold up the others
        log.exception("looking after the connection with %s failed", one.host)
        await asyncio.to_thread(_failed, ctx, one, _Later(f"{type(error).__name__}: {error}"))
        return False
    await asyncio.to_thread(_succeeded, ctx, one)
    return True


@dataclass(slots=True)
class _Pass:
    ctx: Context
    client: GuardedClient
    one: Partner

    async def run(self) -> None:
        await self._answer_debug_calls()
        if not await self._still_shares():
            return
        await self._take_back()
        await self._subscribe()
        await self._take_back()
        await self._backfill()

    async def _still_shares(self) -> bool:
        """Asked before each call: the admin may have switched it off meanwhile."""
        now = await asyncio.to_thread(load, self.ctx, self.one.id)
        return now is not None and now.shares

    async def _call(self, method: str, path: str, body: Json | bytes = b"") -> Answer:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        try:
            answer = await net.call(self.client, self.ctx.clock, self.one.line, method, path, raw)
        except FetchError as error:
            parked = error.retry_at if error.failure is FetchFailure.HOST_PARKED else None
            raise _Later(str(error), at=parked) from None
        except BadSignature as error:
            raise _Later(f"the answer to {method} {path} does not hold: {error}") from None
        if answer.status == 429 or answer.status in (401, 403) or answer.status >= 500:
            if answer.status == 501:
                return answer
            at = parked_until(answer.status, answer.headers, self.ctx.clock.now())
            gone = answer.status in (401, 403)
            raise _Later(f"{method} {path} was answered with {answer.status}", at=at, gone=gone)
        return answer

    # Subscriptions

    async def _take_back(self) -> None:
        for row in await asyncio.to_thread(
            asked.rows, self.ctx, self.one.id, "subscription", "stale"
        ):
            if not await self._still_shares():
                return
            await self._call("DELETE", f"{_EVENTS}/{_segment(row.remote_id)}")
            await asyncio.to_thread(asked.drop, self.ctx, row.id)

    async def _subscribe(self) -> None:
        """All of them, when they are due to be renewed; otherwise those that are missing."""
        renew = self.one.renewed_at is None or self.ctx.clock.now() - self.one.renewed_at >= RENEW
        known = 0
        for category, kind in SUBSCRIPTIONS:
            rows = [
                row
                for row in await asyncio.to_thread(
                    asked.rows, self.ctx, self.one.id, "subscription", "open", "asking", "refused"
                )
                if (row.category, row.type) == (category, kind)
            ]
            there = [row for row in rows if row.state in ("open", "refused")]
            if there and not renew:
                known += 1
                continue
            if not await self._still_shares():
                return
            asking: int | None = next((row.id for row in rows if row.state == "asking"), None)
            if asking is None:
                asking = await asyncio.to_thread(
                    asked.ask, self.ctx, self.one.id, "subscription", category, kind
                )
            known += await self._one_subscription(asking, category, kind, [r.id for r in there])
        if not known:
            raise _Later("the server takes none of our subscriptions", gone=True)
        if renew:
            await asyncio.to_thread(self._renewed)

    async def _one_subscription(
        self, asking: int, category: str, kind: str, before: list[int]
    ) -> bool:
        body = fasp.subscription(category, kind, max_batch=MAX_BATCH, threshold=THRESHOLD)
        answer = await self._call("POST", _EVENTS, body)
        remote_id = _created(answer, "subscription") if answer.status < 300 else None
        there = await asyncio.to_thread(
            asked.subscribed, self.ctx, self.one.id, asking, remote_id, before
        )
        if remote_id is None:
            log.info(
                "%s: no subscription to %s %s (%s)", self.one.host, category, kind, answer.status
            )
        return there

    def _renewed(self) -> None:
        now = self.ctx.clock.now()
        with self.ctx.database.write() as connection:
            connection.execute(
                sa.update(CONNECTIONS).where(CONNECTIONS.c.id == self.one.id).values(renewed_at=now)
            )
            if self.one.own:
                renew_proof(self.ctx, connection, self.one.host, now)

    # Backfill

    async def _backfill(self) -> None:
        for category in BACKFILLS:
            rows = [
                row
                for row in await asyncio.to_thread(
                    asked.rows,
                    self.ctx,
                    self.one.id,
                    "backfill",
                    "asking",
                    "open",
                    "more",
                    "done",
                    "refused",
                )
                if row.category == category
            ]
            if not await self._still_shares():
                return
            if not rows:
                asking = await asyncio.to_thread(
                    asked.ask, self.ctx, self.one.id, "backfill", category, ""
                )
                await self._one_backfill(asking, category)
            for row in rows:
                if row.state == "asking":
                    await self._one_backfill(row.id, category)
                elif row.state == "more" or self._stalled(row):
                    await self._continue(row)

    def _stalled(self, row: Any) -> bool:
        last: datetime = row.heard_at or row.created_at
        return row.state == "open" and self.ctx.clock.now() - last >= STALLED

    async def _one_backfill(self, asking: int, category: str) -> None:
        answer = await self._call("POST", _BACKFILL, fasp.backfill(category, max_count=MAX_BATCH))
        if answer.status >= 300:
            await asyncio.to_thread(asked.change, self.ctx, asking, state="refused")
            return
        remote_id = _created(answer, "backfillRequest")
        # An announcement may have been quicker; what it said about the state stands.
        await asyncio.to_thread(asked.change, self.ctx, asking, remote_id=remote_id)
        await asyncio.to_thread(asked.change, self.ctx, asking, only="asking", state="open")

    async def _continue(self, row: Any) -> None:
        if row.rounds >= MOST_ROUNDS:
            await asyncio.to_thread(asked.change, self.ctx, row.id, state="done")
            return
        # Noted first: the announcement may come before the answer, and its word stands.
        await asyncio.to_thread(
            asked.change, self.ctx, row.id, state="open", heard_at=self.ctx.clock.now()
        )
        try:
            path = f"{_BACKFILL}/{_segment(row.remote_id)}/continuation"
            answer = await self._call("POST", path)
        except BaseException:
            await asyncio.to_thread(asked.change, self.ctx, row.id, only="open", state="more")
            raise
        if answer.status >= 300:  # 404: nothing is left, or it never had a continuation
            await asyncio.to_thread(asked.change, self.ctx, row.id, only="open", state="done")

    # Debug

    async def _answer_debug_calls(self) -> None:
        with self.ctx.database.read() as connection:
            rows = connection.execute(
                sa.select(DEBUG_CALLS)
                .where(
                    DEBUG_CALLS.c.connection_id == self.one.id, DEBUG_CALLS.c.answered_at.is_(None)
                )
                .order_by(DEBUG_CALLS.c.id)
            ).all()
        for row in rows:
            try:
                await self._call("POST", _DEBUG, row.body.encode())
            except _Later:
                if self.one.failures < _DEBUG_TRIES:
                    raise
            await asyncio.to_thread(self._answered, row.id)

    def _answered(self, call_id: int) -> None:
        with self.ctx.database.write() as connection:
            connection.execute(
                sa.update(DEBUG_CALLS)
                .where(DEBUG_CALLS.c.id == call_id)
                .values(answered_at=self.ctx.clock.now())
            )


def _created(answer: Answer, name: str) -> str:
    try:
        return fasp.read_created(net.document(answer), name)
    except ParseError as error:
        raise _Later(f"the answer cannot be read: {error}") from None


def _segment(remote_id: str) -> str:
    return quote(remote_id, safe="")


def _due(ctx: Context) -> list[str]:
    with ctx.database.read() as connection:
        return list(
            connection.scalars(
                sa.select(CONNECTIONS.c.id)
                .where(CONNECTIONS.c.due_at <= ctx.clock.now())
                .order_by(CONNECTIONS.c.due_at)
                .limit(_AT_ONCE)
            )
        )


def _rest(ctx: Context, server_id: str) -> None:
    with ctx.database.write() as connection:
        connection.execute(
            sa.update(CONNECTIONS).where(CONNECTIONS.c.id == server_id).values(due_at=None)
        )


def _failed(ctx: Context, one: Partner, later: _Later) -> None:
    now, failures = ctx.clock.now(), one.failures + 1
    back = now + pause(failures, ctx.jitter())
    with ctx.database.write() as connection:
        connection.execute(
            sa.update(CONNECTIONS)
            .where(CONNECTIONS.c.id == one.id)
            .values(
                failures=failures,
                due_at=max(back, later.at or back),
                last_error=str(later)[:500],
            )
        )
        if later.gone and one.own and one.shares:
            miss_proof(ctx, connection, one.host, now)


def _succeeded(ctx: Context, one: Partner) -> None:
    """Sleep until the next renewal, or on, when something came meanwhile."""
    now = ctx.clock.now()
    mine = REQUESTS.c.connection_id == one.id
    with ctx.database.write() as connection:
        row = connection.execute(sa.select(CONNECTIONS).where(CONNECTIONS.c.id == one.id)).first()
        if row is None:
            return
        waiting = connection.scalar(
            sa.select(sa.func.count()).where(
                mine,
                sa.or_(
                    REQUESTS.c.state.in_(("more", "stale")),
                    sa.and_(REQUESTS.c.state == "asking", REQUESTS.c.remote_id.is_(None)),
                ),
            )
        )
        asked = connection.scalar(
            sa.select(sa.func.count()).where(
                DEBUG_CALLS.c.connection_id == one.id, DEBUG_CALLS.c.answered_at.is_(None)
            )
        )
        due: datetime | None = None
        if waiting or asked:
            due = now
        elif row.renewed_at is not None and row.capabilities:
            due = row.renewed_at + RENEW
        connection.execute(
            sa.update(CONNECTIONS)
            .where(CONNECTIONS.c.id == one.id)
            .values(due_at=due, failures=0, last_error="")
        )
