"""Collections and their pages: outboxes, featured posts and tags, follower counts."""

from __future__ import annotations

from collections.abc import Collection as Seen
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urljoin

from discover.wire.documents import Json, ParseError
from discover.wire.jsonld import as_id, as_list, count, types
from discover.wire.urls import host_of, http_url

_ROOTS = frozenset({"Collection", "OrderedCollection"})
_PAGES = frozenset({"CollectionPage", "OrderedCollectionPage"})
MOST_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class Collection:
    """A root or a page. Links are as the document gives them.

    `items` holds what came with this document: its own items, or those of an embedded first
    page, whose `next` is then this one's. `total_items` is None where the origin does not say.
    """

    uri: str | None
    is_page: bool
    items: tuple[Any, ...]
    total_items: int | None = None
    first: str | None = None  # only when the first page has to be fetched
    next: str | None = None
    prev: str | None = None


def read_collection(doc: Json, url: str) -> Collection:
    """Read a root or a page that was fetched from `url`. ParseError if it is neither.

    A root may be a page already (WordPress), hold all its items (Takahē, Lemmy), or only a
    count (Pixelfed, hidden follower lists).
    """
    kinds = types(doc)
    if _ROOTS.isdisjoint(kinds) and _PAGES.isdisjoint(kinds):
        raise ParseError(f"not a collection but {', '.join(kinds)[:80] or 'of no type'}")
    is_page = not _PAGES.isdisjoint(kinds)
    items = _items(doc)
    first: str | None = None
    following, previous = _link(doc.get("next"), url), _link(doc.get("prev"), url)
    inner = doc.get("first")
    if not is_page and not items:
        if isinstance(inner, dict) and (_items(inner) or inner.get("next")):
            items = _items(inner)
            following = _link(inner.get("next"), url)
            previous = _link(inner.get("prev"), url)
        else:
            first = _link(inner, url)
    return Collection(
        uri=as_id(doc),
        is_page=is_page,
        items=tuple(items[:MOST_ITEMS]),
        total_items=count(doc.get("totalItems")),
        first=first,
        next=following,
        prev=previous,
    )


def next_page(page: Collection, asked_url: str, seen: Seen[str]) -> str | None:
    """Where to go on, None at the end.

    Refuses another host, a step down from https to http, the page just read and every page
    in `seen` (URLs asked so far): a collection that loops or lies ends there.
    """
    target = page.first or page.next
    if target is None or (page.is_page and not page.items):
        # Misskey names a next page even when there is none: an empty page is the end.
        return None
    asked = urldefrag(asked_url).url
    if host_of(target) != host_of(asked) or target == asked or target in seen:
        return None
    return None if asked.startswith("https:") and not target.startswith("https:") else target


def _items(doc: Json) -> list[Any]:
    for key in ("orderedItems", "items"):
        found = as_list(doc.get(key))
        if found:
            return found
    return []


def _link(value: Any, base: str) -> str | None:
    if isinstance(value, dict):
        value = value.get("id") or value.get("href")
    if not isinstance(value, str) or not value:
        return None
    try:
        return http_url(urldefrag(urljoin(base, value)).url)
    except ValueError:
        return None
