"""The strings that HTTP signatures are made over, and the headers that carry them.

draft-cavage-http-signatures-12 as the fediverse uses it, and RFC 9421 with RFC 9530 digests.
Nothing here holds a key: callers sign the returned bytes and hand the signature back.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence

CAVAGE_GET: tuple[str, ...] = ("(request-target)", "host", "date")
CAVAGE_POST: tuple[str, ...] = (*CAVAGE_GET, "digest")
RFC9421_GET: tuple[str, ...] = ("@method", "@target-uri")
RFC9421_POST: tuple[str, ...] = (*RFC9421_GET, "content-digest")


def digest(body: bytes) -> str:
    """The `Digest` header (RFC 3230) that draft-cavage signs."""
    return "SHA-256=" + base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")


def content_digest(body: bytes) -> str:
    """The `Content-Digest` header (RFC 9530)."""
    return "sha-256=:" + base64.b64encode(hashlib.sha256(body).digest()).decode("ascii") + ":"


def cavage_string(method: str, path: str, names: Sequence[str], headers: Mapping[str, str]) -> str:
    """The signing string. `path` includes the query; header names are in lower case.

    KeyError if a named header is missing.
    """
    lines = []
    for name in names:
        if name == "(request-target)":
            lines.append(f"(request-target): {method.lower()} {path}")
        else:
            lines.append(f"{name}: {headers[name].strip()}")
    return "\n".join(lines)


def cavage_header(key_id: str, names: Sequence[str], signature: bytes) -> str:
    """The `Signature` header. The algorithm is named as every receiver knows it."""
    encoded = base64.b64encode(signature).decode("ascii")
    return (
        f'keyId="{key_id}",algorithm="rsa-sha256",headers="{" ".join(names)}",signature="{encoded}"'
    )


def rfc9421_parameters(
    components: Sequence[str], *, created: int, key_id: str, algorithm: str | None = None
) -> str:
    """The `@signature-params` value: an inner list with its parameters (RFC 9421, 2.3)."""
    covered = " ".join(f'"{name}"' for name in components)
    text = f'({covered});created={created};keyid="{key_id}"'
    return f'{text};alg="{algorithm}"' if algorithm else text


def rfc9421_base(values: Sequence[tuple[str, str]], parameters: str) -> str:
    """The signature base (RFC 9421, 2.5) over (component, value) pairs in signing order."""
    lines = [f'"{name}": {value}' for name, value in values]
    return "\n".join([*lines, f'"@signature-params": {parameters}'])


def rfc9421_headers(label: str, parameters: str, signature: bytes) -> dict[str, str]:
    """`Signature-Input` and `Signature`, names in lower case."""
    encoded = base64.b64encode(signature).decode("ascii")
    return {"signature-input": f"{label}={parameters}", "signature": f"{label}=:{encoded}:"}
