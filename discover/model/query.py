"""Searches: what is asked of an engine, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from discover.model.frozen import quick


class Kind(StrEnum):
    """The two collections that are searched."""

    ACCOUNTS = "accounts"
    POSTS = "posts"


class Sort(StrEnum):
    RELEVANCE = "relevance"
    RECENT = "recent"


@dataclass(frozen=True, slots=True)
class Without:
    """Values as in `Filters`; whatever has any of them is left out."""

    languages: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    account_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """All given filters must hold; within one tuple any value will do."""

    languages: tuple[str, ...] = ()  # primary subtags in lower case
    servers: tuple[str, ...] = ()  # hosts
    tags: tuple[str, ...] = ()  # folded, without '#'; ALL of them must be present
    bot: bool | None = None
    media: tuple[str, ...] = ()  # MediaKind values
    account_ids: tuple[int, ...] = ()  # posts by these authors, or these accounts
    sensitive: bool | None = None
    reply: bool | None = None
    since: datetime | None = None  # published (posts) / last active (accounts), inclusive
    until: datetime | None = None  # exclusive
    without: Without = field(default_factory=Without)


@dataclass(frozen=True, slots=True)
class EngineQuery:
    """One page asked of an engine.

    `text` is what a person typed, its last word may be unfinished. `phrases` must stand
    verbatim, `exclude` words must not stand. `limit` 1–200; `offset` from 0, at most 1000.
    """

    kind: Kind
    text: str = ""
    phrases: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    offset: int = 0
    highlight: bool = True
    facets: tuple[str, ...] = ()  # of: "language", "server", "tags"


@quick(frozen=True, slots=True)
class Hit:
    """`score` is comparable within one answer only, higher is better, 0..1 where possible.

    `highlights` maps a field to pieces of plain text with matches between U+E000 and U+E001,
    which never occur in indexed text.
    """

    id: int
    score: float
    highlights: dict[str, str] = field(default_factory=dict)


HIGHLIGHT_START = "\ue000"
HIGHLIGHT_END = "\ue001"


@dataclass(frozen=True, slots=True)
class EngineAnswer:
    hits: tuple[Hit, ...]
    more: bool  # is there anything after this page
    total: int | None = None  # estimated number of matches
    facets: dict[str, dict[str, int]] = field(default_factory=dict)


@quick(frozen=True, slots=True)
class AccountDocument:
    """What an engine holds about one listed account. Times are seconds since 1970 UTC."""

    id: int
    handle: str
    username: str
    name: str
    bio: str
    fields: str
    tags: tuple[str, ...]
    terms: str  # weighty words of the account's consenting posts
    languages: tuple[str, ...]
    server: str
    software: str
    bot: bool
    last_active: int
    prior: float  # 0..1: activity, completeness, damped reach (discover.policy.ranking)
    topics: tuple[str, ...] = ()  # names of its topics in every language, heaviest topic first


@quick(frozen=True, slots=True)
class PostDocument:
    """What an engine holds about one indexed post. Times are seconds since 1970 UTC."""

    id: int
    account_id: int
    text: str  # title, content warning and text
    tags: tuple[str, ...]
    language: str
    server: str
    media: tuple[str, ...]
    sensitive: bool
    reply: bool
    bot: bool
    published: int
