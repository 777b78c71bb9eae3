"""Appointments: whom to visit now, and when to come again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Handle
from discover.model.observed import Door, VisitResult
from discover.policy.fasp import LOOK_AGAIN
from discover.policy.frontier import (
    FORGET_AFTER_FAILURES,
    next_account_visit,
    next_after_failure,
    next_after_failure_of_newcomer,
    next_refused_visit,
)
from discover.services.consent.withdraw import POSTS, VERDICTS, VISITS
from discover.services.context import Context
from discover.services.crawl.turns import LEASES, is_solicited
from discover.services.facts import (
    ACCOUNTS,
    SERVERS,
    load_servers,
    people_who_asked,
    suppressed,
)
from discover.services.index.outbox import OUTBOX
from discover.store.database import upsert
from discover.store.lookup import Lookup, among
from discover.store.tables import Visit

# Visits through these doors end when they are over.
_ONCE = (Door.PUSH.value, Door.RELAY.value, Door.FASP.value)

# Statements are made once: to make one costs more than to run it.
_VISITS_OF = Lookup(sa.select(VISITS).where(among(VISITS.c.id)))
_RATES_OF = Lookup(sa.select(ACCOUNTS.c.uri, ACCOUNTS.c.posts_per_day).where(among(ACCOUNTS.c.uri)))
_UPDATE = sa.update(VISITS).where(VISITS.c.id == sa.bindparam("visit"))
_END = sa.delete(VISITS).where(VISITS.c.id == sa.bindparam("visit"))
_READ = sa.update(ACCOUNTS).where(ACCOUNTS.c.uri == sa.bindparam("read"))
_POST = sa.select(POSTS.c.id).where(POSTS.c.uri == sa.bindparam("wanted"))
_LED_SOMEWHERE = (
    sa.select(VERDICTS.c.uri)
    .join(VISITS, VISITS.c.uri == VERDICTS.c.uri)
    .where(VERDICTS.c.handle_key == sa.bindparam("wanted"))
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class CrawlProgress:
    servers: int
    hosts_leased: int
    visits_due: int
    visits_waiting: int
    accounts: int
    posts: int
    outbox: int


def finish_visits(ctx: Context, results: Sequence[VisitResult]) -> None:
    """Make the next appointments."""
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        visits = {row.id: row for row in _VISITS_OF(connection, [one.visit_id for one in results])}
        uris = {visit.uri for visit in visits.values() if visit.uri}
        rates = {row.uri: row.posts_per_day for row in _RATES_OF(connection, uris)}
        for result in results:
            if visit := visits.get(result.visit_id):
                _finish(ctx, connection, visit, result, rates.get(visit.uri), now)


def schedule_now(ctx: Context, *, hosts: Iterable[str] = (), handles: Iterable[Handle] = ()) -> int:
    """Make servers and their known accounts, or single handles, due at once.

    Returns how many appointments were made or moved. Suppressed people are left out.
    """
    now = ctx.clock.now()
    made = 0
    with ctx.database.write() as connection:
        for host in hosts:
            made += connection.execute(
                sa.update(SERVERS).where(SERVERS.c.host == host).values(due_at=now)
            ).rowcount
            made += connection.execute(
                sa.update(VISITS).where(VISITS.c.host == host).values(due_at=now)
            ).rowcount
            connection.execute(
                sa.update(LEASES)
                .where(LEASES.c.host == host, LEASES.c.token.is_(None))
                .values(not_before=None)
            )
        for handle in handles:
            made += _schedule_handle(ctx, connection, handle, now)
    return made


def crawl_progress(ctx: Context) -> CrawlProgress:
    """Numbers for the progress display."""
    now = ctx.clock.now()
    with ctx.database.read() as connection:

        def number(query: Any) -> int:
            return connection.scalar(query) or 0

        def rows(source: sa.Table, *where: Any) -> int:
            return number(sa.select(sa.func.count()).select_from(source).where(*where))

        return CrawlProgress(
            servers=rows(SERVERS, SERVERS.c.opt_in != "none"),
            hosts_leased=rows(LEASES, LEASES.c.until > now),
            visits_due=rows(VISITS, VISITS.c.due_at <= now)
            + rows(SERVERS, SERVERS.c.due_at <= now),
            visits_waiting=rows(VISITS),
            accounts=rows(ACCOUNTS),
            posts=rows(POSTS),
            outbox=rows(OUTBOX),
        )


def _finish(
    ctx: Context,
    connection: Connection,
    visit: Any,
    result: VisitResult,
    rate: float | None,
    now: datetime,
) -> None:
    """`rate`: posts a day of the account, None when we hold none."""
    asked_again = result.began is not None and visit.due_at > result.began
    if result.over and (asked_again or (result.door and result.door.value != visit.door)):
        return  # somebody came by meanwhile, maybe on another errand
    if result.over and visit.door in _ONCE:
        _end_once(connection, visit, now, listed=rate is not None)
        return
    if result.over:
        # Kept until the retention sweep, so that the same hint is not followed again tomorrow.
        _update(connection, visit, due_at=now + ctx.rules.purge_after, last_at=now, failures=0)
        return
    if not result.ok:
        failures = visit.failures + 1
        newcomer = visit.door == Door.COMMAND.value and rate is None
        again = next_after_failure_of_newcomer if newcomer else next_after_failure
        pause = again(failures, ctx.jitter())
        if pause is None and rate is not None:
            # Whoever is held is asked after until their evidence has run out.
            pause = next_after_failure(FORGET_AFTER_FAILURES - 1, ctx.jitter())
        if pause is None:
            connection.execute(_END, {"visit": visit.id})
            return
        due, detail = max(now + pause, result.retry_at or now), result.detail[:300]
        _update(connection, visit, failures=failures, due_at=due, last_at=now, last_detail=detail)
        return
    if visit.uri is None and _led_somewhere(connection, visit.handle_key):
        # The handle led to an actor, which has an appointment of its own now.
        connection.execute(_END, {"visit": visit.id})
        return
    if result.complete:
        connection.execute(_READ, {"read": visit.uri, "read_at": now})
    if rate is None and not is_solicited(
        connection, load_servers(connection, [visit.host])[visit.host]
    ):
        # Our operator asked after them once; nobody there asks for us.
        connection.execute(_END, {"visit": visit.id})
        return
    pause = (
        next_refused_visit(ctx.jitter()) if rate is None else next_account_visit(rate, ctx.jitter())
    )
    due = visit.due_at if asked_again else now + pause
    _update(connection, visit, failures=0, due_at=due, last_at=now, last_detail=result.detail[:300])


def _update(connection: Connection, visit: Any, **values: Any) -> None:
    connection.execute(_UPDATE, {"visit": visit.id, **values})


def _end_once(connection: Connection, visit: Any, now: datetime, *, listed: bool) -> None:
    """Each push is news of its own, so nothing of it is kept.

    A post that was announced to us as a provider and is held is looked at again within a week.
    """
    if visit.door == Door.FASP.value and connection.scalar(_POST, {"wanted": visit.uri}):
        _update(connection, visit, due_at=now + LOOK_AGAIN, last_at=now, failures=0)
    elif visit.door == Door.RELAY.value and visit.uri in people_who_asked(connection, visit.host):
        # A person, not a server: what they asked for by name comes first of all.
        _update(connection, visit, door=Door.COMMAND.value)
    elif not listed:
        connection.execute(_END, {"visit": visit.id})
    else:
        _update(connection, visit, door=Door.REFRESH.value)


def _led_somewhere(connection: Connection, handle_key: str | None) -> bool:
    return connection.execute(_LED_SOMEWHERE, {"wanted": handle_key}).first() is not None


def _schedule_handle(ctx: Context, connection: Connection, handle: Handle, now: datetime) -> int:
    if suppressed(connection, [ctx.digest(handle.key)]):
        return 0
    uris = list(
        connection.scalars(sa.select(VERDICTS.c.uri).where(VERDICTS.c.handle_key == handle.key))
    )
    if uris:
        moved = connection.execute(
            sa.update(VISITS).where(VISITS.c.uri.in_(uris)).values(due_at=now)
        ).rowcount
        if moved:
            return moved
    row = {
        "handle_key": handle.key, "handle": str(handle), "host": handle.host,
        "door": Door.COMMAND.value, "due_at": now,
    }  # fmt: skip
    upsert(connection, Visit, [row], key=["handle_key"], update=["due_at"])
    return 1
