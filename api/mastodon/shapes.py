"""Views to Mastodon's entities. No decision is made here.

What an index cannot know is told as Mastodon tells it of remote accounts: counts that nobody
claims are 0, nobody is logged in, nothing is boosted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from api.mastodon.dialect import instant
from discover.model.post import Media, MediaKind
from discover.model.trends import TrendingLink, TrendingTag
from discover.model.views import AccountView, PostView
from web.assets import asset_url
from web.images import avatar_path, emoji_path

Json = dict[str, Any]
History = Iterable[tuple[int, int, int]]  # day as seconds since 1970 UTC, people, uses

_KINDS = {
    MediaKind.IMAGE: "image",
    MediaKind.VIDEO: "video",
    MediaKind.AUDIO: "audio",
    MediaKind.OTHER: "unknown",
}
_ADDRESS = re.compile(r"^https?://[^\s<>\"]+$")


def account(view: AccountView, own_url: str) -> Json:
    """https://docs.joinmastodon.org/entities/Account/. Pictures come from here, bounded."""
    missing = own_url + asset_url("missing.png")
    path = avatar_path(view)
    avatar = own_url + path if path else missing
    header = view.header_url or missing
    began = (view.created_at or view.seen_at).astimezone(UTC)
    return {
        "id": str(view.id),
        "username": view.handle.partition("@")[0],
        "acct": view.handle,
        "display_name": view.name,
        "locked": view.locked,
        "bot": view.bot,
        "discoverable": True,  # nobody else is here
        "indexable": view.posts_searchable,
        "group": view.type == "Group",
        "created_at": instant(datetime.combine(began.date(), time(), UTC)),
        "note": view.summary_html,
        "url": view.url or view.uri,
        "uri": view.uri,
        "avatar": avatar,
        "avatar_static": avatar,
        "avatar_description": "",
        "header": header,
        "header_static": header,
        "header_description": "",
        "followers_count": view.followers or 0,
        "following_count": view.following or 0,
        "statuses_count": view.posts or 0,
        "last_status_at": view.last_post_at and f"{view.last_post_at.astimezone(UTC):%Y-%m-%d}",
        "hide_collections": None,
        "emojis": emojis(view, own_url),
        "roles": [],
        "fields": [
            {"name": row.name, "value": _value(row.value), "verified_at": None}
            for row in view.fields
        ],
    }


def emojis(view: AccountView | PostView, own_url: str) -> list[Json]:
    """https://docs.joinmastodon.org/entities/CustomEmoji/"""
    found = []
    for name, _ in view.emojis:
        path = emoji_path(view, name)
        if path:
            url = own_url + path
            found.append(
                {
                    "shortcode": name.strip(":"),
                    "url": url,
                    "static_url": url,
                    "visible_in_picker": False,
                    "category": None,
                }
            )
    return found


def _value(text: str) -> str:
    """A field's plain text as the HTML that clients expect."""
    safe = escape(text)
    if not _ADDRESS.match(text):
        return safe
    return f'<a href="{safe}" rel="nofollow noopener noreferrer" target="_blank">{safe}</a>'


def status(view: PostView, own_url: str, parents: Mapping[str, PostView]) -> Json:
    """https://docs.joinmastodon.org/entities/Status/

    `parents`: posts by URI that may be shown; whoever answers to another one answers to nothing.
    """
    parent = parents.get(view.in_reply_to or "")
    title = f"<p><strong>{escape(view.title)}</strong></p>" if view.title else ""
    return {
        "id": str(view.id),
        "created_at": instant(view.published),
        "in_reply_to_id": parent and str(parent.id),
        "in_reply_to_account_id": parent and str(parent.author.id),
        "sensitive": view.sensitive,
        "spoiler_text": view.content_warning,
        "visibility": "public",
        "language": None if view.language == "und" else view.language,
        "uri": view.uri,
        "url": view.url or view.uri,
        "replies_count": view.replies or 0,
        "reblogs_count": view.shares or 0,
        "favourites_count": view.likes or 0,
        "quotes_count": 0,
        "edited_at": view.updated and instant(view.updated),
        "content": title + view.html,
        "reblog": None,
        "quote": None,
        "account": account(view.author, own_url),
        "media_attachments": [
            _attachment(f"{view.id}-{place}", media) for place, media in enumerate(view.media)
        ],
        "mentions": [],
        "tags": [{"name": name, "url": tag_url(name, own_url)} for name in view.hashtags],
        "emojis": emojis(view, own_url),
        "card": None,
        "poll": None,
    }


def _attachment(number: str, media: Media) -> Json:
    """https://docs.joinmastodon.org/entities/MediaAttachment/"""
    return {
        "id": number,
        "type": _KINDS[media.kind],
        "url": media.url,
        "preview_url": media.url if media.kind is MediaKind.IMAGE else None,
        "remote_url": media.url,
        "preview_remote_url": None,
        "text_url": None,
        "meta": {},
        "description": media.alt or None,
        "blurhash": media.blurhash,
    }


def tag(name: str, key: str, history: History, own_url: str) -> Json:
    """https://docs.joinmastodon.org/entities/Tag/; `key`: the folded name."""
    return {
        "id": key,
        "name": name,
        "url": tag_url(name, own_url),
        "history": _history(history),
    }


def tag_url(name: str, own_url: str) -> str:
    return f"{own_url}/search?{urlencode({'tag': name}, quote_via=quote)}"


def trending_tag(found: TrendingTag, own_url: str) -> Json:
    return tag(found.name, found.folded, found.history, own_url)


def trending_link(found: TrendingLink) -> Json:
    """https://docs.joinmastodon.org/entities/PreviewCard/#trends-link; nothing is fetched for it."""
    host = found.url.partition("://")[2].partition("/")[0]
    return {
        "url": found.url,
        "title": found.title or found.url,
        "description": "",
        "language": None,
        "type": "link",
        "authors": [],
        "author_name": "",
        "author_url": "",
        "provider_name": host,
        "provider_url": "",
        "html": "",
        "width": 0,
        "height": 0,
        "image": None,
        "image_description": "",
        "embed_url": "",
        "blurhash": None,
        "published_at": None,
        "history": _history(found.history),
    }


def _history(days: History) -> list[Json]:
    return [
        {"day": str(day), "accounts": str(people), "uses": str(uses)} for day, people, uses in days
    ]
