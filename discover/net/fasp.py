"""Calls between us and one server by FASP v0.1: signed out, verified back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from discover.net.client import GuardedClient
from discover.net.conversation import Answer
from discover.net.keys import SigningKey
from discover.policy.fasp import not_covered, out_of_time
from discover.ports import Clock
from discover.wire import fasp
from discover.wire.documents import Json, ParseError, read_document
from discover.wire.signed import BadSignature, content_digest_fits

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Line:
    """What is needed to talk with one server. `key_id` is the name it gave us.

    `remote_key` None: not known yet, so that its answer is read unverified.
    """

    base_url: str
    key: SigningKey
    remote_key: bytes | None


@lru_cache(maxsize=1024)
def signing_key(key_id: str, pem: str) -> SigningKey:
    """Our key for one server, ready to sign."""
    return SigningKey.from_pem(key_id, pem)


async def call(
    client: GuardedClient, clock: Clock, line: Line, method: str, path: str, body: bytes = b""
) -> Answer:
    """One call. FetchError without an answer; BadSignature if a success is not the server's own.

    Refusals (400 and above) may be unsigned: known servers fail before they sign.
    """
    target = client.manners.resolver.read(line.base_url + path)
    created = int(clock.now().timestamp())
    unsigned = fasp.request(method, str(target), body, created=created, key_id=line.key.key_id)
    headers = {"accept": _JSON, "content-type": _JSON}
    headers |= unsigned.headers(line.key.sign(unsigned.base))
    answer = await client.call(method, str(target), body, headers=headers)
    if answer.status < 400 and line.remote_key is not None:
        verify_answer(answer.status, answer.headers, answer.body, line.remote_key, clock.now())
    return answer


def verify_answer(
    status: int, headers: Mapping[str, str], body: bytes, key: bytes, now: datetime
) -> None:
    """BadSignature unless this key signed exactly this answer, now."""
    check_digest(headers, body)
    signature = fasp.read_response(status, headers)
    if missing := not_covered(signature.components, fasp.RESPONSE):
        raise BadSignature(f"not signed: {missing}")
    expires = instant(signature.expires) if signature.expires is not None else None
    if late := out_of_time(instant(signature.created), expires, now):
        raise BadSignature(late)
    if not made_by(key, signature.value, signature.base):
        raise BadSignature("the signature was not made by this server's key")


def check_digest(headers: Mapping[str, str], body: bytes) -> None:
    """BadSignature unless the Content-Digest is there, names SHA-256 and fits the raw body."""
    header = headers.get("content-digest")
    if header is None:
        raise BadSignature("the content-digest header is missing")
    if "sha-256=" not in header:
        raise BadSignature("the content-digest names no sha-256")
    if not content_digest_fits(header, body):
        raise BadSignature("the content-digest does not fit the body")


def made_by(key: bytes, value: bytes, base: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(value, base)
    except (InvalidSignature, ValueError):
        return False
    return True


def instant(seconds: int) -> datetime:
    """BadSignature for what is no time."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise BadSignature("created or expires is no time") from None


def document(answer: Answer) -> Json:
    """The JSON object of an answer. ParseError."""
    if not answer.body:
        raise ParseError("the answer has no body")
    return read_document(answer.body)
