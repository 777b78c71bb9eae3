"""Where Tantivy's files are: one folder a generation, a pointer file to the live one, a lock.

    posts.json            {"folder": "posts-0002", "version": 1, "complete": true}
    posts-0002/           the live collection
    writer.lock           held by the one process that writes

The pointer is replaced in one step, so readers in other processes find either the old
generation or the new one, whole.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import orjson

from discover.model.query import Kind
from discover.ports import EngineUnavailable


class EngineBusy(EngineUnavailable):
    """Another process is writing to this folder."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """`complete`: the collection holds all documents, none are waited for after a migration."""

    folder: str
    version: int
    complete: bool


# Identity of a file that is always replaced, never rewritten.
Stamp = tuple[int, int, int]


def stamp(path: Path) -> Stamp | None:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return None
    return seen.st_ino, seen.st_mtime_ns, seen.st_size


class Folder:
    """The engine's folder. Everything that changes it asks for the lock first."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock: IO[bytes] | None = None

    # The pointer

    def pointer_file(self, kind: Kind) -> Path:
        return self.root / f"{kind.value}.json"

    def read(self, kind: Kind) -> Pointer | None:
        """None when there is no collection yet. EngineUnavailable when the file is damaged."""
        try:
            said = orjson.loads(self.pointer_file(kind).read_bytes())
            return Pointer(str(said["folder"]), int(said["version"]), bool(said["complete"]))
        except FileNotFoundError:
            return None
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise EngineUnavailable(f"{self.pointer_file(kind)} is damaged: {error}") from error

    def point(self, kind: Kind, pointer: Pointer) -> None:
        """Put a generation in the place of the live one; durable on return."""
        target = self.pointer_file(kind)
        beside = target.with_suffix(".new")
        content = {
            "folder": pointer.folder,
            "version": pointer.version,
            "complete": pointer.complete,
        }
        with beside.open("wb") as file:
            file.write(orjson.dumps(content))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
        handle = os.open(self.root, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    # Generations

    def new_generation(self, kind: Kind) -> Path:
        """An empty folder with the next free number."""
        taken = [int(path.name.rpartition("-")[2]) for path in self._generations(kind)]
        path = self.root / f"{kind.value}-{max(taken, default=0) + 1:04d}"
        path.mkdir()
        return path

    def remove_others(self, kind: Kind, *keep: str) -> None:
        """Throw away all generations but these. Files that a reader holds open stay readable."""
        for path in self._generations(kind):
            if path.name not in keep:
                shutil.rmtree(path, ignore_errors=True)

    def _generations(self, kind: Kind) -> list[Path]:
        return [
            path
            for path in self.root.glob(f"{kind.value}-*")
            if path.is_dir() and path.name.rpartition("-")[2].isdigit()
        ]

    # The lock

    def lock(self) -> None:
        """Become the one writer, or stay it. EngineBusy when another process is.

        The operating system frees the lock of a process that ends, however it ends.
        """
        if self._lock is not None:
            return
        self.root.mkdir(parents=True, exist_ok=True)
        file = (self.root / "writer.lock").open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise EngineBusy(f"another process writes to {self.root}") from error
        self._lock = file

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None
