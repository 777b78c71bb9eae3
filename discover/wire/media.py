"""Pictures, sounds and films of a document, and its custom emoji."""

from __future__ import annotations

import re
from typing import Any

from discover.model.post import Media, MediaKind
from discover.wire.documents import Json
from discover.wire.jsonld import as_list, as_text, types
from discover.wire.text import html_text, plain
from discover.wire.urls import http_url

MOST_MEDIA = 32
MOST_EMOJIS = 100
_ALT = 1500
_TITLE = 300
_PAGES = frozenset({"Link", "Page"})
_BLURHASH = re.compile(r"^[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{6,100}$")
_SHORTCODE = re.compile(r"^:?([\w+\-]{1,100}):?$")
_KINDS = {kind.value: kind for kind in MediaKind}
_ENDINGS = {
    **dict.fromkeys(("png", "jpg", "jpeg", "gif", "webp", "avif", "svg"), MediaKind.IMAGE),
    **dict.fromkeys(("mp4", "webm", "mov"), MediaKind.VIDEO),
    **dict.fromkeys(("mp3", "ogg", "oga", "opus", "flac", "wav", "m4a"), MediaKind.AUDIO),
}
_TYPES = {"Image": MediaKind.IMAGE, "Video": MediaKind.VIDEO, "Audio": MediaKind.AUDIO}


def read_image(value: Any) -> tuple[str | None, str]:
    """URL and alternative text of an `icon` or `image`: URL string, object, or many of them."""
    for item in as_list(value):
        if isinstance(item, str):
            url = http_url(item)
            if url:
                return url, ""
        elif isinstance(item, dict):
            url = _link(item, "image")[0]
            if url:
                return url, _alt(item)
    return None, ""


def read_media(attachment: Any) -> tuple[tuple[Media, ...], dict[str, str]]:
    """Media and linked pages among the attachments (array, object or nothing); each page's title
    by its address, '' where none is given.

    A Link without a media type is no medium: Mastodon appends the preview card like that, with
    nothing but the address, and Lemmy the page that a post is about. A title is a Link's own `name`
    or its `preview`'s (Activity Vocabulary).
    """
    media: dict[str, Media] = {}
    links: dict[str, str] = {}
    for item in as_list(attachment):
        if not isinstance(item, dict):
            continue
        found = _medium(item)
        if found is not None:
            if len(media) < MOST_MEDIA:
                media.setdefault(found.url, found)
        elif not _PAGES.isdisjoint(types(item)):
            url = _link(item, "text")[0]
            if url and (url not in links or not links[url]):
                links[url] = _card_title(item)
    return tuple(media.values()), links


def _card_title(item: Json) -> str:
    preview = item.get("preview")
    named = (item, preview if isinstance(preview, dict) else {})
    name = next(filter(None, (as_text(one.get("name")) for one in named)), "")
    return plain(html_text(name), _TITLE)


def read_self_media(obj: Json, kind: MediaKind) -> Media | None:
    """The medium that an object of type Image, Video or Audio itself is."""
    url, mime = _link(obj, kind.value)
    if url is None:
        return None
    if mime.partition("/")[0] != kind.value:  # only the page: the thumbnail shows more
        url = read_image(obj.get("icon"))[0] or url
    return Media(kind, url, _alt(obj) if kind is MediaKind.IMAGE else "", _blurhash(obj))


def read_emojis(tag: Any) -> tuple[tuple[str, str], ...]:
    """`:shortcode:` and image URL of each Emoji in a `tag` property."""
    found: dict[str, str] = {}
    for entry in as_list(tag):
        if isinstance(entry, dict) and any(t in ("Emoji", "toot:Emoji") for t in types(entry)):
            name = _SHORTCODE.match(as_text(entry.get("name")))
            url = read_image(entry.get("icon"))[0]
            if name and url and len(found) < MOST_EMOJIS:
                found[f":{name[1]}:"] = url
    return tuple(found.items())


def _medium(item: Json) -> Media | None:
    kinds = types(item)
    url, mime = _link(item, "")
    if url is None:
        return None
    kind = _KINDS.get(mime.partition("/")[0])
    if kind is None:
        kind = next((_TYPES[name] for name in kinds if name in _TYPES), None)
    if kind is None and "Link" not in kinds:
        kind = _ENDINGS.get(url.partition("?")[0].rpartition(".")[2].lower())
    if kind is None:
        if "Document" not in kinds:
            return None
        kind = MediaKind.OTHER
    return Media(kind, url, _alt(item), _blurhash(item))


def _link(item: Json, family: str) -> tuple[str | None, str]:
    """URL and media type; of several links the first of the wanted family (`video` …)."""
    mime = _mime(item)
    first: tuple[str, str] | None = None
    for entry in as_list(item.get("url") or item.get("href")):
        url, its_mime = http_url(entry), mime
        if isinstance(entry, dict):
            url = http_url(entry.get("href") or entry.get("url"))
            its_mime = _mime(entry) or mime
        if url is None:
            continue
        if not family or its_mime.startswith(f"{family}/"):
            return url, its_mime
        first = first or (url, its_mime)
    return first or (None, mime)


def _mime(item: Json) -> str:
    mime = item.get("mediaType") or item.get("mimeType")
    return mime.strip().lower() if isinstance(mime, str) else ""


def _alt(item: Json) -> str:
    texts = (as_text(item.get(name)) for name in ("name", "summary", "content"))
    return plain(next(filter(None, texts), ""), _ALT)


def _blurhash(item: Json) -> str | None:
    value = item.get("blurhash")
    return value if isinstance(value, str) and _BLURHASH.match(value) else None
