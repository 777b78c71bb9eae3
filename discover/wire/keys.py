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

_ACTORS = frozenset(kind.value for kind in ActorType) - {ActorType.TOMBSTONE.value}
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_MULTIBASE = re.compile(r"z[1-9A-HJ-NP-Za-km-z]{40,64}")


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """One key of a document. Exactly one of `pem` and `ed25519` is there, or neither."""

    id: str
    owner: str | None
    pem: str | None = None
    ed25519: bytes | None = None  # 32 raw bytes

    @property
    def material(self) -> str | bytes | None:
        return self.ed25519 or (self.pem.strip() if self.pem else None)


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
        return PublishedKey(uri, owner, ed25519=read_ed25519(multibase))
    return PublishedKey(uri, owner)


def read_ed25519(multibase: str) -> bytes | None:
    """The 32 bytes of an Ed25519 Multikey; None if it is anything else."""
    if not _MULTIBASE.fullmatch(multibase):
        return None
    number = 0
    for letter in multibase[1:]:
        number = number * 58 + _BASE58.index(letter)
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    if len(raw) != 34 or not raw.startswith(ED25519_MULTICODEC):
        return None
    return raw[2:]


def write_ed25519(raw: bytes) -> str:
    """The Multikey form of 32 raw bytes."""
    number = int.from_bytes(ED25519_MULTICODEC + raw, "big")
    letters = ""
    while number:
        number, rest = divmod(number, 58)
        letters = _BASE58[rest] + letters
    return "z" + letters
