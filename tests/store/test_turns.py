"""Who writes next into an SQLite file."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from discover.store import turns
from discover.store.database import Database

# Writes without a pause, as a crawl does, until it is killed.
_BUSY = """
import sys, time
import sqlalchemy as sa
from discover.store.database import Database
database = Database(sys.argv[1])
print("ready", flush=True)
while True:
    with database.write() as connection:
        connection.execute(sa.text("UPDATE busy SET times = times + 1"))
        time.sleep(0.02)
"""


@pytest.fixture
def database(tmp_path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with opened.write() as connection:
        connection.execute(sa.text("CREATE TABLE busy (times INTEGER)"))
        connection.execute(sa.text("INSERT INTO busy VALUES (0)"))
    yield opened
    opened.close()


@contextmanager
def busy_process(database: Database) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _BUSY, str(database.url)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as busy:
        assert busy.stdout is not None
        busy.stdout.readline()
        try:
            yield busy
        finally:
            busy.kill()


@contextmanager
def busy_thread(database: Database) -> Iterator[None]:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with database.write() as connection:
                connection.execute(sa.text("UPDATE busy SET times = times + 1"))
                time.sleep(0.02)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def times(database: Database) -> int:
    with database.read() as connection:
        return connection.scalar(sa.text("SELECT times FROM busy")) or 0


@pytest.mark.parametrize("busy", [busy_process, busy_thread])
def test_nobody_writes_again_and_again_while_somebody_waits(database, busy) -> None:
    with busy(database):
        while times(database) < 3:
            time.sleep(0.01)
        passed = []
        for _ in range(10):
            before = times(database)
            with database.write() as connection:
                passed.append(connection.scalar(sa.text("SELECT times FROM busy")) - before)
            time.sleep(0.005)  # so that the other one is at it again
    # The one at it when we came, and the one before it, whose number we may just have missed.
    assert max(passed) <= 2, passed


def test_process_that_dies_while_it_writes_keeps_nobody_waiting(database) -> None:
    with busy_process(database) as busy:
        while times(database) < 3:
            time.sleep(0.01)
        busy.kill()
    began = time.monotonic()
    with database.write() as connection:
        connection.execute(sa.text("UPDATE busy SET times = 0"))
    assert time.monotonic() - began < turns.PATIENCE / 2
    assert times(database) == 0


def test_who_waited_too_long_for_a_turn_asks_the_database(database, monkeypatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.05)
    other = Database(str(database.url))
    with other._turn(), database.write() as connection:  # held, and nothing is written
        connection.execute(sa.text("UPDATE busy SET times = 7"))
    other.close()
    assert times(database) == 7


def test_failed_write_ends_its_turn(database) -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), database.write():
            raise ZeroDivisionError
    began = time.monotonic()
    with database.write() as connection:
        connection.execute(sa.text("UPDATE busy SET times = 1"))
    assert time.monotonic() - began < turns.PATIENCE / 2


def test_file_system_without_locks_delays_nobody(database, monkeypatch) -> None:
    def unknown(_file: object, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(turns.fcntl, "flock", unknown)
    began = time.monotonic()
    with database.write() as connection:
        connection.execute(sa.text("UPDATE busy SET times = 5"))
    assert time.monotonic() - began < turns.PATIENCE / 2
    assert times(database) == 5


@pytest.mark.parametrize("unreadable", [False, True])
def test_queue_that_another_user_made_keeps_nobody_from_writing(tmp_path, monkeypatch, unreadable):
    def refuse(path: Path, how: int, mode: int) -> int:
        if unreadable or how & os.O_RDWR:
            raise PermissionError(path)
        return opened(path, how, mode)

    for name in ("a.db-next", "a.db-now"):
        (tmp_path / name).touch()
    opened = os.open
    monkeypatch.setattr(turns.os, "open", refuse)
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with database.write() as connection:
        connection.execute(sa.text("CREATE TABLE busy (times INTEGER)"))
    assert times(database) == 0
    database.close()
