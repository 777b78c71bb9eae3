"""What the worker does while it is at something long."""

from __future__ import annotations

import threading
from contextlib import contextmanager

from discover import worker
from discover.services import tasks
from discover.services.index import rebuilds
from discover.store.tables import Account, Task
from tests.support.cluster import until


@contextmanager
def working(indexed):
    stop = threading.Event()
    thread = threading.Thread(target=worker.work, args=(indexed.app, stop))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(60)
    assert not thread.is_alive()


def test_whoever_says_out_does_not_wait_for_a_long_task(indexed, monkeypatch):
    (ann,) = indexed.listed("ann")
    begun, finish = threading.Event(), threading.Event()

    def long(_ctx, _payload):
        begun.set()
        assert finish.wait(60)

    monkeypatch.setitem(tasks.HANDLERS, "reindex", long)
    rebuilds.ask(indexed.ctx, "an operator")
    note = indexed.note(ann, "out")
    with working(indexed):
        assert begun.wait(60)
        sent = indexed.house.send(ann, "Create", note, to=note["to"], cc=[])
        assert sent.status_code == 202
        until(lambda: not indexed.house.rows(Account), 60, "she is gone from the answers")
        until(lambda: not indexed.raw(), 60, "she is gone from the index")
        assert [row.kind for row in indexed.house.rows(Task) if row.token] == ["reindex"]
        finish.set()


def test_a_rebuild_hears_that_its_worker_stops_and_is_begun_anew_by_the_next(indexed, monkeypatch):
    indexed.listed("ann")
    number = rebuilds.ask(indexed.ctx, "an operator")
    real = type(indexed.ctx.engine).rebuild
    begun, stopped = threading.Event(), threading.Event()

    @contextmanager
    def slowly(self, kind):
        with real(self, kind) as fresh:
            begun.set()
            assert stopped.wait(60)
            yield fresh

    monkeypatch.setattr(type(indexed.ctx.engine), "rebuild", slowly)
    with working(indexed) as stop:
        assert begun.wait(60)
        stop.set()
        stopped.set()
    (left,) = [row for row in indexed.house.rows(Task) if row.kind == "reindex"]
    assert (left.token, left.attempts, left.last_error) == (None, 0, "")
    assert len(indexed.raw()) == 1
    with working(indexed):
        until(lambda: state(indexed, number) == "done", 60, "the next worker did it")
    assert len(indexed.raw()) == 1


def state(indexed, number):
    (one,) = [one for one in rebuilds.newest(indexed.ctx) if one.id == number]
    assert one.last_error == ""
    return one.state
