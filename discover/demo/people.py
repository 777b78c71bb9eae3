"""The nouns of the pretend fediverse. Frozen; the world makes them from its seed on demand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

DAY = 86_400

PUBLIC = "public"
UNLISTED = "unlisted"
FOLLOWERS = "followers"
DIRECT = "direct"


@dataclass(slots=True, eq=False)
class Host:
    """One pretend server. `first` is the world index of its first account.

    `name` is where the actors live; `handle_host` differs from it on a split domain.
    `robots` is "shipped" (as the software ships it), "forbids-us", "allows-us" or "error".
    """

    index: int
    name: str
    handle_host: str
    software: str  # the dialect
    version: str
    title: str
    description: str
    language: str
    topic: str
    first: int = 0
    size: int = 0
    secure: bool = False  # authorized fetch: every GET of ActivityPub wants a signature
    opted_in: bool = True  # what the demo opts in; nothing of the others may be fetched
    robots: str = "shipped"
    leaky: bool = False  # hands out followers-only and direct posts in its outboxes
    directory: bool = True


@dataclass(frozen=True, slots=True)
class Account:
    """One pretend person, bot, channel or community.

    `discoverable` and `indexable` are what the document carries: True, False, None (key absent)
    or a malformed value such as the string "true". Times are Unix seconds.
    """

    index: int
    host: Host
    number: int  # on its host, from 0
    username: str
    name: str
    bio: str  # plain text; the dialect makes HTML of it
    language: str
    topics: tuple[str, ...]
    trait: str  # which case of the consent table it is there for
    type: str = "Person"
    discoverable: Any = False
    indexable: Any = False
    noindex: bool = False
    searchable_by: tuple[str, ...] | None = None
    locked: bool = False
    suspended: bool = False
    memorial: bool = False
    moved_to: str | None = None
    also_known_as: tuple[str, ...] = ()
    gone: str = ""  # "", "404", "410", "tombstone"
    needs_login: bool = False  # the owner hides posts from strangers, where the software can
    fields: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()  # featured tags
    created: int = 0
    posts: int = 0
    idle: int = 0  # seconds since the newest post
    span: int = 30 * DAY  # seconds between oldest and newest
    followers: int = 0
    following: int = 0

    @property
    def handle(self) -> str:
        return f"{self.username}@{self.host.handle_host}"


@dataclass(frozen=True, slots=True)
class Post:
    """One pretend post. `number` rises with time, from 1. A boost has `boosted` and no text."""

    account: int
    number: int
    audience: str
    published: int
    kind: str = "note"  # note, question, article, video, page, boost
    text: str = ""
    title: str = ""
    language: str = ""
    topic: str = ""
    warning: str = ""
    tags: tuple[str, ...] = ()
    mentions: tuple[int, ...] = ()
    images: tuple[str, ...] = ()  # alt texts
    options: tuple[str, ...] = ()  # of a poll
    reply_to: tuple[int, int] | None = None
    boosted: tuple[int, int] | None = None
    updated: int | None = None
    deleted: bool = False
    searchable_by: tuple[str, ...] | None = None
    overrides: dict[str, Any] = field(default_factory=dict)  # document keys forced by a test
