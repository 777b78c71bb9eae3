"""Ids in the shapes servers give them, with the account's and post's numbers inside.

Nothing is stored, so every id has to lead back to what it names.
"""

from __future__ import annotations

_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _write(value: int, digits: str, width: int) -> str:
    out = []
    for _ in range(width):
        value, digit = divmod(value, len(digits))
        out.append(digits[digit])
    return "".join(reversed(out))


def aid(seconds: int, account: int, post: int) -> str:
    """Misskey's: milliseconds since 2000 in base 36, then our two numbers."""
    time = _write((seconds - 946_684_800) * 1000, _BASE36, 8)
    return time + _write(account, _BASE36, 4) + _write(post, _BASE36, 4)


def from_aid(text: str) -> tuple[int, int]:
    """Account and post number. ValueError for anything else."""
    if len(text) != 16:
        raise ValueError(text)
    return int(text[8:12], 36), int(text[12:], 36)


def ulid(seconds: int, post: int, salt: int) -> str:
    """GoToSocial's: 26 characters, time first, the post's number last."""
    noise = _write(salt, _CROCKFORD, 12)
    return _write(seconds * 1000, _CROCKFORD, 10) + noise + _write(post, _CROCKFORD, 4)


def from_ulid(text: str) -> int:
    if len(text) != 26:
        raise ValueError(text)
    value = 0
    for letter in text[-4:]:
        value = value * 32 + _CROCKFORD.index(letter)
    return value


def uuid(salt: int, account: int, post: int) -> str:
    """PeerTube's: the last 16 digits are account and post."""
    digits = f"{salt & 0xFFFFFFFFFFFFFFFF:016x}{account:08x}{post:08x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def from_uuid(text: str) -> tuple[int, int]:
    digits = text.replace("-", "")
    if len(digits) != 32:
        raise ValueError(text)
    return int(digits[16:24], 16), int(digits[24:], 16)
