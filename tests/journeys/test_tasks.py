"""What a dead worker left undone is done by the next."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import sqlalchemy as sa

from discover.services.owners import may_be_alive, own_name
from discover.services.tasks import HANDLERS, drop_dead_tasks, enqueue, run_next_task
from discover.store.database import table
from discover.store.tables import Task


def leave_with(trip, owner):
    """A task that `owner` was at."""
    enqueue(trip.app.context, "follows")
    with trip.app.context.database.write() as connection:
        ahead = trip.clock.now() + trip.clock.now().resolution * 10**9
        connection.execute(sa.update(table(Task)).values(token=owner, until=ahead))


def test_the_task_of_a_killed_worker_does_not_wait_for_its_lease(journey):
    trip = journey(accounts=10, seed=1)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    leave_with(trip, f"{socket.gethostname()}:{gone.pid}:abcd")
    assert run_next_task(trip.app.context) is None
    drop_dead_tasks(trip.app.context, may_be_alive)
    assert run_next_task(trip.app.context) == "follows"


def test_the_task_of_a_living_worker_is_left_to_it(journey):
    trip = journey(accounts=10, seed=1)
    leave_with(trip, own_name())
    drop_dead_tasks(trip.app.context, may_be_alive)
    assert run_next_task(trip.app.context) is None


def named_like(number, secret):
    """How a process of this machine with this number would have called itself."""
    machine, process, rest = own_name().rsplit(":", 2)
    return f"{machine}:{number}.{process.split('.')[1]}.{secret}:{rest}"


def test_a_worker_with_the_number_of_its_dead_predecessor_takes_over_at_once(journey):
    trip = journey(accounts=10, seed=1)
    leave_with(trip, named_like(os.getpid(), "0badc0de"))
    drop_dead_tasks(trip.app.context, may_be_alive)
    assert run_next_task(trip.app.context) == "follows"


def test_another_process_with_the_number_of_a_dead_worker_is_not_taken_for_it(journey):
    trip = journey(accounts=10, seed=1)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as younger:
        leave_with(trip, named_like(younger.pid, "0badc0de"))  # born when we were
        drop_dead_tasks(trip.app.context, may_be_alive)
        assert run_next_task(trip.app.context) == "follows"
        younger.communicate(b"\n")


def test_another_living_worker_keeps_its_task(journey):
    trip = journey(accounts=10, seed=1)
    says = "from discover.services.owners import own_name; print(own_name(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", says], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        leave_with(trip, other.stdout.readline().strip())
        drop_dead_tasks(trip.app.context, may_be_alive)
        assert run_next_task(trip.app.context) is None
        other.communicate("\n")


def test_a_task_that_is_asked_for_while_it_runs_is_done_again(journey, monkeypatch):
    trip = journey(accounts=10, seed=1)
    context, done = trip.app.context, []

    def slowly(ctx, payload):
        done.append(payload)
        if len(done) == 1:
            enqueue(ctx, "follows", payload={"asked": "meanwhile"})

    monkeypatch.setitem(HANDLERS, "follows", slowly)
    enqueue(context, "follows")
    enqueue(context, "follows")
    while run_next_task(context) is not None:
        pass
    assert done == [{}, {"asked": "meanwhile"}]
