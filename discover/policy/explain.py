"""Why an account stands among the results, in plain words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

_WEEK = timedelta(days=7)
_MONTH = timedelta(days=31)


def reasons(
    *,
    words: Collection[str],
    highlights: Mapping[str, str],
    handle: str,
    hashtags: Iterable[str],
    last_post_at: datetime | None,
    now: datetime,
) -> tuple[str, ...]:
    """At most two sentences: where it matches, and how lately it posted.

    `words` and `hashtags` are folded; `highlights` are the fields that the engine marked.
    """
    told = []
    if words:
        told.append(_match(words, highlights, handle.lower(), hashtags))
    if last_post_at is not None:
        age = now - last_post_at
        if age <= _MONTH:
            told.append("Posted this week" if age <= _WEEK else "Posted this month")
    return tuple(told)


def _match(
    words: Collection[str], highlights: Mapping[str, str], handle: str, hashtags: Iterable[str]
) -> str:
    if handle in words:
        return "Has this handle"
    if "name" in highlights:
        return "Matches in the name"
    if any(word in handle for word in words):
        return "Matches in the handle"
    for tag in hashtags:
        if tag in words:
            return f"Uses #{tag}"
    if "bio" in highlights:
        return "Matches in the profile"
    return "Matches in what it writes about"
