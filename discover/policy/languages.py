"""Which languages an account counts as writing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

MOST = 3
LEAST_SHARE = 0.2  # of its posts
UNKNOWN = "und"


def primary(tag: str) -> str:
    """`pt-br` → `pt`; filters and facets know primary subtags only."""
    return tag.partition("-")[0]


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
    own = primary(bio)
    return (*posts, own) if own != UNKNOWN and own not in posts else tuple(posts)
