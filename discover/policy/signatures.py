"""What a signature must cover, when it is still good, and which algorithms count.

The minimum of draft-cavage is what Mastodon demands; that of RFC 9421 is FASP's and Mastodon's,
with the parts of the target as an equal to the whole.
"""

from __future__ import annotations

from datetime import datetime, timedelta

# Clocks are off and queues are slow, but nobody needs to say today what was signed yesterday.
MAX_AGE = timedelta(hours=1)
AHEAD = timedelta(minutes=5)

CAVAGE_ALGORITHMS = {
    # hs2019 hides the algorithm; the fediverse means SHA-256 with it, for RSA keys.
    None: ("rsa-v1_5-sha256", "ed25519"),
    "hs2019": ("rsa-v1_5-sha256", "ed25519"),
    "rsa-sha256": ("rsa-v1_5-sha256",),
    "rsa-sha512": ("rsa-v1_5-sha512",),
    "ed25519": ("ed25519",),
}
RFC9421_ALGORITHMS = {
    None: ("rsa-v1_5-sha256", "rsa-pss-sha512", "ed25519"),
    "rsa-v1_5-sha256": ("rsa-v1_5-sha256",),
    "rsa-pss-sha512": ("rsa-pss-sha512",),
    "ed25519": ("ed25519",),
}


def algorithms(scheme: str, named: str | None) -> tuple[str, ...]:
    """Which checks an algorithm's name allows; the key's kind decides among them. () for none."""
    known = CAVAGE_ALGORITHMS if scheme == "cavage" else RFC9421_ALGORITHMS
    return known.get(named, ())


def not_covered(
    scheme: str, components: frozenset[str], *, has_body: bool, has_query: bool
) -> str | None:
    """What should have been signed and was not, in plain words; None when all is there."""
    if scheme == "cavage":
        needed = {"(request-target)", "host"} | ({"digest"} if has_body else set())
        if not components & {"date", "(created)"}:
            return "date or (created)"
    else:
        whole = "@target-uri" in components
        parts = {"@authority", "@path"} | ({"@query"} if has_query else set())
        needed = {"@method"} | (set() if whole else parts)
        needed |= {"content-digest"} if has_body else set()
    missing = sorted(needed - components)
    return ", ".join(missing) or None


def out_of_time(moment: datetime, expires: datetime | None, now: datetime) -> str | None:
    """Why a signature made at `moment` is not good now; None when it is."""
    if moment > now + AHEAD:
        return "the signature is from the future"
    if moment < now - MAX_AGE:
        return "the signature is too old"
    if expires is not None and expires <= now:
        return "the signature has expired"
    return None


def good_until(moment: datetime, expires: datetime | None) -> datetime:
    """From when on time alone refuses the signature, and nobody has to remember it."""
    last = moment + MAX_AGE
    return last if expires is None else min(last, expires)
