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
from discover.store.tables import Visit

# Visits through these doors end when they are over.
_ONCE = (Door.PUSH.value, Door.RELAY.value, Door.FASP.value)


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
        for result in results:
            _finish(ctx, connection, result, now)


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


def _finish(ctx: Context, connection: Connection, result: VisitResult, now: datetime) -> None:
    visit = connection.execute(sa.select(VISITS).where(VISITS.c.id == result.visit_id)).first()
    if visit is None:
        return
    asked_again = result.began is not None and visit.due_at > result.began
    if result.over and (asked_again or (result.door and result.door.value != visit.door)):
        return  # somebody came by meanwhile, maybe on another errand
    if result.over and visit.door in _ONCE:
        _end_once(connection, visit, now)
        return
    if result.over:
        # Kept until the retention sweep, so that the same hint is not followed again tomorrow.
        values = {"due_at": now + ctx.rules.purge_after, "last_at": now, "failures": 0}
        connection.execute(sa.update(VISITS).where(VISITS.c.id == visit.id).values(**values))
        return
    if not result.ok:
        failures = visit.failures + 1
        newcomer = visit.door == Door.COMMAND.value and not _is_listed(connection, visit.uri)
        again = next_after_failure_of_newcomer if newcomer else next_after_failure
        pause = again(failures, ctx.jitter())
        if pause is None and _is_listed(connection, visit.uri):
            # Whoever is held is asked after until their evidence has run out.
            pause = next_after_failure(FORGET_AFTER_FAILURES - 1, ctx.jitter())
        if pause is None:
            connection.execute(sa.delete(VISITS).where(VISITS.c.id == visit.id))
            return
        due = max(now + pause, result.retry_at or now)
        values = {"failures": failures, "due_at": due, "last_at": now}
        connection.execute(
            sa.update(VISITS)
            .where(VISITS.c.id == visit.id)
            .values(last_detail=result.detail[:300], **values)
        )
        return
    if visit.uri is None and _is_known_by_uri(connection, visit.handle_key):
        # The handle led to an actor, which has an appointment of its own now.
        connection.execute(sa.delete(VISITS).where(VISITS.c.id == visit.id))
        return
    if result.complete:
        connection.execute(
            sa.update(ACCOUNTS).where(ACCOUNTS.c.uri == visit.uri).values(read_at=now)
        )
    rate = connection.scalar(sa.select(ACCOUNTS.c.posts_per_day).where(ACCOUNTS.c.uri == visit.uri))
    if rate is None and not is_solicited(
        connection, load_servers(connection, [visit.host])[visit.host]
    ):
        # Our operator asked after them once; nobody there asks for us.
        connection.execute(sa.delete(VISITS).where(VISITS.c.id == visit.id))
        return
    pause = (
        next_refused_visit(ctx.jitter()) if rate is None else next_account_visit(rate, ctx.jitter())
    )
    due = visit.due_at if asked_again else now + pause
    connection.execute(
        sa.update(VISITS)
        .where(VISITS.c.id == visit.id)
        .values(failures=0, due_at=due, last_at=now, last_detail=result.detail[:300])
    )


def _end_once(connection: Connection, visit: Any, now: datetime) -> None:
    """Each push is news of its own, so nothing of it is kept.

    A post that was announced to us as a provider and is held is looked at again within a week.
    """
    if visit.door == Door.FASP.value and connection.scalar(
        sa.select(POSTS.c.id).where(POSTS.c.uri == visit.uri)
    ):
        connection.execute(
            sa.update(VISITS)
            .where(VISITS.c.id == visit.id)
            .values(due_at=now + LOOK_AGAIN, last_at=now, failures=0)
        )
        return
    if visit.door == Door.RELAY.value and visit.uri in people_who_asked(connection, visit.host):
        # A person, not a server: what they asked for by name comes first of all.
        connection.execute(
            sa.update(VISITS).where(VISITS.c.id == visit.id).values(door=Door.COMMAND.value)
        )
    elif not _is_listed(connection, visit.uri):
        connection.execute(sa.delete(VISITS).where(VISITS.c.id == visit.id))
    else:
        connection.execute(
            sa.update(VISITS).where(VISITS.c.id == visit.id).values(door=Door.REFRESH.value)
        )


def _is_listed(connection: Connection, uri: str | None) -> bool:
    found = connection.execute(sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == uri)).first()
    return found is not None


def _is_known_by_uri(connection: Connection, handle_key: str | None) -> bool:
    known = connection.execute(
        sa.select(VERDICTS.c.uri)
        .join(VISITS, VISITS.c.uri == VERDICTS.c.uri)
        .where(VERDICTS.c.handle_key == handle_key)
        .limit(1)
    ).first()
    return known is not None


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
