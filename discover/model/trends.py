"""Trends: what more people than usual speak of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from discover.model.views import PostView


@dataclass(frozen=True, slots=True)
class TrendRequest:
    """`window` from one hour to a week; `language` is an RFC 4647 basic range ("pt", "pt-BR")."""

    window: timedelta = timedelta(hours=24)
    language: str | None = None
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True)
class TrendingTag:
    """`rank` 1..100, highest first. `people` are distinct accounts within the window;
    `history` is (day as seconds since 1970 UTC, people, uses) for the last seven days, newest
    first; `examples` are URIs of posts.
    """

    name: str  # as most people spell it, without '#'
    folded: str
    rank: int
    people: int
    uses: int
    expected: float  # people that would have been usual
    history: tuple[tuple[int, int, int], ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrendingLink:
    url: str
    rank: int
    people: int
    uses: int
    expected: float
    title: str = ""  # from the post's own words or preview; nothing is fetched for it
    history: tuple[tuple[int, int, int], ...] = ()
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrendingPost:
    post: PostView
    rank: int
