"""Where the tests keep what they fetch."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
PEERS = ROOT / "tests" / "peers"


@contextmanager
def installing(folder: Path, *recipe: Path) -> Iterator[bool]:
    """Yields whether `folder` must be made anew because a file of its recipe changed.

    One process at a time; the mark is written only when the block ends well.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    mark = folder.with_name(f"{folder.name}.made-from")
    wanted = hashlib.sha256(b"\0".join(path.read_bytes() for path in recipe)).hexdigest()
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = not (folder.exists() and mark.exists() and mark.read_text() == wanted)
        yield missing
        if missing:
            mark.write_text(wanted)
