"""Signatures, checked by others: cryptography on strings built here, and the RFC 9421 package."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import RSA_V1_5_SHA256

from discover.net.keys import SigningKey
from discover.net.signing import Scheme, SchemeMemory, Signer
from discover.policy.address import read_url
from tests.net.conftest import KEY, TestClock

URL = "https://example.social/users/ada/outbox?page=true&max_id=1"


@dataclass
class Message:
    """What the RFC 9421 package looks at."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


class Keys(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str):
        assert key_id == KEY.key_id
        return KEY.public_pem().encode()


def sign(scheme: Scheme, method: str = "GET", body: bytes | None = None) -> dict[str, str]:
    signer = Signer(KEY, TestClock())
    try:
        return asyncio.run(signer.sign(scheme, method, read_url(URL), body))
    finally:
        signer.close()


def verify(string: str, signature: str) -> None:
    public = serialization.load_pem_public_key(KEY.public_pem().encode())
    assert isinstance(public, rsa.RSAPublicKey)
    raw = base64.b64decode(signature)
    public.verify(raw, string.encode(), padding.PKCS1v15(), hashes.SHA256())


@pytest.mark.parametrize("body", [None, b'{"a":1}'])
def test_cavage_signature_covers_target_with_query_host_date_and_digest(body) -> None:
    method = "GET" if body is None else "POST"
    headers = sign(Scheme.CAVAGE, method, body)
    fields = dict(re.findall(r'(\w+)="([^"]*)"', headers["signature"]))
    assert fields["keyId"] == KEY.key_id
    assert fields["algorithm"] == "rsa-sha256"
    lines = [
        f"(request-target): {method.lower()} /users/ada/outbox?page=true&max_id=1",
        "host: example.social",
        f"date: {headers['date']}",
    ]
    if body is not None:
        lines.append("digest: SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode())
    verify("\n".join(lines), fields["signature"])
    with pytest.raises(InvalidSignature):
        verify("\n".join(lines).replace("max_id=1", "max_id=2"), fields["signature"])


@pytest.mark.parametrize("body", [None, b'{"a":1}'])
def test_rfc9421_signature_is_accepted_by_the_reference_package(body) -> None:
    method = "GET" if body is None else "POST"
    headers = sign(Scheme.RFC9421, method, body)
    verifier = HTTPMessageVerifier(signature_algorithm=RSA_V1_5_SHA256, key_resolver=Keys())
    names = {name.title(): value for name, value in headers.items()}
    found = verifier.verify(Message(method, URL, names), max_age=timedelta(minutes=1))[0]
    covered = {'"@method"': method, '"@target-uri"': URL}
    if body is not None:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        covered['"content-digest"'] = f"sha-256=:{digest}:"
    assert covered.items() <= dict(found.covered_components).items()
    assert found.parameters["keyid"] == KEY.key_id


def test_keys_survive_their_pem() -> None:
    for key in (KEY, SigningKey.generate_ed25519("https://waypost.test/actor#ed25519")):
        again = SigningKey.from_pem(key.key_id, key.pem())
        assert again.public_pem() == key.public_pem()
        assert again.sign(b"x") == key.sign(b"x")
    with pytest.raises(ValueError):
        SigningKey.from_pem("k", KEY.public_pem())


@dataclass
class Frozen:
    at: datetime = datetime(2026, 11, 22, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def test_memory_of_a_host_ends_and_is_bounded() -> None:
    clock = Frozen()
    memory = SchemeMemory(Scheme.CAVAGE, clock, lifetime=timedelta(days=7), hosts=3)
    memory.learn("a.test", Scheme.RFC9421, 200)
    assert memory.first("a.test") is Scheme.RFC9421
    assert memory.first("b.test") is Scheme.CAVAGE
    clock.at += timedelta(days=7)
    assert memory.first("a.test") is Scheme.CAVAGE
    for number in range(5):
        memory.learn(f"h{number}.test", Scheme.RFC9421, 200)
    kept = [memory.first(f"h{number}.test") is Scheme.RFC9421 for number in range(5)]
    assert kept == [False, False, True, True, True]


def test_hidden_collection_does_not_stop_the_second_knock_at_an_actor() -> None:
    memory = SchemeMemory(Scheme.CAVAGE, Frozen())
    assert memory.second("a.test", Scheme.CAVAGE, 403, b"") is Scheme.RFC9421
    memory.learn("a.test", Scheme.RFC9421, 403)
    assert memory.second("a.test", Scheme.CAVAGE, 403, b"") is None
    assert memory.second("a.test", Scheme.CAVAGE, 401, b"") is Scheme.RFC9421
    assert memory.second("a.test", Scheme.CAVAGE, 404, b"") is None
    assert memory.second("a.test", Scheme.CAVAGE, 400, b"invalid Signature") is Scheme.RFC9421
