"""Connections that are kept between reads: never a view of the past, never a broken one for long."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from discover.store.database import Database, table
from discover.store.lookup import Lookup
from discover.store.tables import Visit

VISITS = table(Visit)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
COUNT = sa.select(sa.func.count().label("count")).select_from(VISITS)


def add(database, name: str) -> None:
    with database.write() as connection:
        connection.execute(
            sa.insert(VISITS),
            {"uri": f"https://a.test/{name}", "host": "a.test", "door": "search", "due_at": NOW},
        )


def count(database) -> int:
    with database.read() as connection:
        return connection.scalar(COUNT)


def short_count(database) -> int:
    with database.read() as connection:
        return Lookup(COUNT).one_by_one(connection, [{}])[0].count


@pytest.mark.parametrize("ask", [count, short_count])
def test_each_read_sees_what_was_committed_before_it(database, ask) -> None:
    for number in range(5):
        assert ask(database) == number
        add(database, str(number))


def test_all_of_one_read_is_of_one_moment_on_sqlite(database) -> None:
    with database.read() as connection:
        before = connection.scalar(COUNT)
        add(database, "meanwhile")
        after = connection.scalar(COUNT)
    assert after == (before if database.sqlite else before + 1)
    assert count(database) == 1


def test_read_goes_on_after_a_failed_one(database) -> None:
    for _ in range(3):
        with pytest.raises(sa.exc.DBAPIError), database.read() as connection:
            connection.execute(sa.text("SELECT * FROM there_is_no_such_table"))
        with pytest.raises(ZeroDivisionError), database.read() as connection:
            connection.scalar(COUNT) / 0
        assert count(database) == short_count(database) == 0


def test_reads_within_and_beside_each_other_are_all_answered(database) -> None:
    add(database, "one")
    together = threading.Barrier(8)

    def ask(_number: int) -> int:
        with database.read() as outer:
            together.wait(30)  # more at once than are kept
            with database.read() as inner:
                return outer.scalar(COUNT) + inner.scalar(COUNT)

    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert list(pool.map(ask, range(8))) == [2] * 8


def test_a_server_that_dropped_its_connections_costs_one_read(postgres_url) -> None:
    database, other = Database(postgres_url), Database(postgres_url)
    database.migrate()
    with database.read(), database.read(), database.read():
        pass  # three are kept
    with other.write() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    with pytest.raises(sa.exc.OperationalError):
        count(database)
    for _ in range(4):
        assert count(database) == 0
        add(database, str(_))
        with database.write() as connection:
            connection.execute(sa.delete(VISITS))
    database.close()
    other.close()


def test_a_read_that_outlives_the_database_leaves_nothing_open(database) -> None:
    with database.read() as connection:
        database.close()
        assert connection.scalar(COUNT) == 0
    assert connection.closed
