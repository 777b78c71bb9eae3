"""Why an account stands among the results, in plain words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from discover.model.words import Sentence

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
            told.append(
                Sentence("Posted this week") if age <= _WEEK else Sentence("Posted this month")
            )
    return tuple(told)


def _match(
    words: Collection[str], highlights: Mapping[str, str], handle: str, hashtags: Iterable[str]
) -> str:
    if handle in words:
        return Sentence("Has this handle")
    if "name" in highlights:
        return Sentence("Matches in the name")
    if any(word in handle for word in words):
        return Sentence("Matches in the handle")
    for tag in hashtags:
        if tag in words:
            return Sentence("Uses #{tag}", tag=tag)
    if "bio" in highlights:
        return Sentence("Matches in the profile")
    return Sentence("Matches in what it writes about")
