"""Who left, in a file beside the database, so that a restored backup forgets nobody's no.

Keyed hashes only, one JSON line each, written before the withdrawal itself is committed. The
database remembers how far it has followed; one that comes back from a backup remembers less.

Beside it lies a mark: the newest entry of the consent log that was committed. It is written after
that commit, so that a database without this entry is an older one, whatever was killed when.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson

log = logging.getLogger(__name__)

What = Literal["person", "server", "proof", "post"]
_MARK_LENGTH = 256


@dataclass(frozen=True, slots=True)
class Out:
    """`back`: they came back by their own act, which ends an earlier line with this digest.

    `leaving` and `along` as in the table of suppressions.
    """

    what: What
    digest: str
    at: datetime
    back: bool = False
    leaving: str = ""
    along: str = ""


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
        names = (str(line["journal"]) for line in self._lines(0) if line and "journal" in line)
        return next(names, "")

    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def append(self, out: Out) -> int:
        """Durable when it returns. Returns the size with this line."""
        line: dict[str, Any] = {"what": out.what, "digest": out.digest, "at": out.at.isoformat()}
        more = {"back": out.back, "leaving": out.leaving, "along": out.along}
        line |= {name: value for name, value in more.items() if value}
        with self.path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # the disk was full, or the power went
                    file.write(b"\n")
            if not self.name:
                file.write(orjson.dumps({"journal": os.urandom(8).hex()}) + b"\n")
            file.write(orjson.dumps(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
            return file.tell()

    def since(self, size: int) -> list[Out]:
        """What was written behind this size, oldest first. Lines that are cut off are left out."""
        found = []
        for line in self._lines(size):
            if line is not None and "journal" in line:
                continue
            if (out := _read_out(line)) is not None:
                found.append(out)
            else:
                log.warning("%s has a line that cannot be read; it is passed over", self.path)
        return found

    def mark(self) -> Mark | None:
        """None: there is none, or it cannot be read."""
        try:
            with self._mark_path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                return _read_mark(file.read())
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("%s cannot be read: %s", self._mark_path, error)
            return None

    def set_mark(self, mark: Mark, *, anew: bool = False) -> None:
        """After the commit of its entry. An older one than is there is passed over, unless `anew`."""
        line = {"entry": mark.entry, "digest": mark.digest, "at": mark.at.isoformat()}
        with os.fdopen(os.open(self._mark_path, os.O_RDWR | os.O_CREAT, 0o644), "r+b") as file:
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

    def _lines(self, size: int) -> Iterator[dict[str, Any] | None]:
        """None: a line that cannot be read."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(size)
            for line in file:
                try:
                    found = orjson.loads(line)
                except ValueError:
                    found = None
                yield found if isinstance(found, dict) else None


def _read_out(line: dict[str, Any] | None) -> Out | None:
    if line is None:
        return None
    try:
        at = datetime.fromisoformat(line["at"])
        group = line.get("leaving", ""), line.get("along", "")
        return Out(line["what"], line["digest"], at, "back" in line, *group)
    except (ValueError, KeyError, TypeError):
        return None


def _read_mark(written: bytes) -> Mark | None:
    try:
        line = orjson.loads(written)
        return Mark(line["entry"], line["digest"], datetime.fromisoformat(line["at"]))
    except (ValueError, KeyError, TypeError):
        return None
