"""Small pictures on disk, within a bound: those unseen for longest go first.

Files: `avatars/{last two hex digits of the id}/{account id}-{digest}.webp` and
`emoji/{host}/{digest}.webp`, so that what belongs to somebody who left is found by its name.
Processes may share the folder; what one of them removed is merely missing for the others.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from discover.services.find.pictures import Picture, PictureKind

_ACCOUNT = re.compile(r"^(\d+)-[0-9a-f]+\.webp$")
_HOST = re.compile(r"^[a-z0-9]([a-z0-9.\-]*[a-z0-9])?(:\d{1,5})?$")
_TOUCH_SECONDS = 3600  # a hit is noted at most this often
_ROOM = 0.9  # once full, it is emptied to here
_LOOK_AFTER = 256  # writes; other processes write, too
_BATCH = 500
_DRAFT_SECONDS = 60


class ImageStore:
    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder = folder
        self._most = most_bytes
        self._lock = threading.Lock()
        self._size: int | None = None  # as far as this process knows; None: not looked yet
        self._writes = 0

    def _path(self, picture: Picture, digest: str) -> Path | None:
        if picture.kind is PictureKind.AVATAR:
            return self._avatars(picture.account_id) / f"{picture.account_id}-{digest}.webp"
        if not _HOST.match(picture.host):
            return None
        return self._folder / "emoji" / picture.host.replace(":", "_") / f"{digest}.webp"

    def _avatars(self, account_id: int) -> Path:
        return self._folder / "avatars" / f"{account_id & 255:02x}"

    def read(self, picture: Picture, digest: str) -> bytes | None:
        path = self._path(picture, digest)
        if path is None:
            return None
        try:
            body = path.read_bytes()
            if time.time() - path.stat().st_mtime > _TOUCH_SECONDS:
                os.utime(path)
        except OSError:
            return None
        return body

    def write(self, picture: Picture, digest: str, body: bytes) -> None:
        """Whole or not at all. An account's older avatar goes; so does what finds no room."""
        path = self._path(picture, digest)
        if path is None or len(body) > self._most:
            return
        with self._lock:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{secrets.token_hex(8)}")
            try:
                draft.write_bytes(body)
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
            if picture.kind is PictureKind.AVATAR:
                self.keep_only({picture.account_id: digest})
            self._writes += 1
            if self._size is not None:
                self._size += len(body)
            if self._size is None or self._size > self._most or self._writes >= _LOOK_AFTER:
                self._make_room()

    def drop(self, picture: Picture, digest: str) -> None:
        path = self._path(picture, digest)
        if path is not None:
            path.unlink(missing_ok=True)

    def keep_only(self, avatars: Mapping[int, str | None]) -> None:
        """Of these accounts nothing but the avatar of this digest stays; None: they have none."""
        for account_id, digest in avatars.items():
            for path in self._avatars(account_id).glob(f"{account_id}-*.webp"):
                if path.name != f"{account_id}-{digest}.webp":
                    path.unlink(missing_ok=True)

    def sweep(
        self,
        avatars: Callable[[list[int]], Mapping[int, str | None]],
        hosts: Callable[[], set[str]],
    ) -> int:
        """Remove what belongs to nobody any more. Returns how many files and folders went.

        `avatars` gives the digests of the present avatars of those who are still there, by id;
        `hosts` says which hosts are.
        """
        removed = self._drop_drafts()
        batch: dict[int, list[Path]] = {}
        for path in self._files("avatars"):
            if found := _ACCOUNT.match(path.name):
                batch.setdefault(int(found[1]), []).append(path)
            if len(batch) >= _BATCH:
                removed += _remove(batch, avatars)
                batch = {}
        removed += _remove(batch, avatars)
        emoji = self._folder / "emoji"
        if emoji.is_dir():
            there = {host.replace(":", "_") for host in hosts()}
            for folder in emoji.iterdir():
                if folder.name not in there:
                    shutil.rmtree(folder, ignore_errors=True)
                    removed += 1
        return removed

    def _drop_drafts(self) -> int:
        """Of writers that were killed: nobody writes one small file for so long."""
        removed = 0
        for kind in ("avatars", "emoji"):
            for path in self._files(kind):
                if path.name.startswith(".") and _age(path) > _DRAFT_SECONDS:
                    path.unlink(missing_ok=True)
                    removed += 1
        return removed

    def size(self) -> int:
        """Bytes in all files, counted now."""
        return sum(size for _, size, _ in self._aged())

    def _files(self, kind: str) -> Iterator[Path]:
        for folder, _, names in os.walk(self._folder / kind):
            for name in names:
                yield Path(folder) / name

    def _aged(self) -> Iterator[tuple[float, int, Path]]:
        for kind in ("avatars", "emoji"):
            for path in self._files(kind):
                try:
                    seen = path.stat()
                except OSError:
                    continue  # removed meanwhile
                yield seen.st_mtime, seen.st_size, path

    def _make_room(self) -> None:
        aged = sorted(self._aged())
        size = sum(entry[1] for entry in aged)
        if size > self._most:
            for _, bytes_, path in aged:
                if size <= self._most * _ROOM:
                    break
                path.unlink(missing_ok=True)
                size -= bytes_
        self._size, self._writes = size, 0


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0  # renamed or removed meanwhile


def _remove(
    batch: dict[int, list[Path]], avatars: Callable[[list[int]], Mapping[int, str | None]]
) -> int:
    if not batch:
        return 0
    present = avatars(list(batch))
    gone = [
        path
        for number, paths in batch.items()
        for path in paths
        if path.name != f"{number}-{present.get(number)}.webp"
    ]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)
