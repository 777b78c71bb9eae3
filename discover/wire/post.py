"""Posts of every dialect: Note, Question, Article, Page, Video, Event and their kin."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from discover.model.actor import SearchableBy
from discover.model.post import Media, MediaKind, Post
from discover.wire import hashtags
from discover.wire.activity import OBJECTS
from discover.wire.audience import read_audience, read_searchable_by
from discover.wire.dates import read_time
from discover.wire.documents import Json, ParseError
from discover.wire.jsonld import (
    Names,
    as_id,
    as_list,
    as_text,
    count,
    refuses,
    texts,
    types,
)
from discover.wire.language import UNKNOWN, declared, detect
from discover.wire.media import read_emojis, read_image, read_media, read_self_media
from discover.wire.optout import narrows_search, opt_out_tags
from discover.wire.text import Readable, html_text, plain, read_html
from discover.wire.urls import host_of, http_url

HTML = 200_000
TEXT = 50_000
TITLE = 500
WARNING = 1_000
TAGS = 100
MENTIONS = 100
LINKS = 50
OPTIONS = 30

# There `summary` is a content warning; on all others it is an abstract.
_WARNED = frozenset({"Note", "Question", "Review", "Quotation", "Comment", "GeneratedNote"})
# Private or gone, whatever other type stands beside them.
_REFUSED = frozenset({"ChatMessage", "EncryptedMessage", "Tombstone"})
_SELF_MEDIA = {
    "Image": MediaKind.IMAGE,
    "Video": MediaKind.VIDEO,
    "Audio": MediaKind.AUDIO,
}
_QUOTES = ("quote", "_misskey_quote", "quoteUrl", "quoteUri", "as:quoteUrl", "fedibird:quoteUri")
_SUBJECT = ("dcterms:subject", "http://purl.org/dc/terms/subject")  # FEP-b2b8
_ZERO_WIDTH = re.compile("[\u200b-\u200d\u2060\ufeff]")


def parse_post(
    obj: Json,
    *,
    activity: Json | None = None,
    author: str | None = None,
    followers: str | None = None,
    extra_opt_out_tags: frozenset[str] = frozenset(),
    detect_language: Callable[[str], str] = detect,
) -> Post:
    """Read an object. ParseError if it is no post that we read; nothing else is raised.

    `activity`: the Create or Update around it, for what the object leaves out. `author`: the
    account whose outbox named it, preferred when the object has several authors (PeerTube names
    account and channel). `followers`: that account's followers collection. Whether the object
    speaks for its id's host and for that author is not judged here.
    """
    kinds = types(obj)
    kind = _kind(kinds)
    uri = http_url(obj.get("id", obj.get("@id")))
    if uri is None:
        raise ParseError("the object's id is not an http(s) URL")
    names = Names(obj)
    quotes = _quotes(obj)

    language, content = _content(obj, uri)
    if kind not in _WARNED and not content:
        content = as_text(obj.get("summary")) or as_text(obj.get("summaryMap"))
    body = _quoted(obj, kind) + content[:HTML]
    readable = read_html(body, drop_quote=quotes is not None)
    text = _without_re_line(readable.text, quotes)
    options = _options(obj)
    title = _title(obj, kind)
    warning = _warning(obj, kind)

    tag = obj.get("tag")
    tag_keys = hashtags.in_tags(tag)
    written = hashtags.in_text(f"{title}\n{text}")
    # No limit here: a no counts wherever it stands.
    said = [text, title, warning, *options]
    said += [
        html_text(v) for key in ("content", "summary", "name") for v in _others(obj, key, content)
    ]
    media, cards = read_media(obj.get("attachment"))
    media = _whole_media(obj, kind, media)
    searchable_by = read_searchable_by(names)
    if narrows_search(said):
        searchable_by = SearchableBy.NARROWED
    text = "\n".join(filter(None, (text, *options)))[:TEXT]
    published = read_time(obj.get("published"))
    updated = read_time(obj.get("updated"))
    return Post(
        uri=uri,
        type=kind,
        author=_author(obj, activity, author),
        audience=read_audience(obj, activity, followers),
        published=published,
        text=text,
        html=readable.html,
        title=title,
        content_warning=warning,
        sensitive=_sensitive(obj, names, warning),
        url=_page(obj.get("url"), uri),
        language=language or (detect_language(f"{title}\n{text}") if title or text else UNKNOWN),
        language_declared=language is not None,
        hashtags=tuple(dict.fromkeys((*tag_keys, *written)))[:TAGS],
        mentions=_mentions(tag),
        links=_outside(readable, cards, tag, quotes),
        link_titles=tuple((url, title) for url, title in cards.items() if title)[:LINKS],
        media=media,
        emojis=read_emojis(tag),
        in_reply_to=as_id(obj.get("inReplyTo")),
        quotes=quotes,
        updated=updated if updated and (published is None or updated > published) else None,
        searchable_by=searchable_by,
        opt_out_tags=opt_out_tags(said, tag_keys, extra_opt_out_tags),
        replies=_total(obj.get("replies")),
        likes=_total(obj.get("likes")),
        shares=_total(obj.get("shares")),
    )


def _kind(kinds: list[str]) -> str:
    if _REFUSED.isdisjoint(kinds):
        for name in kinds:
            if name in OBJECTS:
                return name
    raise ParseError(f"not a post but {', '.join(kinds)[:80] or 'of no type'}")


def _author(obj: Json, activity: Json | None, wanted: str | None) -> str:
    """`attributedTo`; of several the wanted one, else a person, else the first."""
    given = obj.get("attributedTo")
    if given is None and activity is not None:
        given = activity.get("actor")
    found = [
        (url, types(item) if isinstance(item, dict) else [])
        for item in as_list(given)
        if (url := as_id(item))
    ]
    if not found:
        raise ParseError("the object names no author")
    urls = [url for url, _ in found]
    if wanted in urls:
        return wanted
    return next((url for url, kinds in found if "Person" in kinds), urls[0])


def _content(obj: Json, uri: str) -> tuple[str | None, str]:
    """Declared language (None if none is to be trusted) and HTML.

    Mastodon reads the first key of a language map. Lemmy and PeerTube send a `language` object.
    Bridgy Fed claims English whenever it knows nothing, so its word does not count.
    """
    content = as_text(obj.get("content"))
    language: str | None = None
    for name in ("contentMap", "nameMap", "summaryMap"):
        versions = obj.get(name)
        if isinstance(versions, dict):
            for key, value in versions.items():
                if isinstance(value, str):
                    language = language or declared(key)
                    if name == "contentMap":
                        content = content or value
        if language:
            break
    if language is None:
        given = obj.get("language")
        if isinstance(given, dict):
            given = given.get("identifier")
        language = declared(given)
    host = host_of(uri)
    if host == "brid.gy" or host.endswith(".brid.gy"):
        language = None
    if content and obj.get("mediaType") in ("text/plain", "text/markdown"):
        content = content.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
    return language, content


def _others(obj: Json, name: str, content: str) -> list[str]:
    """Further versions of a text, and what was cut off, which are searched for opt-outs only."""
    return [value for value in texts(obj, name) if value != content or len(value) > HTML]


def _title(obj: Json, kind: str) -> str:
    if kind in ("Note", "Question", "Comment", "GeneratedNote"):
        return ""  # a Note's `name` is a vote's answer
    return plain(html_text(as_text(obj.get("name")) or as_text(obj.get("nameMap"))), TITLE)


def _warning(obj: Json, kind: str) -> str:
    given = ""
    if kind in _WARNED:
        given = as_text(obj.get("summary")) or as_text(obj.get("summaryMap"))
    if not given:
        given = next(filter(None, (as_text(obj.get(name)) for name in _SUBJECT)), "")
    # Misskey writes U+200B for "no words, but folded".
    return plain(_ZERO_WIDTH.sub("", html_text(given)), WARNING) if given else ""


def _sensitive(obj: Json, names: Names, warning: str) -> bool:
    """Folded as a whole if there are warning words, or if it or one of its files says so."""
    files = (item for item in as_list(obj.get("attachment")) if isinstance(item, dict))
    said = [*names.any_prefix("sensitive"), *(item.get("sensitive") for item in files)]
    return bool(warning) or refuses(said)


def _quoted(obj: Json, kind: str) -> str:
    """BookWyrm keeps the passage of a Quotation beside the content."""
    quote = obj.get("quote")
    if kind == "Quotation" and isinstance(quote, str) and not http_url(quote):
        return f"<blockquote>{quote[:HTML]}</blockquote>"
    return ""


def _options(obj: Json) -> list[str]:
    found = []
    for name in ("oneOf", "anyOf"):
        for option in as_list(obj.get(name))[:OPTIONS]:
            text = plain(as_text(option.get("name")), TITLE) if isinstance(option, dict) else ""
            if text:
                found.append(text)
    return found


def _whole_media(obj: Json, kind: str, media: tuple[Media, ...]) -> tuple[Media, ...]:
    """The attachments, led by what the object itself is or shows as its picture."""
    own: Media | None = None
    if kind in _SELF_MEDIA:
        own = read_self_media(obj, _SELF_MEDIA[kind])
    elif kind not in _WARNED:
        url, alt = read_image(obj.get("image"))
        own = Media(MediaKind.IMAGE, url, alt) if url else None
    if own is None or any(item.url == own.url for item in media):
        return media
    return (own, *media)


def _quotes(obj: Json) -> str | None:
    for name in _QUOTES:
        value = obj.get(name)
        if isinstance(value, dict) and "Tombstone" in types(value):
            return None
        url = as_id(value)
        if url:
            return url
    for entry in as_list(obj.get("tag")):  # FEP-e232: a link to another object
        if isinstance(entry, dict) and "Link" in types(entry):
            mime = entry.get("mediaType")
            if isinstance(mime, str) and mime.startswith(
                ("application/ld+json", "application/activity+json")
            ):
                return http_url(entry.get("href"))
    return None


def _without_re_line(text: str, quotes: str | None) -> str:
    """Older Misskey appends `RE: URL` without marking it."""
    if quotes is None:
        return text
    kept, found, last = text.rpartition("RE:")
    return kept.rstrip() if found and last.strip() == quotes else text


def _mentions(tag: Any) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for entry in as_list(tag):
        if isinstance(entry, dict) and "Mention" in types(entry):
            url = http_url(entry.get("href"))
            if url and len(found) < MENTIONS:
                found[url] = None
    return tuple(found)


def _outside(
    readable: Readable, cards: Iterable[str], tag: Any, quotes: str | None
) -> tuple[str, ...]:
    inside = {
        entry.get("href")
        for entry in as_list(tag)
        if isinstance(entry, dict) and isinstance(entry.get("href"), str)
    }
    links = (url for url in (*readable.links, *cards) if url not in inside and url != quotes)
    return tuple(dict.fromkeys(url for url in links if http_url(url)))[:LINKS]


def _page(value: Any, uri: str) -> str | None:
    """The page for people: of several links the text/html one."""
    first: str | None = None
    for item in as_list(value):
        url = http_url(item)
        if isinstance(item, dict):
            url = http_url(item.get("href") or item.get("url"))
            mime = item.get("mediaType")
            if mime == "text/html" and url:
                return url
            if isinstance(mime, str):
                url = None  # a film, a torrent …
        first = first or url
    return first or (uri if value is None else None)


def _total(value: Any) -> int | None:
    return count(value.get("totalItems")) if isinstance(value, dict) else None
