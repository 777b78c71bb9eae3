"""HTML from strangers: to plain text for searching, and to safe HTML for showing.

nh3 (html5ever, ammonia) does the one real parse. Its output is well formed, with every
attribute in double quotes, so that plain patterns may read it from there on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

import nh3

_SHOWN = {
    "p", "br", "a", "span", "del", "pre", "code", "em", "strong", "b", "i", "u", "blockquote",
    "ul", "ol", "li",
}  # fmt: skip
# Kept through the first pass only, because their edges are line ends in the text.
_BLOCKS = {
    "div", "section", "article", "header", "footer", "aside", "main", "nav", "address", "figure",
    "figcaption", "h1", "h2", "h3", "h4", "h5", "h6", "table", "caption", "tr", "dl", "dt", "dd",
    "hr", "details", "summary",
}  # fmt: skip
_CELLS = {"td", "th"}
_CLASSES = {"h-card", "mention", "hashtag", "invisible", "ellipsis", "u-url"}
_QUOTE = "quote-inline"
_DROPPED = {
    "script", "style", "title", "textarea", "noscript", "template", "iframe", "object", "svg",
    "math", "select", "audio", "video", "canvas",
}  # fmt: skip
_REL = "nofollow noopener noreferrer ugc"


def _cleaner(tags: set[str], classes: set[str]) -> nh3.Cleaner:
    options: dict[str, Any] = {
        "tags": tags,
        "clean_content_tags": _DROPPED,
        "attributes": {"a": {"href"}},
        "allowed_classes": dict.fromkeys(("a", "span", "p"), classes),
        "url_schemes": {"http", "https"},
        "url_relative": "deny",  # it would point at our own pages
        "link_rel": _REL,
    }
    return nh3.Cleaner(**options)


_WIDE = _cleaner(_SHOWN | _BLOCKS | _CELLS, _CLASSES | {_QUOTE})
_SMALL = _cleaner(_SHOWN, _CLASSES)

_ATTRIBUTES = r'(?:[^">]|"[^"]*")*'
_ANY_TAG = re.compile(rf"<(/?)([a-z0-9]+){_ATTRIBUTES}>")
_LINE_TAG = re.compile(
    rf"</?(?:{'|'.join(sorted(_BLOCKS | {'p', 'br', 'pre', 'blockquote', 'ul', 'ol', 'li'}))})(?![a-z0-9]){_ATTRIBUTES}>"
)
_CELL_TAG = re.compile(rf"</?t[dh](?![a-z]){_ATTRIBUTES}>")
_BLOCK_TAG = re.compile(rf"<(/?)(?:{'|'.join(sorted(_BLOCKS - {'hr'}))})(?![a-z0-9]){_ATTRIBUTES}>")
_WIDE_TAG = re.compile(rf"<(?:{'|'.join(sorted(_BLOCKS | _CELLS))})[ >]")
_ANCHOR = re.compile(rf"<a({_ATTRIBUTES})>")
_HREF = re.compile(r' href="([^"]*)"')
_TAG_CLASS = re.compile(r' class="(?:[^"]* )?(?:mention|hashtag)[ "]')
_QUOTE_TAG = re.compile(rf'<(p|span) class="(?:[^"]* )?{_QUOTE}[ "]{_ATTRIBUTES}>')

# Never wanted: control characters, U+E000 and U+E001 (the engines mark matches with them), marks
# that reorder or hide text, halves of surrogate pairs. ZWJ and ZWNJ stay: emoji and Persian.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ue000\ue001\ud800-\udfff]"
)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SPACES = re.compile(r"[ \t\r\u00a0\u3000]{2,}|[\t\r\u00a0]")
_LINES = re.compile(r" *\n[ \n]*")


@dataclass(frozen=True, slots=True)
class Readable:
    """`html` is safe to show; `links` are http(s) addresses that are neither tag nor mention."""

    text: str
    html: str
    links: tuple[str, ...] = ()


EMPTY = Readable("", "")


def scrub(text: str) -> str:
    """Without the characters that are never wanted."""
    if text.isascii():
        return _CONTROL.sub("", text)
    return _UNWANTED.sub("", text)


def plain(text: str, limit: int) -> str:
    """One line of plain text (a name, a title, an alternative text), at most `limit` long."""
    return " ".join(scrub(text).split())[:limit].rstrip()


def read_html(html: str, *, drop_quote: bool = False) -> Readable:
    """Read remote HTML. `drop_quote` leaves out the `RE: link` that quotes append for others.

    Block elements end lines in the text, inline ones add nothing: `#<span>tag</span>` stays one
    word, and a shortened Mastodon link is its whole address again.
    """
    if not html:
        return EMPTY
    clean = scrub(_WIDE.clean(scrub(html)))
    if _QUOTE in clean:
        clean = _without_quote(clean) if drop_quote else clean
    text = _to_text(clean)
    links = _links(clean) if "<a " in clean else ()
    shown = clean.replace(' class=""', "")
    if _WIDE_TAG.search(clean) or _QUOTE in clean:
        shown = _SMALL.clean(_BLOCK_TAG.sub(r"<\1p>", clean)).replace(' class=""', "")
        shown = shown.replace("<p></p>", "")
    return Readable(text, shown, links)


def html_text(html: str) -> str:
    """Only the text of remote HTML."""
    if "<" not in html and "&" not in html:
        return _tidy(scrub(html).replace("\n", " "))
    return _to_text(scrub(_WIDE.clean(scrub(html))))


def _to_text(clean: str) -> str:
    if "<pre" not in clean:
        clean = clean.replace("\n", " ")
    text = _LINE_TAG.sub("\n", clean)
    if "<t" in text:
        text = _CELL_TAG.sub(" ", text)
    text = _ANY_TAG.sub("", text)
    return _tidy(unescape(text) if "&" in text else text)


def _tidy(text: str) -> str:
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def _links(clean: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for attributes in _ANCHOR.findall(clean):
        href = _HREF.search(attributes)
        if href and not _TAG_CLASS.search(attributes):
            found[unescape(href[1])] = None
    return tuple(found)


def _without_quote(clean: str) -> str:
    while start := _QUOTE_TAG.search(clean):
        depth, end = 1, len(clean)
        for tag in _ANY_TAG.finditer(clean, start.end()):
            if tag[2] == start[1]:
                depth += -1 if tag[1] else 1
                if depth == 0:
                    end = tag.end()
                    break
        clean = clean[: start.start()] + clean[end:]
    return clean
