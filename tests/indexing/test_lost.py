"""An index that was lost, or lacks somebody, is made whole again by itself."""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress

import pytest

from discover import worker
from discover.model.query import Kind
from discover.ports import EngineUnavailable
from discover.schedule import PERIODS, run_scheduler
from discover.services.index import outbox
from discover.services.index.indexing import index_all, restore_lost_index
from discover.services.tasks import run_next_task
from discover.store.tables import Task
from tests.support.cluster import until


def lose(indexed):
    """As when a disk, or the search server's, is gone; then another process prepares it."""
    settings = indexed.app.settings
    if settings.embedded:
        indexed.app.close()
        shutil.rmtree(settings.home / "index")
        indexed.house.app = indexed.another()
    else:
        engine = indexed.ctx.engine
        for name in (engine._meta, *map(engine.name, Kind)):
            engine._done(engine._server.http.delete(f"indexes/{name}"))
    indexed.ctx.engine.prepare()


def test_a_lost_index_is_rebuilt_although_somebody_waits_for_it(indexed):
    indexed.listed("ann", "bea")
    numbers = indexed.numbers()
    lose(indexed)
    with indexed.ctx.database.write() as connection:
        outbox.note(connection, outbox.ACCOUNT, [numbers["ann"]], indexed.house.clock.now())
    assert restore_lost_index(indexed.ctx)
    assert indexed.raw() == set(numbers.values())
    assert not restore_lost_index(indexed.ctx)


def test_an_empty_index_to_which_everybody_is_on_their_way_is_not_made_anew(indexed):
    indexed.listed("ann", "bea")
    numbers = indexed.numbers()
    lose(indexed)
    with indexed.ctx.database.write() as connection:
        outbox.note(connection, outbox.ACCOUNT, numbers.values(), indexed.house.clock.now())
    assert not restore_lost_index(indexed.ctx)
    index_all(indexed.ctx)
    assert indexed.raw() == set(numbers.values())


def test_lost_posts_are_rebuilt_although_the_people_are_there(indexed):
    ann = indexed.town.person("ann")
    note = indexed.town.documents[indexed.town.post(ann, "A lighthouse in the fog")]
    outbox_document = indexed.town.documents[f"{ann.uri}/outbox"]
    outbox_document |= {"orderedItems": [note], "totalItems": 1}
    indexed.say(ann, "in")
    before = indexed.raw(Kind.POSTS)
    assert len(before) == 1
    indexed.ctx.engine.delete(Kind.POSTS, sorted(before))
    assert restore_lost_index(indexed.ctx)
    assert indexed.raw(Kind.POSTS) == before


def test_an_index_that_is_lost_while_the_worker_runs_is_rebuilt_by_the_same_worker(server):
    server.listed("ann", "bea")
    numbers = server.numbers()
    follow = worker._index(server.ctx, threading.Event())
    follow()
    engine = server.ctx.engine
    for name in (engine._meta, *map(engine.name, Kind)):
        engine._done(engine._server.http.delete(f"indexes/{name}"))
    with server.ctx.database.write() as connection:
        outbox.note(connection, outbox.PURGE_ACCOUNT, [999], server.house.clock.now())
    with pytest.raises(EngineUnavailable):
        follow()
    follow()
    assert server.raw() == set(numbers.values())


def scheduled(indexed):
    """Start a scheduler and end it; the kinds of tasks that it queued."""
    stop = threading.Event()
    thread = threading.Thread(target=run_scheduler, args=(indexed.app, stop))
    thread.start()
    with suppress(AssertionError):
        until(lambda: {row.kind for row in indexed.house.rows(Task)} >= set(PERIODS), 5, "queued")
    stop.set()
    thread.join()
    queued = {row.kind for row in indexed.house.rows(Task)}
    while run_next_task(indexed.ctx) is not None:
        pass
    return queued


def test_what_comes_daily_comes_although_the_scheduler_is_restarted_before_the_day_is_over(
    embedded,
):
    clock = embedded.house.clock
    assert scheduled(embedded) == set(PERIODS)  # nothing was ever done
    clock.ahead += type(clock.ahead)(hours=23)
    assert "reconcile" not in scheduled(embedded)
    clock.ahead += type(clock.ahead)(hours=2)
    assert "reconcile" in scheduled(embedded)


def test_an_index_that_lacks_somebody_is_mended_when_the_scheduler_starts(embedded):
    embedded.listed("ann", "bea")
    numbers = embedded.numbers()
    embedded.ctx.engine.delete(Kind.ACCOUNTS, [numbers["ann"]])
    scheduled(embedded)
    embedded.house.tasks()
    assert embedded.raw() == set(numbers.values())
