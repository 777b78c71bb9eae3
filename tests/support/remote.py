"""A remote server's people, with keys of their own, and signers that share no code with ours.

The signatures are made with `cryptography` from the specifications' text: what the verifier is
tested with must not come from the code that it is built on.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from discover.net.verify import SignedRequest
from tests.support.rude_site import RudeSite, answer

PUBLIC = "https://waypost.test"
INBOX = f"{PUBLIC}/inbox"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass
class Person:
    """An actor on `host` with an RSA and an Ed25519 key."""

    name: str
    host: str = "a.lab.test"
    rsa_key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    ed_key: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)

    @property
    def uri(self) -> str:
        return f"https://{self.host}/users/{self.name}"

    @property
    def key_id(self) -> str:
        return f"{self.uri}#main-key"

    @property
    def ed_key_id(self) -> str:
        return f"{self.uri}#ed25519-key"

    def pem(self) -> str:
        return (
            self.rsa_key.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode()
        )

    def multikey(self) -> str:
        raw = self.ed_key.public_key().public_bytes_raw()
        number, text = int.from_bytes(b"\xed\x01" + raw, "big"), ""
        while number:
            number, rest = divmod(number, 58)
            text = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[rest] + text
        return f"z{text}"

    def document(self, **more: Any) -> dict[str, Any]:
        return {
            "@context": ["https://www.w3.org/ns/activitystreams"],
            "id": self.uri,
            "type": "Person",
            "preferredUsername": self.name,
            "inbox": f"{self.uri}/inbox",
            "endpoints": {"sharedInbox": f"https://{self.host}/inbox"},
            "publicKey": {"id": self.key_id, "owner": self.uri, "publicKeyPem": self.pem()},
            "assertionMethod": [
                {
                    "id": self.ed_key_id,
                    "type": "Multikey",
                    "controller": self.uri,
                    "publicKeyMultibase": self.multikey(),
                }
            ],
        } | more

    def live_at(self, site: RudeSite, **more: Any) -> Person:
        site.replies[f"/users/{self.name}"] = answer(
            200, json.dumps(self.document(**more)).encode()
        )
        return self

    def cavage(
        self,
        body: bytes = b"{}",
        *,
        url: str = INBOX,
        method: str = "POST",
        at: datetime | None = None,
        names: str | None = None,
        key_id: str | None = None,
        algorithm: str | None = "rsa-sha256",
        ed: bool = False,
        created: int | None = None,
        expires: int | None = None,
        headers: dict[str, str] | None = None,
        digest: str | None = None,
    ) -> SignedRequest:
        host, _, path = url.removeprefix("https://").partition("/")
        sent = {"host": host, "date": format_datetime(at or datetime.now(UTC), usegmt=True)}
        if method == "POST":
            sent["digest"] = digest or f"SHA-256={b64(hashlib.sha256(body).digest())}"
        sent |= headers or {}
        if names is None:
            names = "(request-target) host date" + (" digest" if method == "POST" else "")
        values = sent | {
            "(request-target)": f"{method.lower()} /{path}",
            "(created)": str(created),
            "(expires)": str(expires),
        }
        text = "\n".join(f"{name}: {values.get(name, '')}" for name in names.split()).encode()
        signature = self.ed_key.sign(text) if ed else self._rsa(text)
        parts = [f'keyId="{key_id or (self.ed_key_id if ed else self.key_id)}"']
        parts += [f'algorithm="{algorithm}"'] if algorithm else []
        parts += [f"created={created}"] if created is not None else []
        parts += [f"expires={expires}"] if expires is not None else []
        parts += [f'headers="{names}"', f'signature="{b64(signature)}"']
        return SignedRequest(method, url, sent | {"signature": ",".join(parts)}, body)

    def rfc9421(
        self,
        body: bytes = b"{}",
        *,
        url: str = INBOX,
        method: str = "POST",
        at: datetime | None = None,
        names: tuple[str, ...] | None = None,
        key_id: str | None = None,
        algorithm: str = "rsa-v1_5-sha256",
        name_algorithm: bool = True,
        more: str = "",
        label: str = "sig1",
        digest: str | None = None,
    ) -> SignedRequest:
        sent = {"host": url.removeprefix("https://").partition("/")[0]}
        if method == "POST":
            sent["content-digest"] = digest or f"sha-256=:{b64(hashlib.sha256(body).digest())}:"
        if names is None:
            names = ("@method", "@target-uri") + (("content-digest",) if method == "POST" else ())
        rest, _, query = url.removeprefix("https://").partition("?")
        values = sent | {
            "@method": method,
            "@target-uri": url,
            "@authority": sent["host"],
            "@path": "/" + rest.partition("/")[2],
            "@query": f"?{query}",
        }
        key = key_id or (self.ed_key_id if algorithm == "ed25519" else self.key_id)
        created = int((at or datetime.now(UTC)).timestamp())
        covered = " ".join(f'"{name}"' for name in names)
        given = f'({covered});created={created};keyid="{key}"'
        given += f';alg="{algorithm}"' if name_algorithm else ""
        given += more
        lines = [f'"{name}": {values.get(name, "")}' for name in names]
        text = "\n".join([*lines, f'"@signature-params": {given}']).encode()
        if algorithm == "ed25519":
            signature = self.ed_key.sign(text)
        elif algorithm == "rsa-pss-sha512":
            pss = padding.PSS(padding.MGF1(hashes.SHA512()), salt_length=64)
            signature = self.rsa_key.sign(text, pss, hashes.SHA512())
        else:
            signature = self._rsa(text)
        sent |= {
            "signature-input": f"{label}={given}",
            "signature": f"{label}=:{b64(signature)}:",
        }
        return SignedRequest(method, url, sent, body)

    def _rsa(self, text: bytes) -> bytes:
        return self.rsa_key.sign(text, padding.PKCS1v15(), hashes.SHA256())
