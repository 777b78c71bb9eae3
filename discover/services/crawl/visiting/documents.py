"""Getting one ActivityPub document, and what it means when it cannot be had."""

from __future__ import annotations

from dataclasses import dataclass

from discover.model.fetched import Fetched, FetchError, FetchFailure
from discover.model.observed import Missing
from discover.policy.origin import same_origin
from discover.ports import Fetcher
from discover.wire.documents import Json, ParseError, read_document
from discover.wire.jsonld import as_id

# Plain application/json is an error page or an API, not an ActivityPub document.
ACTIVITY_TYPES = frozenset({"application/activity+json", "application/ld+json"})

# These end the visit instead of saying something about one document.
INTERRUPTIONS = frozenset({FetchFailure.HOST_PARKED, FetchFailure.HOST_REFUSED})

_MISSING_BY_FAILURE = {
    FetchFailure.ROBOTS_FORBID: Missing.ROBOTS,
    FetchFailure.ROBOTS_UNREADABLE: Missing.UNREACHABLE,
    FetchFailure.NAME_UNRESOLVED: Missing.UNREACHABLE,
    FetchFailure.CONNECT: Missing.UNREACHABLE,
    FetchFailure.TLS: Missing.UNREACHABLE,
    FetchFailure.TIMEOUT: Missing.UNREACHABLE,
    FetchFailure.BROKEN: Missing.UNREACHABLE,
    FetchFailure.ADDRESS_REFUSED: Missing.UNREADABLE,
    FetchFailure.TOO_LARGE: Missing.UNREADABLE,
    FetchFailure.BAD_ENCODING: Missing.UNREADABLE,
    FetchFailure.REDIRECT: Missing.UNREADABLE,
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document that lives at its own id."""

    uri: str
    doc: Json
    fetched: Fetched


@dataclass(frozen=True, slots=True)
class Unchanged:
    """304."""


@dataclass(frozen=True, slots=True)
class Absent:
    missing: Missing
    status: int | None
    detail: str


def missing_for_status(status: int) -> Missing:
    """What a status without a document means for consent."""
    if status in (404, 410):
        return Missing.GONE
    if status in (401, 403):
        return Missing.REFUSED
    if status == 429 or status >= 500:
        return Missing.UNREACHABLE
    return Missing.UNREADABLE


async def fetch_document(
    fetcher: Fetcher,
    url: str,
    *,
    solicited: bool,
    etag: str | None = None,
    last_modified: str | None = None,
) -> Document | Unchanged | Absent:
    """The document at `url`, which must carry the id that it was fetched from.

    If its id is another one on the same host, it is fetched there, once. FetchError only for
    interruptions (host parked or refused).
    """
    got = await _get(fetcher, url, solicited=solicited, etag=etag, last_modified=last_modified)
    if not isinstance(got, Document):
        return got
    if got.uri == got.fetched.final_url:
        return got
    if not same_origin(got.uri, got.fetched.final_url):
        return Absent(Missing.UNREADABLE, got.fetched.status, f"its id is {got.uri[:200]}")
    again = await _get(fetcher, got.uri, solicited=solicited, etag=None, last_modified=None)
    if isinstance(again, Document) and again.uri != again.fetched.final_url:
        return Absent(Missing.UNREADABLE, again.fetched.status, f"its id is {again.uri[:200]}")
    return again


async def _get(
    fetcher: Fetcher, url: str, *, solicited: bool, etag: str | None, last_modified: str | None
) -> Document | Unchanged | Absent:
    try:
        fetched = await fetcher.get(
            url, solicited=solicited, etag=etag, last_modified=last_modified
        )
    except FetchError as error:
        if error.failure in INTERRUPTIONS:
            raise
        return Absent(_MISSING_BY_FAILURE[error.failure], None, str(error)[:300])
    if fetched.status == 304 and (etag or last_modified):
        return Unchanged()
    if fetched.status != 200:
        missing = missing_for_status(fetched.status)
        return Absent(missing, fetched.status, f"status {fetched.status}")
    try:
        doc = read_activity(fetched)
    except ParseError as error:
        return Absent(Missing.UNREADABLE, fetched.status, str(error)[:300])
    uri = as_id(doc)
    if uri is None:
        return Absent(Missing.UNREADABLE, fetched.status, "a document without an id")
    return Document(uri, doc, fetched)


def read_activity(fetched: Fetched) -> Json:
    """The JSON object of an answer that calls itself ActivityPub. ParseError otherwise."""
    if fetched.content_type not in ACTIVITY_TYPES:
        raise ParseError(f"content type {fetched.content_type[:100]!r}")
    return read_document(fetched.body)


async def fetch_json(fetcher: Fetcher, url: str, *, solicited: bool) -> Json | None:
    """A collection or other ActivityPub document that needs no id of its own; None without.

    FetchError only for interruptions.
    """
    try:
        fetched = await fetcher.get(url, solicited=solicited)
        return read_activity(fetched) if fetched.status == 200 else None
    except FetchError as error:
        if error.failure in INTERRUPTIONS:
            raise
        return None
    except ParseError:
        return None
