"""Topics: what people write about, in every language, and how we know."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the curated list. `names` and `hashtags` are by primary language subtag;
    hashtags are folded, without '#'. The English name is always there.
    """

    id: str  # "astronomy", "open-source"
    names: dict[str, str]
    hashtags: dict[str, tuple[str, ...]]
    parent: str | None = None
    related: tuple[str, ...] = ()

    def name(self, language: str) -> str:
        return self.names.get(language) or self.names["en"]


@dataclass(frozen=True, slots=True)
class AccountTopic:
    """How much an account is about a topic (0..1), and what tells so."""

    topic: str
    weight: float
    tags: tuple[str, ...] = ()  # hashtags of the profile and of posts
    words: tuple[str, ...] = ()  # words of name, bio and fields
    posts: int = 0  # consenting posts that carried one of the tags


@dataclass(frozen=True, slots=True)
class TopicView:
    """A topic as it is shown: counts are of accounts that may be listed."""

    topic: Topic
    people: int = 0
    tags: tuple[tuple[str, int], ...] = ()  # hashtag, people who use it; seeds and grown ones
    languages: tuple[tuple[str, int], ...] = ()  # primary subtag, people
    related: tuple[str, ...] = ()  # topic ids, curated first, then those people share
    week: int = 0  # distinct people who posted on it in the last seven days
    week_before: int = 0
    children: tuple[str, ...] = field(default=())
