"""Queued work: one row per (kind, key), done at least once, retried until it succeeds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from discover.policy.retry import next_try
from discover.services.consent.retention import enforce_retention
from discover.services.console.growth import note_sizes
from discover.services.context import Context, Stopping
from discover.services.fasp.partners import forget_unconfirmed
from discover.services.federation.following import reconcile as reconcile_follows
from discover.services.federation.inbox import work_off
from discover.services.federation.seen import forget_seen
from discover.services.index import rebuilds
from discover.services.index.indexing import index_all
from discover.services.index.verify import repair, verify
from discover.services.owners import own_name
from discover.services.suggest.learning import learn_words
from discover.services.suggest.similarity import refresh_all
from discover.services.topics import edits as topic_edits
from discover.services.topics.boosts import boost_topics
from discover.services.topics.growth import grow
from discover.services.trends.counts import renew_counts
from discover.services.trends.levels import refresh_levels
from discover.store.database import table, upsert
from discover.store.tables import Task, TaskRun

_TASKS = table(Task)
_RUNS = table(TaskRun)
_LEASE = timedelta(minutes=30)

Handler = Callable[[Context, Mapping[str, Any]], object]


def _reconcile(ctx: Context, _payload: Mapping[str, Any]) -> None:
    """Index and database must agree; what does not goes through the outbox again."""
    index_all(ctx)
    report = verify(ctx)
    if not report.clean:
        repair(ctx, report)


def _retention(ctx: Context, _payload: Mapping[str, Any]) -> None:
    enforce_retention(ctx)
    forget_seen(ctx)
    forget_unconfirmed(ctx)


def _similarity(ctx: Context, _payload: Mapping[str, Any]) -> None:
    refresh_all(ctx)


def _common_words(ctx: Context, _payload: Mapping[str, Any]) -> None:
    learn_words(ctx)


def _follows(ctx: Context, _payload: Mapping[str, Any]) -> None:
    reconcile_follows(ctx)


def _trends(ctx: Context, _payload: Mapping[str, Any]) -> None:
    refresh_levels(ctx)


def _trend_counts(ctx: Context, _payload: Mapping[str, Any]) -> None:
    renew_counts(ctx)


def _topic_boosts(ctx: Context, _payload: Mapping[str, Any]) -> None:
    boost_topics(ctx)


def _sizes(ctx: Context, _payload: Mapping[str, Any]) -> None:
    note_sizes(ctx)


def _topics(ctx: Context, _payload: Mapping[str, Any]) -> None:
    topic_edits.follow(ctx, at_once=True)
    grow(ctx)


# Every kind of queued work there is
HANDLERS: dict[str, Handler] = {
    "retention": _retention,
    "reconcile": _reconcile,
    "inbox": work_off,
    "follows": _follows,
    "topics": _topics,
    "sizes": _sizes,
    "trends": _trends,
    "trend_counts": _trend_counts,
    "topic_boosts": _topic_boosts,
    rebuilds.TASK: rebuilds.run,
    "similarity": _similarity,
    "common_words": _common_words,
}
# By these people and servers leave: they wait for no other work.
AT_ONCE = frozenset({"inbox"})


def enqueue(
    ctx: Context, kind: str, key: str = "", payload: Mapping[str, Any] | None = None
) -> None:
    """Due now. Asking twice before it has begun is asking once; while it runs, it is done again."""
    if kind not in HANDLERS:
        raise ValueError(f"no handler for tasks of kind {kind!r}")
    row = {"kind": kind, "key": key, "payload": dict(payload or {}), "due_at": ctx.clock.now()}
    with ctx.database.write() as connection:
        upsert(connection, Task, [row], key=["kind", "key"], update=[], update_values=_again)


def _again(new: Any) -> dict[str, Any]:
    """What runs now may have looked already at what it is asked for; what waits will look."""
    running = _TASKS.c.token.is_not(None)
    return {
        name: sa.case((running, new[name]), else_=_TASKS.c[name]) for name in ("due_at", "payload")
    }


def drop_dead_tasks(ctx: Context, alive: Callable[[str], bool]) -> None:
    """Free the tasks of workers that are known to be dead (`alive` is asked for each)."""
    with ctx.database.write() as connection:
        held = set(connection.scalars(sa.select(_TASKS.c.token).where(_TASKS.c.token.is_not(None))))
        dead = [token for token in held if not alive(token)]
        connection.execute(
            sa.update(_TASKS).where(_TASKS.c.token.in_(dead)).values(token=None, until=None)
        )


def run_next_task(ctx: Context, kinds: Collection[str] = HANDLERS) -> str | None:
    """Do one due task of these kinds. Returns its kind, None when nothing is due.

    A task that raises stays queued with the error noted; so does one whose worker dies, and, without
    an error, one that is left because the worker stops.
    """
    now = ctx.clock.now()
    free = sa.and_(
        _TASKS.c.kind.in_(kinds),
        _TASKS.c.due_at <= now,
        sa.or_(_TASKS.c.until.is_(None), _TASKS.c.until <= now),
    )
    with ctx.database.read() as connection:
        found = connection.execute(
            sa.select(_TASKS).where(free).order_by(_TASKS.c.due_at).limit(1)
        ).first()
    if found is None:
        return None
    token = own_name()
    with ctx.database.write() as connection:
        taken = connection.execute(
            sa.update(_TASKS)
            .where(_TASKS.c.id == found.id, free)
            .values(token=token, until=now + _LEASE)
        ).rowcount
    if not taken:
        return None
    mine = sa.and_(_TASKS.c.id == found.id, _TASKS.c.token == token)
    try:
        HANDLERS[found.kind](ctx, found.payload)
    except Stopping:
        with ctx.database.write() as connection:
            connection.execute(sa.update(_TASKS).where(mine).values(token=None, until=None))
        return str(found.kind)
    except Exception as error:
        attempts = found.attempts + 1
        with ctx.database.write() as connection:
            connection.execute(
                sa.update(_TASKS)
                .where(mine)
                .values(
                    token=None,
                    until=None,
                    attempts=attempts,
                    due_at=ctx.clock.now() + next_try(attempts, ctx.jitter()),
                    last_error=f"{type(error).__name__}: {error}"[:500],
                )
            )
        raise
    with ctx.database.write() as connection:
        connection.execute(sa.delete(_TASKS).where(mine, _TASKS.c.due_at == found.due_at))
        connection.execute(sa.update(_TASKS).where(mine).values(token=None, until=None))
        if not found.key:
            run = {"kind": found.kind, "done_at": ctx.clock.now()}
            upsert(connection, TaskRun, [run], key=["kind"], update=["done_at"])
    return str(found.kind)


def last_runs(ctx: Context) -> dict[str, datetime]:
    """Kind -> when it was last done to its end, of those there is one of at a time."""
    with ctx.database.read() as connection:
        return {row.kind: row.done_at for row in connection.execute(sa.select(_RUNS))}
