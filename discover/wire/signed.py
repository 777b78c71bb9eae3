"""Reading a received HTTP signature: what it says, and the exact text it was made over.

draft-cavage-http-signatures-12 is read here by hand, because no maintained library knows it. For
RFC 9421 the structured fields are read by http_sf and the component values come from
http_message_signatures; the text is put together here, so that the clock, the choice among several
signatures and the asynchronous look-up of the key stay ours.

Nothing here knows a key or the time. What must be covered is policy.signatures' business.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import http_sf
from http_message_signatures import HTTPMessageSignaturesException, HTTPSignatureComponentResolver
from http_sf.compat import Item

from discover.model.frozen import quick
from discover.wire.signatures import cavage_string

MAX_HEADER = 8192  # characters of a signature's headers; honest ones have below 1,000
MAX_LABELS = 4
MAX_COMPONENTS = 32

_PARAMETER = re.compile(r'\s*([A-Za-z]{1,20})=(?:"([^"\\]*)"|(-?\d{1,15}))\s*(?:,|$)')
_KNOWN_DIGESTS = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
_MAX_DIGESTS = 8


class Scheme(StrEnum):
    CAVAGE = "cavage"
    RFC9421 = "rfc9421"


class BadSignature(ValueError):
    """The text says, in plain words, what is wrong."""


@quick(frozen=True, slots=True)
class Signature:
    """A well-formed signature. `base` is the text it claims to be made over."""

    scheme: Scheme
    key_id: str
    algorithm: str | None  # as named, in lower case
    components: frozenset[str]  # covered whole: one with parameters does not count
    created: int | None  # seconds since 1970
    expires: int | None
    value: bytes
    base: bytes


def read_signatures(method: str, url: str, headers: Mapping[str, str]) -> tuple[Signature, ...]:
    """Every signature of a request that can be read, in their order; at least one.

    `url` is absolute, as the sender saw it: its host stands for the Host header, so a signature
    made for another server never fits here. Header names are in lower case, repeated ones joined
    by ", ". BadSignature if there is none, or none can be read.
    """
    signature = headers.get("signature")
    described = headers.get("signature-input")
    if signature is None:
        raise BadSignature("the request is not signed")
    if len(signature) > MAX_HEADER or len(described or "") > MAX_HEADER:
        raise BadSignature("the signature's headers are too long")
    if described is None:
        return (_cavage(method, url, headers, signature),)
    return _rfc9421(method, url, headers, described, signature)


# draft-cavage-http-signatures-12


def _cavage(method: str, url: str, headers: Mapping[str, str], header: str) -> Signature:
    given = _parameters(header)
    key_id, value = given.get("keyId"), given.get("signature")
    if not key_id or not value:
        raise BadSignature("keyId or signature is missing")
    algorithm = given.get("algorithm", "").lower() or None
    created, expires = _seconds(given, "created"), _seconds(given, "expires")
    names = tuple(given.get("headers", "date").lower().split())
    if not names or len(names) > MAX_COMPONENTS or len(set(names)) != len(names):
        raise BadSignature("headers names nothing, too much, or something twice")
    _, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    values = {name: headers[name] for name in names if name in headers and name[0] != "("}
    values["host"] = authority
    for name, seconds in (("(created)", created), ("(expires)", expires)):
        if name in names:
            # Section 2.3: not with the algorithms that were there before these two.
            if seconds is None or (algorithm or "").startswith(("rsa", "hmac", "ecdsa")):
                raise BadSignature(f"{name} cannot be signed like this")
            values[name] = str(seconds)
    try:
        base = cavage_string(method, slash + path or "/", names, values)
    except KeyError as error:
        raise BadSignature(f"the signed header {error.args[0]!s:.80} is missing") from None
    return Signature(
        scheme=Scheme.CAVAGE,
        key_id=key_id,
        algorithm=algorithm,
        components=frozenset(names),
        created=created if "(created)" in names else None,
        expires=expires,
        value=_base64(value, "the signature"),
        base=_encoded(base),
    )


def _parameters(header: str) -> dict[str, str]:
    found: dict[str, str] = {}
    end = 0
    while end < len(header):
        match = _PARAMETER.match(header, end)
        if match is None or match[1] in found:
            raise BadSignature("the Signature header cannot be read")
        found[match[1]] = match[2] if match[2] is not None else match[3]
        end = match.end()
    return found


def _seconds(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,12}", text):
        raise BadSignature(f"{name} is not a number of seconds")
    return int(text)


def _base64(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature(f"{what} is not base64") from None


def _encoded(base: str) -> bytes:
    # Header values arrive as Latin-1; one byte each, as they were signed.
    try:
        return base.encode("latin-1")
    except UnicodeEncodeError:
        raise BadSignature("what is signed is not plain text") from None


# RFC 9421


class _Message(NamedTuple):
    method: str
    url: str
    headers: dict[str, str]


_resolver: Callable[[_Message], HTTPSignatureComponentResolver] = HTTPSignatureComponentResolver


def _item(name: str, params: dict[str, Any]) -> Item:
    item = Item(name)
    item.params.update(params)
    return item


def _rfc9421(
    method: str, url: str, headers: Mapping[str, str], described: str, signature: str
) -> tuple[Signature, ...]:
    inputs, values = _dictionary(described), _dictionary(signature)
    found: list[Signature] = []
    problem = BadSignature("no signature has a description")
    for label, described_one in list(inputs.items())[:MAX_LABELS]:
        if label in values:
            try:
                found.append(_one(method, url, headers, described_one, values[label]))
            except BadSignature as error:
                problem = error
    if not found:
        raise problem
    return tuple(found)


def _dictionary(text: str) -> dict[str, Any]:
    try:
        parsed = http_sf.parse(text.encode("ascii"), tltype="dictionary", on_duplicate_key=_twice)
    except (ValueError, TypeError):
        raise BadSignature("a structured field cannot be read") from None
    assert isinstance(parsed, dict)
    return parsed


def _twice(key: str, _context: str) -> None:
    raise BadSignature(f"{key[:80]} stands twice")


def _one(
    method: str, url: str, headers: Mapping[str, str], described: Any, signature: Any
) -> Signature:
    items, params = described
    value = signature[0]
    if not isinstance(items, list) or type(value) is not bytes or len(items) > MAX_COMPONENTS:
        raise BadSignature("Signature-Input is no list, or Signature no byte sequence")
    key_id, created = params.get("keyid"), params.get("created")
    expires, algorithm = params.get("expires"), params.get("alg")
    if type(key_id) is not str or not key_id:
        raise BadSignature("keyid is missing")
    if type(created) is not int:
        raise BadSignature("created is missing")
    if type(expires) not in (int, type(None)) or type(algorithm) not in (str, type(None)):
        raise BadSignature("expires or alg cannot be read")
    names = [name for name, _ in items]
    if any(type(name) is not str for name in names):
        raise BadSignature("a component's name is no string")
    spelled = [http_sf.ser((name, given)) for name, given in items]
    if len(set(spelled)) != len(items) or any(name != name.lower() for name in names):
        raise BadSignature("a component is misspelled or stands twice")
    covered = {name: headers[name] for name in names if name in headers and name[:1] != "@"}
    try:
        resolver = _resolver(_Message(method.upper(), url, covered))
        lines = [
            f"{written}: {resolver.resolve(_item(name, given))}\n"
            for written, (name, given) in zip(spelled, items, strict=True)
        ]
    except (HTTPMessageSignaturesException, ValueError, TypeError) as error:
        raise BadSignature(f"a covered component cannot be had: {error!s:.120}") from None
    text = "".join(lines)
    if text.count("\n") != len(lines) or "\r" in text:
        raise BadSignature("a covered component has more than one line")
    return Signature(
        scheme=Scheme.RFC9421,
        key_id=key_id,
        algorithm=algorithm.lower() if algorithm else None,
        components=frozenset(name for name, given in items if not given),
        created=created,
        expires=expires,
        value=value,
        base=_encoded(f'{text}"@signature-params": {http_sf.ser({"x": described})[2:]}'),
    )


# Digests, over the bytes as they came


def digest_fits(header: str, body: bytes) -> bool:
    """A `Digest` header (RFC 3230): one known algorithm fits, and none that is known does not.

    BadSignature if it cannot be read.
    """
    given: list[tuple[str, bytes]] = []
    for part in header[:MAX_HEADER].split(","):
        name, equals, text = part.strip().partition("=")
        if not equals:
            raise BadSignature("the Digest header cannot be read")
        if name.lower() in _KNOWN_DIGESTS:
            given.append((name.lower(), _base64(text, "the digest")))
    return _fit(given, body)


def content_digest_fits(header: str, body: bytes) -> bool:
    """A `Content-Digest` header (RFC 9530), by the same rule. BadSignature if unreadable."""
    if len(header) > MAX_HEADER:
        raise BadSignature("the Content-Digest header is too long")
    given = [(name, member[0]) for name, member in _dictionary(header).items()]
    if any(name in _KNOWN_DIGESTS and type(value) is not bytes for name, value in given):
        raise BadSignature("the Content-Digest header cannot be read")
    return _fit([pair for pair in given if pair[0] in _KNOWN_DIGESTS], body)


def _fit(given: list[tuple[str, bytes]], body: bytes) -> bool:
    if not 0 < len(given) <= _MAX_DIGESTS:
        return False
    real = {name: _KNOWN_DIGESTS[name](body).digest() for name in {name for name, _ in given}}
    return all(hmac.compare_digest(value, real[name]) for name, value in given)
