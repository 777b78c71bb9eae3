"""What an item of an outbox, a featured collection or a delivery is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from discover.model.post import Audience
from discover.wire.audience import read_audience
from discover.wire.dates import read_time
from discover.wire.documents import Json
from discover.wire.jsonld import as_id, as_list, types

POSTING = frozenset({"Create", "Update"})
OBJECTS = frozenset(
    {
        "Note", "Question", "Article", "Page", "Image", "Audio", "Video", "Event",
        "Review", "Quotation", "Comment", "GeneratedNote",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Embedded:
    """A whole object. `activity` is the Create or Update around it, None when it stood bare.

    It may be parsed as it stands if it came from its author's own host.
    """

    object: Json
    uri: str | None
    activity: Json | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """Only the URI of an object: it has to be fetched."""

    uri: str
    activity: Json | None = None


@dataclass(frozen=True, slots=True)
class Boost:
    """Somebody shows another object around. `author` and `object` only where embedded.

    It says nothing about the boosted author's consent: it is a hint where to look.
    """

    uri: str
    by: str | None
    author: str | None = None
    object: Json | None = None
    at: datetime | None = None  # when it was boosted
    audience: Audience = Audience.DIRECT  # to whom it was shown around


@dataclass(frozen=True, slots=True)
class Gone:
    """A Tombstone, or a Delete of this URI."""

    uri: str


@dataclass(frozen=True, slots=True)
class Other:
    """Nothing we read. `type` as it stands, '' when there is none."""

    type: str


Item = Embedded | Reference | Boost | Gone | Other


def read_item(item: Any) -> Item:
    """Tell what one item is. Never raises; what is not understood is Other."""
    if isinstance(item, str):
        uri = as_id(item)
        return Reference(uri) if uri else Other("")
    if not isinstance(item, dict):
        return Other("")
    kinds = types(item)
    if "Tombstone" in kinds:
        uri = as_id(item)
        return Gone(uri) if uri else Other("Tombstone")
    if "Delete" in kinds:
        target = as_id(item.get("object"))
        return Gone(target) if target else Other("Delete")
    if "Announce" in kinds:
        return _boost(item)
    if not POSTING.isdisjoint(kinds):
        return _posting(item, kinds[0])
    uri = as_id(item)
    if not OBJECTS.isdisjoint(kinds):
        return Embedded(item, uri)
    if not kinds and uri:
        return Reference(uri)
    return Other(kinds[0] if kinds else "")


def _posting(activity: Json, kind: str) -> Item:
    inner = next(iter(as_list(activity.get("object"))), None)
    read = read_item(inner)
    if isinstance(read, Embedded):
        return Embedded(read.object, read.uri, activity)
    if isinstance(read, Reference):
        return Reference(read.uri, activity)
    return read if isinstance(read, Gone) else Other(kind)


def _boost(activity: Json) -> Item:
    by = as_id(activity.get("actor"))
    at, audience = read_time(activity.get("published")), read_audience(activity)
    read = read_item(next(iter(as_list(activity.get("object"))), None))
    if isinstance(read, Reference):
        return Boost(read.uri, by, at=at, audience=audience)
    if isinstance(read, Embedded) and read.uri:
        author = as_id(read.object.get("attributedTo"))
        if author is None and read.activity is not None:
            author = as_id(read.activity.get("actor"))
        return Boost(read.uri, by, author, read.object, at, audience)
    return Other("Announce")
