"""Whoever leaves while the index is rebuilt, or written, stays away, whatever becomes of the writer."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from discover.engines.meilisearch import MeilisearchEngine, MeilisearchRebuild
from discover.model.actor import Handle
from discover.model.query import Kind
from discover.services.consent.withdraw import forget_person
from discover.services.context import Stopping
from discover.services.index import outbox
from discover.services.index.indexing import (
    IndexerBusy,
    index_all,
    index_pending,
    reindex,
    restore_lost_index,
)
from discover.services.index.verify import verify
from discover.services.locks import hold, is_abandoned, take_lock
from tests.support.town import HOST

HELD_UP = timedelta(seconds=150)  # longer than the lock lasts, and than its keeper can tell


def once(monkeypatch, owner, name, before):
    """`before` comes right before the first call of this method that has something to do."""
    real, done = getattr(owner, name), []

    def called(self, *given, **more):
        if not done and (not given or given[0]):
            done.append(True)
            before()
        return real(self, *given, **more)

    monkeypatch.setattr(owner, name, called)
    return done


def leaves(indexed, other, name):
    """The first process is held up; somebody leaves, and the second one takes over."""

    def happens():
        indexed.house.clock.ahead += HELD_UP
        forget_person(other.context, Handle(name, HOST))
        assert index_all(other.context) == 1

    return happens


def test_whoever_leaves_during_a_rebuild_that_was_held_up_does_not_come_back(server, monkeypatch):
    server.listed("ann", "bea")
    numbers, other = server.numbers(), server.another()
    once(monkeypatch, MeilisearchRebuild, "add", leaves(server, other, "ann"))
    with pytest.raises(IndexerBusy):
        reindex(server.ctx)
    assert server.raw() == {numbers["bea"]}
    assert verify(other.context).clean
    assert len(server.collections()) == 1


def test_a_rebuild_that_is_held_up_right_before_its_swap_does_not_go_live(server, monkeypatch):
    server.listed("ann", "bea")
    numbers, other = server.numbers(), server.another()
    once(monkeypatch, MeilisearchRebuild, "swap", leaves(server, other, "ann"))
    with pytest.raises(Exception, match="indexSwap failed"):
        reindex(server.ctx)
    assert server.raw() == {numbers["bea"]}
    assert len(server.collections()) == 1


def test_a_batch_that_was_held_up_before_it_was_handed_over_is_not(server, monkeypatch):
    server.listed("ann", "bea")
    numbers, other = server.numbers(), server.another()
    with server.ctx.database.write() as connection:
        outbox.note(connection, outbox.ACCOUNT, [*numbers.values(), 999], server.house.clock.now())

    def leave():
        server.house.clock.ahead += HELD_UP
        forget_person(other.context, Handle("ann", HOST))
        assert index_all(other.context) > 1

    once(monkeypatch, MeilisearchEngine, "delete", leave)  # of what is not there: 999
    with pytest.raises(IndexerBusy):
        index_pending(server.ctx)
    assert server.raw() == {numbers["bea"]}


def test_what_was_handed_over_too_late_is_looked_at_again(server, monkeypatch):
    server.listed("ann", "bea")
    numbers, other = server.numbers(), server.another()
    with server.ctx.database.write() as connection:
        outbox.note(connection, outbox.ACCOUNT, numbers.values(), server.house.clock.now())

    def leave():
        server.house.clock.ahead += HELD_UP
        forget_person(other.context, Handle("ann", HOST))
        assert index_all(other.context) == 3

    once(monkeypatch, MeilisearchEngine, "hand_over", leave)
    with pytest.raises(IndexerBusy):
        index_pending(server.ctx)
    index_all(other.context)
    assert server.raw() == {numbers["bea"]}


DIES = """
import os, pickle, sys
from discover.bootstrap import open_app
from discover.engines.meilisearch import MeilisearchRebuild
from discover.engines.tantivy_writing import TantivyRebuild
from discover.services.index.indexing import reindex

app = open_app(pickle.load(sys.stdin.buffer))
MeilisearchRebuild.swap = TantivyRebuild.swap = lambda self: os.kill(os.getpid(), 9)
reindex(app.context)
"""


def dies_within_a_rebuild(indexed):
    command = [sys.executable, "-c", DIES]
    ended = subprocess.run(command, input=pickle.dumps(indexed.app.settings), check=False)
    assert ended.returncode == -9


def test_what_a_killed_rebuild_left_behind_goes_before_whoever_forgets_is_done(server):
    (_ann,) = server.listed("ann")
    dies_within_a_rebuild(server)
    assert len(server.collections()) == 2
    forget_person(server.ctx, Handle("ann", HOST))
    assert index_pending(server.ctx) == 0  # what the dead one sent last may be on its way
    server.house.clock.ahead += timedelta(seconds=3)
    assert index_pending(server.ctx) == 1
    assert server.raw() == set()
    assert len(server.collections()) == 1


def test_what_a_killed_rebuild_left_behind_goes_although_nothing_else_is_to_be_done(server):
    server.listed("ann")
    dies_within_a_rebuild(server)
    server.house.clock.ahead += HELD_UP
    index_pending(server.ctx)
    assert len(server.collections()) == 1
    assert len(server.raw()) == 1


def test_what_was_left_behind_long_ago_goes_when_a_worker_starts_or_an_index_is_rebuilt(server):
    server.listed("ann")
    engine = server.ctx.engine
    for sweep in (restore_lost_index, reindex):
        name = f"{engine.name(Kind.ACCOUNTS)}_0badc0de"
        engine._make(name, {})
        assert name in server.collections()
        sweep(server.ctx)
        assert server.collections() == [engine.name(Kind.ACCOUNTS)]


def test_the_rebuild_of_a_living_process_is_left_alone(server, monkeypatch):
    server.listed("ann")
    other, seen = server.another(), []

    def meanwhile():
        restore_lost_index(other.context)
        with pytest.raises(IndexerBusy):
            reindex(other.context)
        assert index_pending(other.context) == 0
        seen.extend(server.collections())

    once(monkeypatch, MeilisearchRebuild, "swap", meanwhile)
    assert reindex(server.ctx)["accounts"] == 1
    assert len(seen) == 2


def test_another_installation_of_the_same_server_is_left_alone(server):
    engine = server.ctx.engine
    theirs = f"{engine.name(Kind.ACCOUNTS)}_test_accounts"
    engine._make(theirs, {})
    engine.drop_leftovers()
    assert theirs in server.collections()


def test_a_killed_rebuild_of_the_embedded_edition_leaves_no_files(embedded):
    embedded.listed("ann")
    settings = embedded.app.settings
    embedded.app.close()
    dies_within_a_rebuild(embedded)
    generations = settings.home / "index"
    assert len(list(generations.glob("accounts-*"))) == 2
    embedded.house.app = embedded.another()
    embedded.house.clock.ahead += HELD_UP
    index_pending(embedded.ctx)
    assert len(list(generations.glob("accounts-*"))) == 1
    assert len(embedded.raw()) == 1


def test_a_rebuild_ends_when_its_process_is_to_end(indexed):
    indexed.listed("ann")
    before = indexed.raw()
    with pytest.raises(Stopping):
        reindex(replace(indexed.ctx, stopping=lambda: True))
    assert indexed.raw() == before
    assert index_all(indexed.ctx) == 0
    assert reindex(indexed.ctx)["accounts"] == 1


TAKES = """
import pickle, sys
from discover.bootstrap import open_app
from discover.services.locks import take_lock

given = pickle.load(sys.stdin.buffer)
assert take_lock(open_app(given).context, "long", 300)
print("taken", flush=True)
sys.stdin.read(1)
"""


@contextmanager
def another_process_takes_it(indexed):
    command = [sys.executable, "-c", TAKES]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        pickle.dump(indexed.app.settings, owner.stdin)
        owner.stdin.flush()
        assert owner.stdout.readline() == b"taken\n"
        yield owner


def test_the_lock_of_a_killed_process_is_free_after_a_moment(embedded):
    """Connected servers would not be asked for five minutes, and nobody indexed for one."""
    ctx, clock = embedded.ctx, embedded.house.clock
    with another_process_takes_it(embedded) as owner:
        owner.kill()
    assert take_lock(ctx, "long", 300) is None  # what it sent last may still be on its way
    clock.ahead += timedelta(seconds=1)
    assert take_lock(ctx, "long", 300) is None
    clock.ahead += timedelta(seconds=2)
    with hold(ctx, "long", 300) as held:
        assert held.inherited


def test_the_lock_of_a_living_process_is_its_own_until_it_runs_out(embedded):
    ctx, clock = embedded.ctx, embedded.house.clock
    with another_process_takes_it(embedded) as owner:
        for _ in range(2):
            assert take_lock(ctx, "long", 300) is None
            clock.ahead += HELD_UP
        assert take_lock(ctx, "long", 300) is not None
        owner.kill()


def test_a_lock_is_prolonged_while_its_owner_works(embedded):
    ctx = embedded.ctx
    with hold(ctx, "long", 0.4) as held:
        ended = time.monotonic() + 1.2
        while time.monotonic() < ended:
            with hold(ctx, "long", 0.4) as second:
                assert second is None
            time.sleep(0.05)
        assert held.kept()


def test_a_lock_that_was_taken_over_is_not_had_again(embedded):
    ctx, clock = embedded.ctx, embedded.house.clock
    with hold(ctx, "long", 60) as first:
        clock.ahead += HELD_UP
        assert not first.inherited
        with hold(ctx, "long", 60) as second:
            assert second.inherited
        assert not first.kept()  # although it is free again
        with ctx.database.read() as connection:
            assert not is_abandoned(connection, "long", clock.now())
    with hold(ctx, "long", 60) as third:
        assert not third.inherited
