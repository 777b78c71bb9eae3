"""The actor's signing keys. Where they are kept is the database's business."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from discover.wire.keys import write_ed25519, write_rsa

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

RSA_BITS = 2048  # what the fediverse verifies everywhere


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the id under which the world finds its public half."""

    key_id: str
    private: PrivateKey

    @classmethod
    def generate_rsa(cls, key_id: str) -> SigningKey:
        return cls(key_id, rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS))

    @classmethod
    def generate_ed25519(cls, key_id: str) -> SigningKey:
        return cls(key_id, ed25519.Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, key_id: str, pem: str) -> SigningKey:
        """ValueError if the PEM holds neither an RSA nor an Ed25519 private key."""
        key = serialization.load_pem_private_key(
            pem.encode("ascii"),
            password=None,
            unsafe_skip_rsa_key_validation=True,  # it is ours; the proof of primes takes 100 ms
        )
        if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
            raise ValueError("neither an RSA nor an Ed25519 private key")  # noqa: TRY004 -- the PEM's value is wrong
        return cls(key_id, key)

    def of(self, actor: str) -> SigningKey:
        """The same key under the name of another of our actors."""
        return SigningKey(f"{actor}#{self.key_id.partition('#')[2]}", self.private)

    def pem(self) -> str:
        """PKCS #8, not encrypted."""
        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode("ascii")

    def public_pem(self) -> str:
        """SubjectPublicKeyInfo, the form of `publicKeyPem`."""
        return (
            self.private.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode("ascii")
        )

    def multikey(self) -> str:
        """The public half as FEP-521a's `publicKeyMultibase`."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return write_rsa(
                self.private.public_key().public_bytes(
                    serialization.Encoding.DER, serialization.PublicFormat.PKCS1
                )
            )
        return write_ed25519(self.private.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256, or Ed25519. Releases the GIL while it computes."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.private.sign(data)


@dataclass(frozen=True, slots=True)
class ActorKeys:
    """The keys our actor signs with, and those of before that are still published."""

    rsa: SigningKey
    ed25519: SigningKey
    retired: tuple[SigningKey, ...] = ()

    @property
    def public_pem(self) -> str:
        return self.rsa.public_pem()
