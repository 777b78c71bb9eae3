"""Authorized fetch: is this GET signed, well-formed, and on request really by that key?

Cavage: draft-cavage-http-signatures-12. The other one: RFC 9421. What each software wants is in
`REQUIRED`.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from discover.demo.exchange import Request

_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|(\d+))')
_INPUT = re.compile(r"^\s*([\w-]+)=(\(([^)]*)\)(.*))$")
_VALUE = re.compile(r"([\w-]+)=:([A-Za-z0-9+/=]+):")

# Seconds a Date or created may be away from our clock; Takahē is strict.
WINDOW = 3600
WINDOWS = {"takahe": 60}
REQUIRED = {"gotosocial": ("cavage",)}


@dataclass(frozen=True, slots=True)
class Signed:
    """A well-formed signature. `base` is the text that was signed."""

    scheme: str  # cavage or rfc9421
    key_id: str
    signature: bytes
    base: bytes
    covered: tuple[str, ...] = field(default=())


class BadSignature(Exception):
    """The text says what is wrong with it."""


def read(request: Request, scheme: str, software: str) -> Signed:
    """The signature of a GET. BadSignature when there is none or it is malformed or stale."""
    if "signature-input" in request.headers:
        signed = _rfc9421(request, scheme)
    elif "signature" in request.headers:
        signed = _cavage(request)
    else:
        raise BadSignature("Request not signed")
    if signed.scheme not in REQUIRED.get(software, ("cavage", "rfc9421")):
        raise BadSignature(f"{signed.scheme} is not understood here")
    _check_age(request, signed, WINDOWS.get(software, WINDOW))
    return signed


def _cavage(request: Request) -> Signed:
    pairs = {m[1]: m[2] or m[3] for m in _PARAMETER.finditer(request.headers["signature"])}
    names = tuple(pairs.get("headers", "").lower().split())
    if not pairs.get("keyId") or not pairs.get("signature"):
        raise BadSignature("keyId or signature is missing")
    if not {"(request-target)", "host"} <= set(names) or not {"date", "(created)"} & set(names):
        raise BadSignature("(request-target), host and date must be signed")
    lines = []
    for name in names:
        if name == "(request-target)":
            lines.append(f"{name}: {request.method.lower()} {request.target}")
        elif name in ("(created)", "(expires)"):
            lines.append(f"{name}: {pairs.get(name[1:-1], '')}")
        elif name in request.headers:
            lines.append(f"{name}: {request.headers[name]}")
        else:
            raise BadSignature(f"signed header {name} is missing")
    return Signed(
        "cavage", pairs["keyId"], _decode(pairs["signature"]), "\n".join(lines).encode(), names
    )


def _rfc9421(request: Request, scheme: str) -> Signed:
    match = _INPUT.match(request.headers["signature-input"])
    if match is None:
        raise BadSignature("Signature-Input cannot be read")
    label, parameters, inner, rest = match.groups()
    values = {m[1]: m[2] for m in _VALUE.finditer(request.headers.get("signature", ""))}
    pairs = {m[1]: m[2] or m[3] for m in _PARAMETER.finditer(rest)}
    names = tuple(inner.replace('"', "").split())
    if label not in values or not pairs.get("keyid") or not pairs.get("created"):
        raise BadSignature("signature, keyid or created is missing")
    if not {"@method", "@target-uri"} <= set(names):
        raise BadSignature("@method and @target-uri must be covered")
    known = {
        "@method": request.method,
        "@target-uri": f"{scheme}://{request.headers['host']}{request.target}",
        "@authority": request.headers["host"].lower(),
        "@path": request.path,
        "@query": f"?{request.query}",
    }
    lines = []
    for name in names:
        value = known.get(name, request.headers.get(name))
        if value is None:
            raise BadSignature(f"covered component {name} is missing")
        lines.append(f'"{name}": {value}')
    lines.append(f'"@signature-params": {parameters}')
    return Signed(
        "rfc9421", pairs["keyid"], _decode(values[label]), "\n".join(lines).encode(), names
    )


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as fault:
        raise BadSignature("the signature is not base64") from fault


def _check_age(request: Request, signed: Signed, window: int) -> None:
    if signed.scheme == "rfc9421" or "(created)" in signed.covered:
        source = request.headers.get("signature-input") or request.headers["signature"]
        found = re.search(r"created=(\d+)", source)
        stamp = float(found[1]) if found else 0.0
    else:
        try:
            stamp = parsedate_to_datetime(request.headers.get("date", "")).timestamp()
        except (TypeError, ValueError) as fault:
            raise BadSignature("Date cannot be read") from fault
    if abs(time.time() - stamp) > window:
        raise BadSignature("the signature is too old or from the future")


def verify(signed: Signed, pem: str) -> None:
    """BadSignature unless the key in `pem` made it (RSA PKCS#1 v1.5 with SHA-256, or Ed25519)."""
    key = load_pem_public_key(pem.encode())
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signed.signature, signed.base, padding.PKCS1v15(), SHA256())
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signed.signature, signed.base)
        else:
            raise BadSignature("a key of this kind is not understood")
    except InvalidSignature as fault:
        raise BadSignature("Verification failed") from fault
