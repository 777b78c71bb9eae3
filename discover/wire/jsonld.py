"""Tolerant reading of JSON-LD without expanding it.

A term may stand as itself, with a prefix, or as its full IRI. Prefixes count when they are the
well-known one of the term's vocabulary (and the document does not map them elsewhere) or when
the document's own @context maps them to that vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from discover.model.actor import Flag
from discover.wire.documents import Json
from discover.wire.urls import http_url

AS = "https://www.w3.org/ns/activitystreams#"

PREFIXES = {
    AS: "as",
    "http://joinmastodon.org/ns#": "toot",
    "http://fedibird.com/ns#": "fedibird",
    "https://gotosocial.org/ns#": "gts",
    "https://misskey-hub.net/ns#": "misskey",
    # Pixelfed's first release with the term mapped it to its own vocabulary.
    "http://pixelfed.org/ns#": "pixelfed",
}


@dataclass(frozen=True, slots=True)
class Term:
    """A name and the vocabularies in which it means the same."""

    name: str
    vocabularies: tuple[str, ...]


TOOT = "http://joinmastodon.org/ns#"
DISCOVERABLE = Term("discoverable", (TOOT,))
INDEXABLE = Term("indexable", (TOOT, "http://pixelfed.org/ns#"))
SEARCHABLE_BY = Term("searchableBy", ("http://fedibird.com/ns#",))


class Names:
    """The keys of one document, looked up by what they mean."""

    __slots__ = ("_by_local", "_doc", "_prefixes")

    def __init__(self, doc: Json) -> None:
        self._doc = doc
        self._prefixes: dict[str, str] | None = None
        self._by_local: dict[str, list[str]] = {}
        for key in doc:
            if ":" in key:
                cut = max(key.rfind("#"), key.rfind(":")) + 1
                self._by_local.setdefault(key[cut:], []).append(key)

    def all(self, term: Term) -> list[Any]:
        """The values of every spelling that is present, in no order."""
        doc = self._doc
        found = [doc[term.name]] if term.name in doc else []
        spelled = self._by_local.get(term.name, ())
        return found + [doc[key] for key in spelled if self._means(key, term)]

    def any_prefix(self, name: str) -> list[Any]:
        """The values of `name` under any prefix at all: for signals that can only say no."""
        doc = self._doc
        found = [doc[name]] if name in doc else []
        return found + [doc[key] for key in self._by_local.get(name, ())]

    def flag(self, term: Term) -> Flag:
        """The strictest reading of all spellings. Only JSON true, everywhere, is TRUE."""
        return strictest(self.all(term))

    def _means(self, key: str, term: Term) -> bool:
        for vocabulary in term.vocabularies:
            if key == vocabulary + term.name:
                return True
        prefix = key[: -len(term.name) - 1]
        if self._prefixes is None:
            self._prefixes = _context_prefixes(self._doc.get("@context"))
        mapped = self._prefixes.get(prefix)
        if mapped is not None:
            return mapped in term.vocabularies
        return any(PREFIXES.get(vocabulary) == prefix for vocabulary in term.vocabularies)


def strictest(values: list[Any]) -> Flag:
    """One answer from several values: a single one that is not true spoils the yes."""
    if not values:
        return Flag.ABSENT
    if all(value is True for value in values):
        return Flag.TRUE
    if all(value is True or value is False for value in values):
        return Flag.FALSE
    return Flag.MALFORMED


def refuses(values: list[Any]) -> bool:
    """A signal that can only say no: anything present but false and null counts."""
    return any(value is not False and value is not None for value in values)


def as_list(value: Any) -> list[Any]:
    """JSON-LD's one-or-many: nothing for null, a list for a list, else a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def as_id(value: Any) -> str | None:
    """The http(s) id of a URI string, an object with `id`, a Link, or the first of many."""
    if isinstance(value, str):  # nearly always
        return http_url(value)
    for item in as_list(value):
        if isinstance(item, dict):
            item = item.get("id") or item.get("@id") or item.get("href")  # noqa: PLW2901
        url = http_url(item)
        if url:
            return url
    return None


def as_ids(value: Any, limit: int) -> tuple[str, ...]:
    """All distinct http(s) ids among the values, in their order, at most `limit`."""
    found: dict[str, None] = {}
    for item in as_list(value):
        url = as_id(item)
        if url:
            found[url] = None
            if len(found) >= limit:
                break
    return tuple(found)


def as_text(value: Any) -> str:
    """A string, `{"@value": …}`, the first of many, or the first entry of a language map."""
    for item in as_list(value):
        if isinstance(item, str):
            return item
        if isinstance(item, dict):
            inner = item["@value"] if "@value" in item else next(iter(item.values()), None)
            if isinstance(inner, str):
                return inner
    return ""


def texts(doc: Json, name: str) -> list[str]:
    """Every string under `name` and its language map `nameMap`, for looking into all of them."""
    found: list[str] = []
    for value in (doc.get(name), doc.get(f"{name}Map")):
        for item in as_list(value):
            if isinstance(item, str):
                found.append(item)
            elif isinstance(item, dict):
                found.extend(inner for inner in item.values() if isinstance(inner, str))
    return found


def types(doc: Json) -> list[str]:
    """The types without ActivityStreams' own prefix."""
    kinds = doc.get("type", doc.get("@type"))
    return [
        item.removeprefix("as:").removeprefix(AS) if ":" in item else item
        for item in (kinds if isinstance(kinds, list) else (kinds,))
        if isinstance(item, str)
    ]


def count(value: Any) -> int | None:
    """A count that can be true: a whole number from 0 to below 2^31, which databases hold."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value < 2**31 else None


def _context_prefixes(context: Any) -> dict[str, str]:
    prefixes: dict[str, str] = {}
    for part in as_list(context):
        if isinstance(part, dict):
            for prefix, iri in part.items():
                if isinstance(iri, dict):
                    iri = iri.get("@id")  # noqa: PLW2901
                if isinstance(iri, str):
                    prefixes[prefix] = iri
    return prefixes
