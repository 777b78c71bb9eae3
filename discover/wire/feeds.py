"""Posts as RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any

# What XML 1.0 has no way to write
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Item:
    """`html` is sanitised. Times are aware."""

    id: str
    url: str
    title: str
    html: str
    author: str
    author_url: str
    published: datetime
    updated: datetime | None = None
    tags: tuple[str, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """`url` is the page that it belongs to, `own` where the feed itself is read."""

    title: str
    url: str
    own: str
    now: datetime
    items: Sequence[Item]

    @property
    def updated(self) -> datetime:
        return max((item.updated or item.published for item in self.items), default=self.now)


def rss(feed: Feed) -> str:
    items = "".join(
        "<item>"
        + _tag("title", item.title)
        + _tag("link", item.url)
        + _tag("guid", item.id, isPermaLink="false")
        + _tag("pubDate", format_datetime(item.published.astimezone(UTC), usegmt=True))
        + _tag("dc:creator", item.author)
        + "".join(_tag("category", tag) for tag in item.tags)
        + _tag("description", item.html)
        + "</item>"
        for item in feed.items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
        + _tag("title", feed.title)
        + _tag("link", feed.url)
        + _tag("description", feed.title)
        + _empty("atom:link", rel="self", type="application/rss+xml", href=feed.own)
        + _tag("lastBuildDate", format_datetime(feed.updated.astimezone(UTC), usegmt=True))
        + f"{items}</channel></rss>\n"
    )


def atom(feed: Feed) -> str:
    items = "".join(
        "<entry>"
        + _tag("id", item.id)
        + _tag("title", item.title)
        + _empty("link", rel="alternate", href=item.url)
        + _tag("published", _instant(item.published))
        + _tag("updated", _instant(item.updated or item.published))
        + f"<author>{_tag('name', item.author)}{_tag('uri', item.author_url)}</author>"
        + "".join(_empty("category", term=tag) for tag in item.tags)
        + _tag("content", item.html, type="html", **_language(item.language))
        + "</entry>"
        for item in feed.items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">'
        + _tag("id", feed.own)
        + _tag("title", feed.title)
        + _tag("updated", _instant(feed.updated))
        + _empty("link", rel="self", type="application/atom+xml", href=feed.own)
        + _empty("link", rel="alternate", type="text/html", href=feed.url)
        + f"{items}</feed>\n"
    )


def json_feed(feed: Feed) -> dict[str, Any]:
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.url,
        "feed_url": feed.own,
        "items": [
            {
                "id": item.id,
                "url": item.url,
                "title": item.title,
                "content_html": item.html,
                "date_published": _instant(item.published),
                **({"date_modified": _instant(item.updated)} if item.updated else {}),
                "authors": [{"name": item.author, "url": item.author_url}],
                "tags": list(item.tags),
                **_json_language(item.language),
            }
            for item in feed.items
        ],
    }


def _language(tag: str) -> dict[str, str]:
    return {"xml:lang": tag} if tag and tag != "und" else {}


def _json_language(tag: str) -> dict[str, str]:
    return {"language": tag} if tag and tag != "und" else {}


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(text: str) -> str:
    return escape(_UNWRITABLE.sub("", text))


def _attributes(attributes: dict[str, str]) -> str:
    return "".join(f' {name}="{_text(value)}"' for name, value in attributes.items())


def _tag(name: str, text: str, **attributes: str) -> str:
    return f"<{name}{_attributes(attributes)}>{_text(text)}</{name}>"


def _empty(name: str, **attributes: str) -> str:
    return f"<{name}{_attributes(attributes)}/>"
