"""Who left, in a file beside the database, so that a restored backup forgets nobody's no.

Keyed hashes only, one JSON line each, written before the withdrawal itself is committed. The
database remembers how far it has followed; one that comes back from a backup remembers less.

Beside it lies a mark: the newest entry of the consent log that was committed. It is written after
that commit, so that a database without this entry is an older one, whatever was killed when.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson

What = Literal["person", "server"]
_MARK_LENGTH = 256


@dataclass(frozen=True, slots=True)
class Out:
    """`back`: they came back by their own act, which ends an earlier line with this digest."""

    what: What
    digest: str
    at: datetime
    back: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """An entry of the consent log that was committed."""

    entry: int
    digest: str
    at: datetime


class Journal:
    """Append-only; safe for several processes of one machine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """Its own, made with its first line; empty while there is none."""
        first = next(self._lines(0), None)
        return str(first[0]["journal"]) if first is not None else ""

    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def append(self, out: Out) -> int:
        """Durable when it returns. Returns the size with this line."""
        line = {"what": out.what, "digest": out.digest, "at": out.at.isoformat()}
        if out.back:
            line["back"] = True  # type: ignore[assignment]
        with self.path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.seek(0, os.SEEK_END) == 0:
                file.write(orjson.dumps({"journal": os.urandom(8).hex()}) + b"\n")
            file.write(orjson.dumps(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def since(self, size: int) -> list[Out]:
        """What was written behind this size, oldest first. A line that is cut off is left out."""
        return [
            Out(line["what"], line["digest"], datetime.fromisoformat(line["at"]), "back" in line)
            for line, _ in self._lines(size)
            if "digest" in line
        ]

    def mark(self) -> Mark | None:
        """None: there is none, or it cannot be read."""
        if not self._mark_path.exists():
            return None
        with self._mark_path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            return _read_mark(file.read())

    def set_mark(self, mark: Mark, *, anew: bool = False) -> None:
        """After the commit of its entry. An older one than is there is passed over, unless `anew`."""
        line = {"entry": mark.entry, "digest": mark.digest, "at": mark.at.isoformat()}
        with os.fdopen(os.open(self._mark_path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            there = None if anew else _read_mark(file.read())
            if there is not None and there.at > mark.at:
                return
            # Always of one length and in one place: the disk cannot be too full for it.
            os.pwrite(file.fileno(), orjson.dumps(line).ljust(_MARK_LENGTH - 1) + b"\n", 0)
            os.fsync(file.fileno())

    @property
    def _mark_path(self) -> Path:
        return self.path.with_suffix(".mark")

    def _lines(self, size: int) -> Iterator[tuple[dict[str, Any], int]]:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(size)
            for line in file:
                if line.endswith(b"\n"):
                    yield orjson.loads(line), file.tell()


def _read_mark(written: bytes) -> Mark | None:
    try:
        line = orjson.loads(written)
        return Mark(line["entry"], line["digest"], datetime.fromisoformat(line["at"]))
    except (ValueError, KeyError, TypeError):
        return None
