"""What is shown at a read door: rows that have just passed the consent decision again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from discover.model.actor import ProfileField
from discover.model.frozen import quick
from discover.model.post import Media
from discover.model.query import Sort
from discover.model.verdict import Decision


@quick(frozen=True, slots=True)
class AccountView:
    """A listed account. HTML is sanitised; `highlights` are plain text (see query.Hit)."""

    id: int
    uri: str
    handle: str  # user@host
    url: str | None
    name: str
    summary: str
    summary_html: str
    fields: tuple[ProfileField, ...]
    hashtags: tuple[str, ...]
    languages: tuple[str, ...]
    server: str
    software: str | None
    bot: bool
    locked: bool
    type: str
    avatar_url: str | None
    followers: int | None
    following: int | None
    posts: int | None
    last_post_at: datetime | None
    seen_at: datetime
    emojis: tuple[tuple[str, str], ...] = ()
    header_url: str | None = None
    created_at: datetime | None = None  # as its server says
    posts_searchable: bool = False  # may its posts be found at this moment?
    web_searchable: bool = False  # does it say itself that web search engines may show it?
    score: float = 0.0
    why: tuple[str, ...] = ()  # why it ranks where it does, in words
    highlights: dict[str, str] = field(default_factory=dict)


@quick(frozen=True, slots=True)
class PostView:
    """An indexed post. HTML is sanitised; show it folded when `sensitive` or warned about."""

    id: int
    uri: str
    url: str | None
    author: AccountView
    type: str
    title: str
    text: str
    html: str
    content_warning: str
    sensitive: bool
    language: str
    hashtags: tuple[str, ...]
    media: tuple[Media, ...]
    in_reply_to: str | None
    published: datetime
    updated: datetime | None
    emojis: tuple[tuple[str, str], ...] = ()
    replies: int | None = None  # these three as its server counts them, None if it does not say
    likes: int | None = None
    shares: int | None = None
    link_titles: tuple[tuple[str, str], ...] = ()  # address and title of attached pages
    score: float = 0.0
    highlights: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search as a person asks it. `kind`: accounts, posts or all."""

    text: str
    kind: str = "all"
    languages: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    bot: bool | None = None
    media: tuple[str, ...] = ()
    account_ids: tuple[int, ...] = ()  # posts by one of these, or these accounts
    since: datetime | None = None
    until: datetime | None = None
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    accounts: tuple[AccountView, ...] = ()
    posts: tuple[PostView, ...] = ()
    next: str | None = None  # opaque cursor of the next page


class BadRequest(ValueError):
    """A request that cannot be answered; the text is for the person who sent it."""


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One thing that was seen: what, where, when, judged by which version of the rules."""

    what: str  # "actor document", "robots.txt", "server record" …
    seen: dict[str, str]  # signal -> value as seen
    source: str
    seen_at: datetime
    rule_version: str


@dataclass(frozen=True, slots=True)
class HistoryView:
    """One change of a verdict. The four questions are list, suggest, index_posts and trends."""

    at: datetime
    answers: dict[str, str]  # question -> yes, no, unknown
    reasons: dict[str, tuple[str, ...]]
    seen: dict[str, str]
    source: str
    door: str
    rule_version: str


@dataclass(frozen=True, slots=True)
class AccountExplanation:
    """Why an account is or is not listed. `known` is false when we hold nothing about it."""

    handle: str
    uri: str | None
    server: str
    known: bool
    list: Decision
    suggest: Decision
    index_posts: Decision
    trends: Decision
    evidence: tuple[EvidenceView, ...]
    posts_indexed: int
    rule_version: str
    advice: tuple[str, ...]  # what to do to change it, in plain words
    history: tuple[HistoryView, ...] = ()  # newest first


@dataclass(frozen=True, slots=True)
class ServerExplanation:
    host: str
    software: str | None
    decision: Decision  # may this server's consenting people be listed at all?
    evidence: tuple[EvidenceView, ...]
    accounts_listed: int
    posts_indexed: int
    rule_version: str
    advice: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """How the whole index is doing."""

    version: str
    edition: str  # "embedded" or "server"
    database: str  # "sqlite" or "postgresql"
    engine: str  # "tantivy" or "meilisearch"
    servers: int
    accounts_listed: int
    accounts_known: int
    posts_indexed: int
    visits_due: int
    visits_waiting: int
    outbox_waiting: int
    oldest_outbox_seconds: float
    engine_accounts: int | None  # None: the engine does not answer
    engine_posts: int | None
    hosts_leased: int
    laboratory: tuple[str, ...]
