"""A chain of entries, each carrying the digest of the one before: none can be changed, moved or
left out without it showing. The canonical form is one that any language's JSON library can write.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# What the first entry has before it
BEGINNING = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is published; `at` is text, because text is what was hashed."""

    id: int  # 1, 2, 3 … without a gap
    at: str  # see `moment`
    event: str
    details: Mapping[str, Any]
    previous: str  # digest of the entry before, BEGINNING for the first
    digest: str


class Broken(Exception):
    """The chain does not hold; the text says where and how."""


def moment(at: datetime) -> str:
    """`2026-11-22T18:00:00.000000Z`, always with six places and in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(id: int, at: str, event: str, details: Mapping[str, Any], previous: str) -> bytes:  # noqa: A002
    """What is hashed: JSON of these five members, keys sorted, no spaces, ASCII only."""
    members = {"id": id, "at": at, "event": event, "details": details, "previous": previous}
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode("ascii")


def link(id: int, at: str, event: str, details: Mapping[str, Any], previous: str) -> Entry:  # noqa: A002
    """The next entry, digest and all."""
    digest = hashlib.sha256(canonical(id, at, event, details, previous)).hexdigest()
    return Entry(id, at, event, details, previous, digest)


def read(line: Mapping[str, Any]) -> Entry:
    """An entry as it was published. Broken when a member is missing or of another type."""
    members = {"id": int, "at": str, "event": str, "details": dict, "previous": str, "digest": str}
    if set(line) != set(members):
        raise Broken(f"an entry must have exactly the members {', '.join(members)}")
    for name, kind in members.items():
        if type(line[name]) is not kind:
            raise Broken(f"{name} of an entry is not of the right type")
    return Entry(**line)


def verify(entries: Iterable[Entry], after: Entry | None = None) -> Entry | None:
    """Follow the chain from its beginning, or from behind `after`. Returns the last entry.

    Raises Broken at the first entry that does not fit.
    """
    last = after
    for entry in entries:
        number = last.id + 1 if last else 1
        if entry.id != number:
            raise Broken(f"entry {number} is missing, there is {entry.id} in its place")
        if entry.previous != (last.digest if last else BEGINNING):
            raise Broken(f"entry {entry.id} does not follow the one before it")
        wanted = link(entry.id, entry.at, entry.event, entry.details, entry.previous)
        if wanted.digest != entry.digest:
            raise Broken(f"entry {entry.id} was changed after it was written")
        last = entry
    return last
