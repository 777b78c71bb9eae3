"""Who writes next into an SQLite file: nobody twice while somebody else waits.

SQLite lets a writer that has to wait sleep and look again, a tenth of a second at a time: beside a
process that writes without a pause, as a crawl does, another one hardly ever gets in. This is only
good manners among our own threads and processes. Whether a write may begin is SQLite's to say.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 5.0  # seconds; whoever waited so long asks SQLite itself
_SHORTEST, _LONGEST = 0.0002, 0.002  # seconds between two looks at another process


class _Gate:
    """One at a time, of all threads and processes. A process that dies leaves it open."""

    def __init__(self, path: Path) -> None:
        self._here = threading.Lock()
        self._file = _opened(path)
        # Also when nobody closes it
        self._end = None if self._file is None else weakref.finalize(self, os.close, self._file)

    def enter(self, until: float) -> bool:
        """False when its turn did not come by then (time.monotonic())."""
        if not self._here.acquire(timeout=max(0.0, until - time.monotonic())):
            return False
        pause = _SHORTEST
        while not self._enter_of_all():
            if time.monotonic() > until:
                self._here.release()
                return False
            time.sleep(pause)
            pause = min(_LONGEST, 2 * pause)
        return True

    def _enter_of_all(self) -> bool:
        if self._file is None:
            return True
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system that knows no such locks: only threads queue
            return True
        return True

    def leave(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)
        self._here.release()

    def close(self) -> None:
        self._file = None  # its number will be another file's
        if self._end is not None:
            self._end()


def _opened(path: Path) -> int | None:
    """To read is enough: another user may have made it. None: threads queue alone."""
    for how in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        with suppress(OSError):
            return os.open(path, how, 0o644)
    return None


class Turns:
    """For one database file; its own two lie beside it, and are empty."""

    def __init__(self, database: Path) -> None:
        # Whoever stands in the first is the next one in the second, so that the one who leaves the
        # second cannot be there again before.
        self._next = _Gate(database.with_name(f"{database.name}-next"))
        self._now = _Gate(database.with_name(f"{database.name}-now"))

    @contextmanager
    def turn(self) -> Iterator[None]:
        """To be held around one transaction."""
        until = time.monotonic() + PATIENCE
        inside = False
        if self._next.enter(until):
            try:
                inside = self._now.enter(until)
            finally:
                self._next.leave()
        try:
            yield
        finally:
            if inside:
                self._now.leave()

    def close(self) -> None:
        self._next.close()
        self._now.close()
