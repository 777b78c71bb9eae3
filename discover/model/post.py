"""A post as its author's server describes it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from discover.model.actor import SearchableBy
from discover.model.frozen import quick


class Audience(StrEnum):
    """From the most private upwards; reading starts at DIRECT and climbs."""

    DIRECT = "direct"
    FOLLOWERS = "followers"
    LOCAL = "local"  # login-only or local-public tokens: not for strangers
    UNLISTED = "unlisted"
    PUBLIC = "public"


class MediaKind(StrEnum):
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    OTHER = "other"


@quick(frozen=True, slots=True)
class Media:
    kind: MediaKind
    url: str
    alt: str = ""
    blurhash: str | None = None


@quick(frozen=True, slots=True)
class Post:
    """A parsed object (Note, Article, Question, Video …). Times are aware and in UTC.

    `text` is plain text without the content warning; `html` is sanitised. Hashtags are folded,
    without '#'. `language` is a BCP 47 tag in lower case, `und` when nothing is certain.
    """

    uri: str
    type: str
    author: str  # attributedTo
    audience: Audience
    published: datetime | None
    text: str
    html: str = ""
    title: str = ""
    content_warning: str = ""
    sensitive: bool = False
    url: str | None = None
    language: str = "und"
    language_declared: bool = False
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()  # actor URIs
    links: tuple[str, ...] = ()  # outside links in the text
    link_titles: tuple[tuple[str, str], ...] = ()  # address and title of attached pages
    media: tuple[Media, ...] = ()
    emojis: tuple[tuple[str, str], ...] = ()
    in_reply_to: str | None = None
    quotes: str | None = None
    updated: datetime | None = None
    searchable_by: SearchableBy = SearchableBy.UNSAID
    opt_out_tags: tuple[str, ...] = ()
    replies: int | None = None  # these three as its server counts them, None if it does not say
    likes: int | None = None
    shares: int | None = None
