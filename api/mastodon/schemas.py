"""Mastodon's entities as the OpenAPI document describes them.

A test validates live answers against these; unknown members are forbidden here, too.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from api.schemas import Shape


class MastodonError(Shape):
    """https://docs.joinmastodon.org/entities/Error/"""

    error: str


class MastodonEmoji(Shape):
    shortcode: str
    url: str
    static_url: str
    visible_in_picker: bool
    category: str | None


class MastodonField(Shape):
    name: str
    value: str = Field(description="HTML")
    verified_at: datetime | None


class MastodonAccount(Shape):
    """https://docs.joinmastodon.org/entities/Account/"""

    id: str = Field(description="Ours; stable while the account is listed")
    username: str
    acct: str = Field(description="`user@host`: nobody is local")
    display_name: str
    locked: bool
    bot: bool
    discoverable: bool
    indexable: bool = Field(description="May its posts be searched here?")
    group: bool
    created_at: datetime
    note: str = Field(description="Sanitised HTML")
    url: str
    uri: str
    avatar: str = Field(description="On this server: small, and gone with the account")
    avatar_static: str
    avatar_description: str
    header: str
    header_static: str
    header_description: str
    followers_count: int = Field(description="As its server claims; 0 where it does not say")
    following_count: int
    statuses_count: int
    last_status_at: str | None
    hide_collections: bool | None
    emojis: list[MastodonEmoji]
    roles: list[dict[str, Any]]
    fields: list[MastodonField]


class MastodonAttachment(Shape):
    id: str
    type: Literal["image", "video", "audio", "unknown"]
    url: str
    preview_url: str | None
    remote_url: str
    preview_remote_url: str | None
    text_url: str | None
    meta: dict[str, Any]
    description: str | None
    blurhash: str | None


class MastodonStatusTag(Shape):
    name: str
    url: str


class MastodonStatus(Shape):
    """https://docs.joinmastodon.org/entities/Status/"""

    id: str
    created_at: datetime
    in_reply_to_id: str | None = Field(description="Only where that post may be shown, too")
    in_reply_to_account_id: str | None
    sensitive: bool
    spoiler_text: str
    visibility: Literal["public"]
    language: str | None
    uri: str
    url: str
    replies_count: int = Field(
        description="These three as the post's server counted them when it was last read; 0 where"
        " it does not say"
    )
    reblogs_count: int
    favourites_count: int
    quotes_count: int
    edited_at: datetime | None
    content: str
    reblog: None
    quote: None
    account: MastodonAccount
    media_attachments: list[MastodonAttachment]
    mentions: list[dict[str, Any]] = Field(description="Not kept: empty")
    tags: list[MastodonStatusTag]
    emojis: list[MastodonEmoji]
    card: None
    poll: None


class MastodonDay(Shape):
    day: str = Field(description="Midnight, seconds since 1970 UTC")
    accounts: str
    uses: str


class MastodonTag(Shape):
    """https://docs.joinmastodon.org/entities/Tag/"""

    id: str = Field(description="The folded name")
    name: str
    url: str
    history: list[MastodonDay]


class MastodonSearch(Shape):
    """https://docs.joinmastodon.org/entities/Search/"""

    accounts: list[MastodonAccount]
    statuses: list[MastodonStatus]
    hashtags: list[MastodonTag]


class MastodonLink(Shape):
    """https://docs.joinmastodon.org/entities/PreviewCard/#trends-link"""

    url: str
    title: str
    description: str
    language: str | None
    type: Literal["link"]
    authors: list[dict[str, Any]]
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    html: str
    width: int
    height: int
    image: str | None
    image_description: str
    embed_url: str
    blurhash: str | None
    published_at: datetime | None
    history: list[MastodonDay]


class MastodonReason(Shape):
    kind: str = Field(description="From a closed set")
    text: str = Field(description="The reason in words, in the language that `hl` names")


class MastodonWaypost(Shape):
    """What Mastodon's entity has no place for."""

    reasons: list[MastodonReason]
    topics: list[str] = Field(description="Ids of the account's topics, heaviest first")


class MastodonSuggestion(Shape):
    """https://docs.joinmastodon.org/entities/Suggestion/"""

    source: Literal["global"]
    sources: list[Literal["similar_to_recently_followed"]]
    account: MastodonAccount
    waypost: MastodonWaypost


class MastodonInstance(Shape):
    """https://docs.joinmastodon.org/entities/Instance/"""

    domain: str
    title: str
    version: str = Field(description="Mastodon's, then ours in brackets")
    source_url: str
    description: str
    usage: dict[str, Any]
    thumbnail: dict[str, Any]
    icon: list[dict[str, Any]]
    languages: list[str]
    configuration: dict[str, Any]
    registrations: dict[str, Any]
    api_versions: dict[str, Any]
    contact: dict[str, Any]
    rules: list[dict[str, Any]]


class MastodonInstanceV1(Shape):
    """https://docs.joinmastodon.org/entities/V1_Instance/"""

    uri: str
    title: str
    short_description: str
    description: str
    email: str
    version: str
    urls: dict[str, Any]
    stats: dict[str, Any]
    thumbnail: str
    languages: list[str]
    registrations: bool
    approval_required: bool
    invites_enabled: bool
    configuration: dict[str, Any]
    contact_account: None
    rules: list[dict[str, Any]]
