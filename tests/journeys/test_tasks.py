"""What a dead worker left undone is done by the next."""

from __future__ import annotations

import socket
import subprocess
import sys

import sqlalchemy as sa

from discover.services.owners import may_be_alive, own_name
from discover.services.tasks import drop_dead_tasks, enqueue, run_next_task
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
