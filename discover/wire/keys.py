"""Public keys as actors publish them.

`publicKey` (the security vocabulary, as all of the fediverse has it) and `assertionMethod`
(FEP-521a: Multikey, with Multibase base58-btc and Multicodec).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from discover.model.actor import ActorType
from discover.wire.documents import Json
from discover.wire.jsonld import as_id, as_list, types
from discover.wire.urls import http_url

MAX_KEYS = 8  # of one document
MAX_PEM = 20_000
ED25519_MULTICODEC = b"\xed\x01"
RSA_MULTICODEC = b"\x85\x24"

_ACTORS = frozenset(kind.value for kind in ActorType) - {ActorType.TOMBSTONE.value}
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_MULTIBASE = re.compile(r"z[1-9A-HJ-NP-Za-km-z]{40,1500}")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """One key of a document, with its material in at most one form."""

    id: str
    owner: str | None
    pem: str | None = None
    ed25519: bytes | None = None  # 32 raw bytes
    rsa: bytes | None = None  # PKCS #1, DER


def is_actor(doc: Json) -> bool:
    return not _ACTORS.isdisjoint(types(doc))


def published_keys(doc: Json) -> tuple[PublishedKey, ...]:
    """The keys a document lists: an actor's, or the document itself when it is a key.

    Keys that are only named (a bare URI) have no material.
    """
    listed = as_list(doc.get("publicKey")) + as_list(doc.get("assertionMethod"))
    if not listed and ("publicKeyPem" in doc or "publicKeyMultibase" in doc):
        listed = [doc]
    keys = [_key(item) for item in listed[:MAX_KEYS]]
    return tuple(key for key in keys if key is not None)


def _key(item: Any) -> PublishedKey | None:
    if isinstance(item, str):
        uri = http_url(item)
        return PublishedKey(uri, None) if uri == item else None
    if not isinstance(item, dict):
        return None
    uri = item.get("id", item.get("@id"))
    if not isinstance(uri, str) or http_url(uri) != uri:
        return None
    owner = as_id(item.get("owner")) or as_id(item.get("controller"))
    pem, multibase = item.get("publicKeyPem"), item.get("publicKeyMultibase")
    if isinstance(pem, str) and len(pem) <= MAX_PEM:
        return PublishedKey(uri, owner, pem=pem)
    if isinstance(multibase, str):
        raw = _read_multibase(multibase)
        if len(raw) == 34 and raw.startswith(ED25519_MULTICODEC):
            return PublishedKey(uri, owner, ed25519=raw[2:])
        if raw.startswith(RSA_MULTICODEC):
            return PublishedKey(uri, owner, rsa=raw[2:])
    return PublishedKey(uri, owner)


def write_ed25519(raw: bytes) -> str:
    """The Multikey of 32 raw bytes."""
    return _write_multibase(ED25519_MULTICODEC + raw)


def write_rsa(der: bytes) -> str:
    """The Multikey of an RSA key as PKCS #1 in DER."""
    return _write_multibase(RSA_MULTICODEC + der)


def _read_multibase(text: str) -> bytes:
    """Empty if it is not base58-btc, the only encoding of a Multikey."""
    if not _MULTIBASE.fullmatch(text):
        return b""
    number = 0
    for letter in text[1:]:
        number = number * 58 + _BASE58.index(letter)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _write_multibase(data: bytes) -> str:
    # The codecs here never start with a zero byte, which base58 would have to write apart.
    number = int.from_bytes(data, "big")
    letters = ""
    while number:
        number, rest = divmod(number, 58)
        letters = _BASE58[rest] + letters
    return "z" + letters
