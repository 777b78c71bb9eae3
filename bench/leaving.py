"""How long after a person's no: out of the answers, and out of the raw index."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import sqlalchemy as sa

from bench import suggest
from bench.discovery_fill import Size, fill
from bench.editions import EDITIONS, Parts, opened
from bench.measure import Goal, Result, median, percentile
from discover.bootstrap import App
from discover.model.query import EngineQuery, Filters, Kind
from discover.model.views import SearchRequest
from discover.services.consent.withdraw import withdraw_account
from discover.services.facts import ACCOUNTS
from discover.services.find.search import search
from discover.worker import work

ENGINES = {"embedded": "SQLite + Tantivy", "server": "PostgreSQL + Meilisearch"}
MOST_SECONDS = 5.0
PATIENCE = 60.0
BETWEEN = 0.2  # seconds between two people who leave, on average


def run(parts: Parts, *, quick: bool) -> Result:
    accounts, leaving = (2_000, 30) if quick else (200_000, 300)
    result = Result(
        "leaving",
        f"Seconds after a person's no, at {accounts:,} accounts",
        ["edition", "what", "median", "p99", "longest"],
        unit="seconds at the 99th percentile",
    )
    for edition in EDITIONS:
        settings = parts.settings(edition)
        with opened(settings) as app:
            print(f"  filling the {edition} edition with {accounts:,} accounts …", flush=True)
            fill(app, Size(suggest.Size(accounts, 0, 0), accounts))
            hidden, gone, shown = _leave(app, leaving)
        for what, times in (("committed: hidden from all answers", hidden), ("raw index", gone)):
            numbers = (median(times), percentile(times, 0.99), max(times))
            result.rows.append([ENGINES[edition], what, *(f"{one:.3f}" for one in numbers)])
            result.bars[f"{ENGINES[edition]}, {what}"] = numbers[1]
            print(f"  {'  '.join(result.rows[-1])}", flush=True)  # the next takes its time
        result.goals += [
            Goal(
                f"s until the raw index no longer holds them, p99, {ENGINES[edition]}",
                MOST_SECONDS, percentile(gone, 0.99), at_least=False,
            ),
            Goal(
                f"people shown in the very next answer, of {leaving}, {ENGINES[edition]}",
                1, shown, at_least=False,
            ),
        ]  # fmt: skip
    result.notes += [
        (
            f"{leaving} of {accounts:,} people leave one after the other, {BETWEEN} s apart on"
            " average, while the worker follows the outbox in a thread of the same process. The next"
            " answer is a search for their handle right after the commit."
        ),
        (
            f"Filled directly, with {accounts:,} posts beside them and what is worked out of both"
            " for suggestions and trends."
        ),
        "The raw index is asked by the engine's own filter, every 10 ms, without the database.",
    ]
    return result


def _leave(app: App, count: int) -> tuple[list[float], list[float], int]:
    """(seconds until committed, seconds until the raw index held them no more, shown after)"""
    chance = random.Random(4)
    with app.context.database.read() as connection:
        ids = list(connection.scalars(sa.select(ACCOUNTS.c.id)))
    people = chance.sample(ids, count)
    stop, over = threading.Event(), threading.Event()
    worker = threading.Thread(target=work, args=(app, stop))
    worker.start()
    hidden: list[float] = []
    gone: list[float] = []
    shown = 0
    lock = threading.Lock()
    left: dict[int, float] = {}

    def watch() -> None:
        while left or not over.is_set():
            with lock:
                asked = dict(left)
            for account, since in asked.items():
                if not _raw(app, account):
                    gone.append(time.perf_counter() - since)
                    with lock:
                        del left[account]
                elif time.perf_counter() - since > PATIENCE:
                    raise AssertionError(f"still in the index after {PATIENCE} s")
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for account in people:
            with app.context.database.read() as connection:
                handle = connection.scalar(
                    sa.select(ACCOUNTS.c.handle).where(ACCOUNTS.c.id == account)
                )
            began = time.perf_counter()
            with app.context.database.write() as connection:
                withdraw_account(connection, account, app.context.clock.now())
            hidden.append(time.perf_counter() - began)
            with lock:
                left[account] = began
            found: Any = search(app.context, SearchRequest(text=f"@{handle}", kind="all"))
            shown += any(one.id == account for one in found.accounts)
            time.sleep(chance.uniform(0, 2 * BETWEEN))
    finally:
        over.set()
        watcher.join()
        stop.set()
        worker.join()
    assert len(gone) == count
    return hidden, gone, shown


def _raw(app: App, account: int) -> bool:
    """Does the index itself still hold this account?"""
    filters = Filters(account_ids=(account,))
    query = EngineQuery(Kind.ACCOUNTS, filters=filters, limit=1, highlight=False)
    return bool(app.context.engine.search(query).hits)
