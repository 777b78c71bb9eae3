"""FASP v0.1 on the wire: addresses, keys, registration, announcements, signed messages.

Specification: mastodon/fediverse_auxiliary_service_provider_specifications. Where servers differ
from it (ids as numbers, 200 for 201, empty lists), what they do is read, too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import http_sf

from discover.wire.documents import Json, ParseError
from discover.wire.signatures import (
    content_digest,
    rfc9421_base,
    rfc9421_headers,
    rfc9421_parameters,
)
from discover.wire.signed import MAX_HEADER, BadSignature
from discover.wire.urls import http_url

# What a message's signature must cover
REQUEST: tuple[str, ...] = ("@method", "@target-uri", "content-digest")
RESPONSE: tuple[str, ...] = ("@status", "content-digest")

KEY_BYTES = 32  # Ed25519
MAX_ID = 200  # characters of an id that a server gave
MAX_URIS = 1000  # of one announcement; we ask for a tenth
LABEL = "sig1"

CATEGORIES = ("account", "content")
EVENTS = ("new", "update", "delete", "trending")

# Where software is known to answer, relative to the server's own address
PROPOSALS = ("/api/fasp", "/fasp")


# --- Addresses


def read_base_url(text: str) -> str:
    """A base URL as people and documents write it, without trailing slashes. ValueError."""
    url = http_url(text.strip())
    if url is None or "?" in url or "#" in url:
        raise ValueError("a base URL is an address such as https://example.social/api/fasp")
    return url.rstrip("/")


def proposals(origin: str) -> tuple[str, ...]:
    """Base URLs worth trying for a server that names none. `origin`: https://example.social."""
    return tuple(origin.rstrip("/") + path for path in PROPOSALS)


# --- Keys


def read_key(text: Any) -> bytes:
    """The raw Ed25519 key of its base64. ParseError."""
    try:
        raw = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_BYTES:
        raise ParseError("the public key is not the base64 of an Ed25519 key")
    return raw


def write_key(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def fingerprint(raw: bytes) -> str:
    """Base64 of the SHA-256 of the raw key, as both sides show it to the admin."""
    return base64.b64encode(hashlib.sha256(raw).digest()).decode("ascii")


# --- Registration


@dataclass(frozen=True, slots=True)
class Registered:
    """What the server answered to our registration."""

    fasp_id: str
    key: bytes
    completion_url: str | None


def registration(*, name: str, base_url: str, server_id: str, key: bytes) -> Json:
    return {
        "name": name,
        "baseUrl": base_url,
        "serverId": server_id,
        "publicKey": write_key(key),
    }


def read_registered(document: Json) -> Registered:
    """ParseError if the id or the key is missing. An unusable completion URI is left out."""
    fasp_id = read_id(document.get("faspId"))
    if fasp_id is None:
        raise ParseError("faspId is missing")
    key = read_key(document.get("publicKey"))
    return Registered(fasp_id, key, http_url(document.get("registrationCompletionUri")))


def read_id(value: Any) -> str | None:
    """An id, which some send as a text, some as a number, some now this, now that."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value)
    return text if 0 < len(text) <= MAX_ID and text.isprintable() and text.isascii() else None


# --- What we ask for


def subscription(category: str, kind: str, *, max_batch: int, threshold: Mapping[str, int]) -> Json:
    """Everything is said: Mastodon 4.4 fails without `maxBatchSize` and, for trends, `threshold`."""
    body: Json = {"category": category, "subscriptionType": kind, "maxBatchSize": max_batch}
    if kind == "trends":
        body["threshold"] = dict(threshold)
    return body


def backfill(category: str, *, max_count: int) -> Json:
    return {"category": category, "maxCount": max_count}


def read_created(document: Json, name: str) -> str:
    """The id in `{name: {"id": …}}`. ParseError."""
    inner = document.get(name)
    found = read_id(inner.get("id")) if isinstance(inner, dict) else None
    if found is None:
        raise ParseError(f"{name}.id is missing")
    return found


# --- Announcements


@dataclass(frozen=True, slots=True)
class Announcement:
    """URIs that a server says something about; only a hint where to look.

    `kind` is what it answers, subscription or backfill; `event` is None for a backfill, and `more`
    is only said there. URIs that are none are left out.
    """

    kind: str
    source_id: str
    category: str
    event: str | None
    uris: tuple[str, ...]
    more: bool = False


def read_announcement(document: Any) -> Announcement:
    """ParseError with a sentence for the sender."""
    if not isinstance(document, dict):
        raise ParseError("the body is no JSON object")
    source = document.get("source")
    source = source if isinstance(source, dict) else {}
    named = [name for name in ("subscription", "backfillRequest") if name in source]
    if len(named) != 1:
        raise ParseError("source names no subscription and no backfillRequest, or both")
    source_id = read_created(source, named[0])
    category = document.get("category")
    if category not in CATEGORIES:
        raise ParseError("category is neither account nor content")
    uris = document.get("objectUris")
    if not isinstance(uris, list):
        raise ParseError("objectUris is no list")
    if len(uris) > MAX_URIS:
        raise ParseError(f"objectUris has more than {MAX_URIS} items")
    event = document.get("eventType")
    if named[0] == "backfillRequest":
        event = None
    elif event not in EVENTS:
        raise ParseError(f"eventType is none of {', '.join(EVENTS)}")
    kept = dict.fromkeys(uri for uri in map(http_url, uris) if uri is not None)
    return Announcement(
        kind="backfill" if event is None else "subscription",
        source_id=source_id,
        category=category,
        event=event,
        uris=tuple(kept),
        # Nothing more will come after nothing, whatever else it says.
        more=document.get("moreObjectsAvailable") is True and bool(uris),
    )


# --- Signed messages


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A message to be signed: sign `base`, hand the signature to `headers`."""

    base: bytes
    headers: Callable[[bytes], dict[str, str]]


def request(method: str, url: str, body: bytes, *, created: int, key_id: str) -> Unsigned:
    """`url` as it is sent; headers come in lower case."""
    values = {"@method": method.upper(), "@target-uri": url}
    return _unsigned(REQUEST, values, body, created, key_id)


def response(status: int, body: bytes, *, created: int, key_id: str) -> Unsigned:
    return _unsigned(RESPONSE, {"@status": str(status)}, body, created, key_id)


def _unsigned(
    names: Sequence[str], values: dict[str, str], body: bytes, created: int, key_id: str
) -> Unsigned:
    # One member only: Mastodon compares the whole header with its own.
    digest = content_digest(body)
    values = values | {"content-digest": digest}
    parameters = rfc9421_parameters(names, created=created, key_id=key_id)
    base = rfc9421_base([(name, values[name]) for name in names], parameters)

    def headers(signature: bytes) -> dict[str, str]:
        return {"content-digest": digest, **rfc9421_headers(LABEL, parameters, signature)}

    return Unsigned(base.encode("ascii"), headers)


@dataclass(frozen=True, slots=True)
class ResponseSignature:
    """The signature of an answer. `base` is the text it claims to be made over."""

    created: int
    expires: int | None
    components: frozenset[str]
    value: bytes
    base: bytes


def read_response(status: int, headers: Mapping[str, str]) -> ResponseSignature:
    """The first signature of an answer that can be read. Header names are in lower case.

    RFC 9421 as FASP uses it: `@status` and plain header fields. No keyid is needed; servers leave
    it out, because the asker knows whom it asked. BadSignature.
    """
    described, signature = headers.get("signature-input"), headers.get("signature")
    if described is None or signature is None:
        raise BadSignature("the answer is not signed")
    if len(described) > MAX_HEADER or len(signature) > MAX_HEADER:
        raise BadSignature("the signature's headers are too long")
    try:
        inputs = http_sf.parse(described.encode("ascii"), tltype="dictionary")
        values = http_sf.parse(signature.encode("ascii"), tltype="dictionary")
    except (ValueError, TypeError):
        raise BadSignature("a structured field cannot be read") from None
    assert isinstance(inputs, dict)
    assert isinstance(values, dict)
    for label, one in inputs.items():
        if label in values:
            return _response_signature(status, headers, one, values[label])
    raise BadSignature("no signature has a description")


def _response_signature(
    status: int, headers: Mapping[str, str], described: Any, signature: Any
) -> ResponseSignature:
    items, params = described
    value = signature[0]
    created, expires = params.get("created"), params.get("expires")
    if not isinstance(items, list) or type(value) is not bytes:
        raise BadSignature("Signature-Input is no list, or Signature no byte sequence")
    if type(created) is not int or type(expires) not in (int, type(None)):
        raise BadSignature("created is missing, or expires cannot be read")
    lines = []
    for name, given in items:
        if type(name) is not str or given:
            raise BadSignature("a covered component is not understood")
        found = str(status) if name == "@status" else headers.get(name)
        if found is None or "\n" in found:
            raise BadSignature(f"a covered component cannot be had: {name[:80]}")
        lines.append((name, found.strip()))
    names = frozenset(name for name, _ in lines)
    if len(names) != len(lines):
        raise BadSignature("a component stands twice")
    base = rfc9421_base(lines, http_sf.ser({"x": described})[2:])
    try:
        encoded = base.encode("latin-1")
    except UnicodeEncodeError:
        raise BadSignature("what is signed is not plain text") from None
    return ResponseSignature(created, expires, names, value, encoded)
