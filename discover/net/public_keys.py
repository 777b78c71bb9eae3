"""Other people's public keys, and the one question asked of them."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from discover.wire.keys import PublishedKey

PublicKey = rsa.RSAPublicKey | ed25519.Ed25519PublicKey

RSA_BITS = range(1024, 8193)  # smaller proves nothing, larger costs too much


def load_pem(pem: str) -> PublicKey | None:
    """None for anything but an RSA key of a reasonable size or an Ed25519 key."""
    try:
        return _usable(serialization.load_pem_public_key(pem.strip().encode("ascii")))
    except (ValueError, UnsupportedAlgorithm):
        return None


def load_published(key: PublishedKey) -> PublicKey | None:
    if key.ed25519 is not None:
        return ed25519.Ed25519PublicKey.from_public_bytes(key.ed25519)
    if key.rsa is not None:
        try:
            return _usable(serialization.load_der_public_key(key.rsa))
        except (ValueError, UnsupportedAlgorithm):
            return None
    return load_pem(key.pem) if key.pem else None


def _usable(key: object) -> PublicKey | None:
    if isinstance(key, rsa.RSAPublicKey):
        return key if key.key_size in RSA_BITS else None
    return key if isinstance(key, ed25519.Ed25519PublicKey) else None


def to_pem(key: PublicKey) -> str:
    """SubjectPublicKeyInfo, whatever form it was published in."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode("ascii")


def made_by(key: PublicKey, signature: bytes, base: bytes, algorithms: Iterable[str]) -> bool:
    """Did this key make the signature, by one of the algorithms (RFC 9421 names)?"""
    return any(_check(key, signature, base, algorithm) for algorithm in algorithms)


def _check(key: PublicKey, signature: bytes, base: bytes, algorithm: str) -> bool:
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            if algorithm != "ed25519":
                return False
            key.verify(signature, base)
        elif algorithm == "rsa-v1_5-sha256":
            key.verify(signature, base, padding.PKCS1v15(), hashes.SHA256())
        elif algorithm == "rsa-v1_5-sha512":
            key.verify(signature, base, padding.PKCS1v15(), hashes.SHA512())
        elif algorithm == "rsa-pss-sha512":
            pss = padding.PSS(padding.MGF1(hashes.SHA512()), salt_length=64)
            key.verify(signature, base, pss, hashes.SHA512())
        else:
            return False
    except InvalidSignature:
        return False
    return True
