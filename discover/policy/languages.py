"""Which languages an account counts as writing, and which of them a filter takes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

MOST = 3
LEAST_SHARE = 0.2  # of its posts
UNKNOWN = "und"
# Profiles say nb, detectors say no: nearly all of Norwegian is written so.
_SAME = {"nb": "no"}
# Who asks for a macrolanguage (ISO 639-3) means these, too.
_WITHIN = {"no": ("nn",)}


def primary(tag: str) -> str:
    """`pt-br` → `pt`, `nb` → `no`; filters and facets know primary subtags only."""
    subtag = tag.partition("-")[0].lower()
    return _SAME.get(subtag, subtag)


def covered(tags: Iterable[str]) -> tuple[str, ...]:
    """The primary subtags that a filter for any of these takes in: `no` → `no`, `nn`."""
    subtags = map(primary, tags)
    return tuple(dict.fromkeys(one for tag in subtags for one in (tag, *_WITHIN.get(tag, ()))))


def spellings(tag: str) -> tuple[str, ...]:
    """How posts may be tagged that are in this language: `no` and `nb` are one."""
    same = primary(tag)
    return (tag,) if "-" in tag else (same, *(one for one, to in _SAME.items() if to == same))


def written(posts: Mapping[str, int]) -> tuple[str, ...]:
    """Primary subtags, most used first, from the number of posts in each language."""
    counts: Counter[str] = Counter()
    for tag, number in posts.items():
        counts[primary(tag)] += number
    counts.pop(UNKNOWN, None)
    total = counts.total()
    return tuple(name for name, n in counts.most_common(MOST) if n >= LEAST_SHARE * total)


def of_account(posts: Sequence[str], bio: str) -> tuple[str, ...]:
    """What it writes (see `written`), then what its bio is in."""
    found = dict.fromkeys(map(primary, (*posts, bio)))
    return tuple(one for one in found if one != UNKNOWN)
