"""Deliveries: queued with what caused them, sent in order per host, to many hosts at once.

A killed process loses nothing. It may send one activity again, under the same id, which receivers
count once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

import orjson
from sqlalchemy.engine import Connection

from discover.model.fetched import FetchError, FetchFailure
from discover.net.conversation import Answer
from discover.policy.delivery import FIRST, Meaning, meaning_of, meaning_of_failure
from discover.policy.origin import host_of
from discover.policy.politeness import parked_until
from discover.services.context import Context
from discover.services.federation.delivery_turns import (
    LEASE,
    Due,
    Result,
    anything_due,
    claim,
    release_all,
    renew,
    settle,
)
from discover.services.ledger import Ledger
from discover.services.owners import own_name
from discover.store.database import upsert
from discover.store.tables import Delivery, DeliveryHost

log = logging.getLogger(__name__)

ACTIVITY = "application/activity+json"

# A host that keeps us waiting for longer than this many seconds takes no quick place meanwhile, so
# that the dead do not stand in the way of the living.
QUICK_SECONDS = 3.0
QUICK_PLACES = 64
PLACES = 256
# Of these, for hosts that failed last time.
PROBE_PLACES = 32
# After so many seconds other hosts get their turn.
TURN_SECONDS = 60.0
_IDLE_SECONDS = 0.25
_LOOK_SECONDS = 0.02
# How long a stop waits for answers that are under way.
_GRACE_SECONDS = 5.0


class Poster(Protocol):
    """The guarded client, as far as deliveries need it."""

    async def post(
        self, url: str, body: bytes, *, content_type: str, actor: str | None = None
    ) -> Answer: ...


def enqueue(
    connection: Connection,
    *,
    activity: dict[str, Any],
    inboxes: Iterable[str],
    now: datetime,
    last_word: bool = False,
) -> None:
    """Queue an activity for each inbox, inside the caller's transaction.

    Idempotent by (activity id, inbox). Addresses that are no http(s) URL are left out. ValueError
    for an activity without an id. `last_word`: it goes even to a server that is out, since it
    answers the message which took it out.
    """
    activity_id = activity.get("id")
    if not isinstance(activity_id, str) or not activity_id:
        raise ValueError("an activity that is delivered needs an id")
    body = orjson.dumps(activity).decode()
    rows = [
        {
            "activity_id": activity_id, "inbox": inbox, "host": host, "body": body,
            "created_at": now, "due_at": now, "attempts": 0, "last_error": "",
            "last_word": last_word,
        }
        for inbox in dict.fromkeys(inboxes)
        if (host := host_of(inbox))
    ]  # fmt: skip
    # Hosts first and in order: this locks their rows against `_leave`, which removes idle ones.
    hosts = sorted({str(row["host"]) for row in rows})
    upsert(
        connection, DeliveryHost, [{"host": host} for host in hosts], key=["host"], update=["host"]
    )
    upsert(connection, Delivery, rows, key=["activity_id", "inbox"])


async def deliver_due(
    ctx: Context, client: Poster, stop: asyncio.Event, *, until_idle: bool = True
) -> int:
    """Send what is due until nothing is, or, if not `until_idle`, until `stop` is set.

    Returns how many deliveries were taken by their receivers.
    """
    return await _Postman(ctx, client, stop).run(until_idle=until_idle)


@dataclass(slots=True)
class _Turn:
    host: str
    probe: bool  # it failed last time
    since: float  # the start of the try that is under way, on the event loop's clock


class _Postman:
    def __init__(self, ctx: Context, client: Poster, stop: asyncio.Event) -> None:
        self._ctx = ctx
        self._client = client
        self._stop = stop
        self._ledger = Ledger(ctx.database)
        self._owner = own_name()
        self._turns: dict[asyncio.Task[None], _Turn] = {}
        self._taken = 0

    async def run(self, *, until_idle: bool) -> int:
        stopping = asyncio.create_task(self._stop.wait())
        renewing = asyncio.create_task(self._renew())
        try:
            while not self._stop.is_set():
                started = await self._start_turns()
                if until_idle and not started and not self._turns:
                    break
                # Not at every answer: what came in meanwhile is claimed together.
                await asyncio.sleep(_LOOK_SECONDS)
                if not started:
                    await asyncio.wait(
                        {stopping, *self._turns},
                        timeout=_IDLE_SECONDS,
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                self._clear_ended()
        finally:
            stopping.cancel()
            if self._turns:
                await asyncio.wait(self._turns, timeout=_GRACE_SECONDS)
            for turn in self._turns:
                turn.cancel()
            await asyncio.gather(*self._turns, return_exceptions=True)
            renewing.cancel()
            await self._ledger.write(partial(release_all, owner=self._owner))
        return self._taken

    async def _start_turns(self) -> int:
        well, probes = self._room()
        if well <= 0 or not await asyncio.to_thread(anything_due, self._ctx):
            return 0
        found = await self._ledger.write(
            partial(claim, self._ctx, owner=self._owner, well=well, probes=probes)
        )
        now = asyncio.get_running_loop().time()
        for due, probe in found:
            turn = _Turn(due.host, probe, now)
            self._turns[asyncio.create_task(self._run_turn(due, turn))] = turn
        return len(found)

    def _room(self) -> tuple[int, int]:
        """Free places: for hosts that are well, and of these for probes."""
        now = asyncio.get_running_loop().time()
        quick = sum(1 for turn in self._turns.values() if now - turn.since < QUICK_SECONDS)
        probing = sum(1 for turn in self._turns.values() if turn.probe)
        free = min(QUICK_PLACES - quick, PLACES - len(self._turns))
        return free, min(free, PROBE_PLACES - probing)

    def _clear_ended(self) -> None:
        for task in [task for task in self._turns if task.done()]:
            turn = self._turns.pop(task)
            if not task.cancelled() and (error := task.exception()) is not None:
                # Its lease runs out by itself, and somebody tries again.
                log.error("deliveries to %s were interrupted", turn.host, exc_info=error)

    async def _run_turn(self, due: Due, turn: _Turn) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + TURN_SECONDS
        following: Due | None = due
        while following is not None:
            due, turn.since = following, loop.time()
            result = await self._try(due)
            self._taken += result.meaning is Meaning.DONE
            more = loop.time() < end and not self._stop.is_set()
            following = await self._ledger.write(
                partial(settle, self._ctx, owner=self._owner, due=due, result=result, more=more)
            )

    async def _try(self, due: Due) -> Result:
        try:
            answer = await self._client.post(
                due.inbox, due.body, content_type=ACTIVITY, **self._signed_by(due.body)
            )
        except FetchError as error:
            return self._without_answer(error)
        except Exception as error:  # one delivery must not hold up its host for ever
            log.exception("delivery to %s failed", due.inbox)
            return Result(Meaning.DOUBTFUL, f"{type(error).__name__}: {error}")
        meaning = meaning_of(answer.status)
        said = "" if meaning is Meaning.DONE else answer.body[:300].decode("utf-8", "replace")
        return Result(
            meaning,
            f"{answer.status} {said}".strip(),
            status=answer.status,
            retry_at=parked_until(answer.status, answer.headers, self._ctx.clock.now()),
        )

    def _signed_by(self, body: bytes) -> dict[str, str]:
        """By the activity's own actor, where that is not the house's first one."""
        actor = orjson.loads(body).get("actor")
        start = f"{self._ctx.actor_uri}/"
        return {"actor": actor} if isinstance(actor, str) and actor.startswith(start) else {}

    def _without_answer(self, error: FetchError) -> Result:
        if error.failure is FetchFailure.HOST_PARKED:
            retry_at = error.retry_at or self._ctx.clock.now() + FIRST
            return Result(Meaning.AGAIN, str(error), retry_at=retry_at, tried=False)
        return Result(meaning_of_failure(error.failure), str(error), retry_at=error.retry_at)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 4)
            hosts = [turn.host for task, turn in self._turns.items() if not task.done()]
            try:
                await self._ledger.write(partial(renew, self._ctx, owner=self._owner, hosts=hosts))
            except Exception:  # the next time may succeed; else the leases run out
                log.exception("leases of deliveries were not renewed")
