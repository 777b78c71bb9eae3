"""How values read on a page: times, languages, numbers, initials, safe HTML, marked matches."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

import nh3
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_compact_decimal, format_decimal
from babel.units import format_unit
from markupsafe import Markup, escape

from discover.model.query import HIGHLIGHT_END, HIGHLIGHT_START
from discover.model.suggestions import Reason
from discover.model.words import Sentence
from discover.policy.suggest import REASONS
from discover.services.topics.catalogue import catalogue
from web.i18n import current, gettext, locale, say

TONES = 10  # avatar colours in style.css

_TAGS = {
    "a", "b", "blockquote", "br", "code", "del", "em", "i", "li", "ol", "p", "pre", "s", "span",
    "strong", "sub", "sup", "u", "ul",
}  # fmt: skip
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes={"a": {"href"}, "ol": {"start"}, "span": {"lang"}, "p": {"lang"}},
    url_schemes={"http", "https"},
    link_rel="nofollow noopener noreferrer ugc",
    strip_comments=True,
)
# nh3 writes attributes in double quotes, inside which a '>' may stand.
_TAG = re.compile(r'(<[^>"]*(?:"[^"]*"[^>"]*)*>)')
_MATCH = re.compile(f"{HIGHLIGHT_START}([^{HIGHLIGHT_END}]+){HIGHLIGHT_END}")

LANGUAGES: dict[str, str] = {
    "ar": "العربية", "bg": "Български", "bn": "বাংলা", "ca": "Català", "cs": "Čeština",
    "cy": "Cymraeg", "da": "Dansk", "de": "Deutsch", "el": "Ελληνικά", "en": "English",
    "eo": "Esperanto", "es": "Español", "et": "Eesti", "eu": "Euskara", "fa": "فارسی",
    "fi": "Suomi", "fr": "Français", "ga": "Gaeilge", "gl": "Galego", "he": "עברית",
    "hi": "हिन्दी", "hr": "Hrvatski", "hu": "Magyar", "id": "Indonesia", "is": "Íslenska",
    "it": "Italiano", "ja": "日本語", "ko": "한국어", "lt": "Lietuvių", "lv": "Latviešu",
    "nb": "Norsk bokmål", "nl": "Nederlands", "nn": "Norsk nynorsk", "no": "Norsk",
    "pl": "Polski", "pt": "Português", "ro": "Română", "ru": "Русский", "sk": "Slovenčina",
    "sl": "Slovenščina", "sr": "Српски", "sv": "Svenska", "th": "ไทย", "tr": "Türkçe",
    "uk": "Українська", "vi": "Tiếng Việt", "zh": "中文",
}  # fmt: skip

# Seconds in the units of `ago`, largest first
_SIZES: dict[int, Literal["year", "month", "week", "day", "hour", "minute"]] = {
    365 * 86400: "year", 30 * 86400: "month", 7 * 86400: "week", 86400: "day", 3600: "hour",
    60: "minute",
}  # fmt: skip

_SOFTWARE = {"gotosocial": "GoToSocial", "peertube": "PeerTube", "wordpress": "WordPress",
             "takahe": "Takahē", "microblogpub": "microblog.pub",
             "sqlite": "SQLite", "postgresql": "PostgreSQL"}  # fmt: skip


def clean(html: str) -> Markup:
    """Remote HTML for our page. Sanitised at the door already; this is the second lock, and it
    drops images, which would be a request to somebody else.
    """
    return Markup(_CLEANER.clean(html))  # noqa: S704 - just sanitised


def marked(html: str, highlights: Iterable[str]) -> Markup:
    """`clean(html)` with the matched words of these highlights in <mark>."""
    safe = clean(html)
    words = {word for text in highlights for word in _MATCH.findall(text)}
    if not words:
        return safe
    ordered = sorted((str(escape(word)) for word in words), key=len, reverse=True)
    pattern = re.compile("|".join(rf"(?<![\w&]){re.escape(word)}" for word in ordered))
    parts = _TAG.split(str(safe))
    parts[::2] = [
        pattern.sub(lambda found: f"<mark>{found[0]}</mark>", text) for text in parts[::2]
    ]
    return Markup("".join(parts))  # noqa: S704 - <mark> added to sanitised text only


def mark(text: str, highlight: str | None) -> Markup:
    """Plain text, or its highlighted form where the engine gave the whole of it."""
    if highlight and highlight.replace(HIGHLIGHT_START, "").replace(HIGHLIGHT_END, "") == text:
        return Markup(  # noqa: S704 - escaped before the marks go in
            str(escape(highlight))
            .replace(HIGHLIGHT_START, "<mark>")
            .replace(HIGHLIGHT_END, "</mark>")
        )
    return escape(text)


def web_url(url: str | None) -> str | None:
    """Only an http address may become a link."""
    return url if url and url.startswith(("https://", "http://")) else None


def without_emoji(name: str, emojis: Iterable[tuple[str, str]], fallback: str) -> str:
    """A display name without its custom emoji, whose pictures we do not load."""
    for code, _ in emojis:
        name = name.replace(code if code.startswith(":") else f":{code}:", "")
    return " ".join(name.split()) or fallback


def initial(name: str) -> str:
    """The letter of an avatar."""
    return next((char.upper() for char in name if char.isalnum()), "·")[:1]


def tone(handle: str) -> int:
    """Everybody keeps their colour."""
    return zlib.crc32(handle.lower().encode()) % TONES


def language(tag: str) -> str:
    """A language in its own words."""
    return LANGUAGES.get(tag.partition("-")[0].lower(), tag)


def topic_name(topic_id: str) -> str:
    """A topic of the curated list in the reader's language."""
    topic = catalogue().by_id(topic_id)
    return topic.name(current().code) if topic is not None else topic_id


def reason(one: Reason) -> str:
    """Why somebody is suggested, in the reader's language."""
    values = dict(one.values)
    if "topic" in values:
        values["topic"] = topic_name(values["topic"])
    if "language" in values:
        tag = values["language"]
        values["language"] = current().locale.languages.get(tag) or language(tag)
    return say(Sentence(REASONS[one.kind], **values))


def software(name: str) -> str:
    return _SOFTWARE.get(name, name[:1].upper() + name[1:])


def number(value: float) -> str:
    """1234.5 -> 1,234.5 in English."""
    return _number(value, current().code)


def short(value: int) -> str:
    """1234 -> 1.2K in English."""
    return _short(value, current().code) if value >= 1000 else number(value)


# Babel reads its patterns anew each time; a page of results has hundreds of numbers.
@lru_cache(maxsize=4096)
def _number(value: float, code: str) -> str:
    return format_decimal(value, locale=locale(code))


@lru_cache(maxsize=4096)
def _short(value: int, code: str) -> str:
    return format_compact_decimal(value, locale=locale(code), fraction_digits=1)


@lru_cache(maxsize=4096)
def _instant(moment: datetime, code: str) -> str:
    return format_datetime(moment, "medium", locale=locale(code))


def day(moment: datetime) -> str:
    """A date such as 3 May 2025."""
    return format_date(moment, "long", locale=current().locale)


def instant(moment: datetime) -> str:
    """A date and a time in UTC."""
    return f"{_instant(moment.replace(second=0, microsecond=0), current().code)} UTC"


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in one rough unit."""
    seconds = max((now - moment).total_seconds(), 0)
    size = next((size for size in _SIZES if seconds >= size), 0)
    if not size:
        return gettext("just now")
    return _ago(int(seconds // size), size, current().code)


@lru_cache(maxsize=4096)
def _ago(count: int, size: int, code: str) -> str:
    # A threshold under one keeps the unit that was chosen.
    passed = timedelta(seconds=-count * size)
    return format_timedelta(
        passed, _SIZES[size], threshold=0.99, add_direction=True, locale=locale(code)
    )


def seconds(length: float) -> str:
    """A length of time in its largest unit: 0.5 -> 0.5 sec, 60 -> 1 min in English."""
    unit, size = next(
        ((unit, size) for unit, size in (("hour", 3600), ("minute", 60)) if length >= size),
        ("second", 1),
    )
    return format_unit(length / size, unit, length="short", locale=current().locale)


def activity(last: datetime | None, now: datetime) -> str:
    """How active an account is, in words."""
    if last is None:
        return gettext("no posts seen")
    return gettext("posted {when}").format(when=ago(last, now))
