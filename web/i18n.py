"""Which language a page speaks, and its catalogue.

The language is the `hl` of the address where it names one of ours, else what the browser asks
for. Nothing is stored: links and forms of a page in a chosen language carry `hl` on.
"""

from __future__ import annotations

import gettext as plain
import re
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from discover.model.words import Sentence

FOLDER = Path(__file__).parent / "locale"
DOMAIN = "waypost"
# English is what the messages are written in; every other language has a catalogue.
LANGUAGES: dict[str, str] = {
    "en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "it": "Italiano",
    "pl": "Polski", "pt": "Português", "ar": "العربية", "ja": "日本語",
}  # fmt: skip
DEFAULT = "en"
_RIGHT_TO_LEFT = {"ar"}
_PIECE = re.compile(r"^\s*([a-zA-Z]{1,8}|\*)(?:-[\w-]*)?\s*(?:;\s*q\s*=\s*([01](?:\.\d*)?)\s*)?$")
_LINK = re.compile(r'(<a\b[^>]*?\shref=")(/(?!/|static/|media/|api/)[^"#]*)')
_FORM = re.compile(r'<form\b[^>]*\saction="(/(?!/|api/)[^"#]*)(?:#[^"]*)?"[^>]*>')


@dataclass(frozen=True, slots=True)
class Tongue:
    """`chosen`: by the address and not by the browser. `path` and `query`: what was asked for."""

    code: str = DEFAULT
    chosen: bool = False
    path: str = "/"
    query: str = ""

    @property
    def direction(self) -> str:
        return "rtl" if self.code in _RIGHT_TO_LEFT else "ltr"

    @property
    def locale(self) -> Locale:
        return locale(self.code)

    def switch(self, code: str) -> str:
        """The address of the page that is being made, in another language."""
        here = _without_language(self.path, self.query)
        return f"{here}{'&' if '?' in here else '?'}hl={code}"


_CURRENT: ContextVar[Tongue] = ContextVar("tongue", default=Tongue())  # noqa: B039 - frozen


def current() -> Tongue:
    """The language of the request that is being answered."""
    return _CURRENT.get()


@cache
def locale(code: str) -> Locale:
    return Locale.parse(code)


@cache
def catalogue(code: str) -> plain.NullTranslations:
    """Made from the .po file when it is first asked for, so nothing has to be built before."""
    path = FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return plain.NullTranslations()
    with path.open("rb") as file:
        read = read_po(file, locale=code, domain=DOMAIN)
    compiled = BytesIO()
    write_mo(compiled, read)
    compiled.seek(0)
    return plain.GNUTranslations(compiled)


def gettext(message: str) -> str:
    return catalogue(current().code).gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    return catalogue(current().code).ngettext(one, many, count)


def say(text: str) -> str:
    """An English sentence from anywhere in Waypost, in the reader's language."""
    if not isinstance(text, Sentence):
        return gettext(text)
    if text.plural is None:
        said = gettext(text.template)
    else:
        said = ngettext(text.template, text.plural, text.values["count"])
    if not text.values:
        return said
    values = {
        name: say(value) if isinstance(value, Sentence) else value
        for name, value in text.values.items()
    }
    return said.format(**values)


@lru_cache(maxsize=512)
def preferred(accept_language: str) -> str:
    """The best of our languages for an Accept-Language header (RFC 9110 section 12.5.4)."""
    wanted: list[tuple[float, int, str]] = []
    for place, piece in enumerate(accept_language[:300].split(",")):
        if found := _PIECE.match(piece):
            wanted.append((-float(found[2] or 1), place, found[1].lower()))
    for weight, _, code in sorted(wanted):
        if weight < 0 and code in LANGUAGES:
            return code
    return DEFAULT


def choose(query: str, accept_language: str, path: str = "/") -> Tongue:
    pairs = _pairs(query) if "hl=" in query else []
    asked = next((value.lower() for key, value in pairs if key == "hl"), "")
    if asked in LANGUAGES:
        return Tongue(asked, chosen=True, path=path, query=query)
    return Tongue(preferred(accept_language), path=path, query=query)


@lru_cache(maxsize=64)
def _without_language(path: str, query: str) -> str:
    rest = urlencode([(key, value) for key, value in _pairs(query) if key != "hl"])
    return quote(path, safe="/@:~!$'()*+,;=") + (f"?{rest}" if rest else "")


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="replace") if query else []


def with_language(address: str, code: str) -> str:
    """A path of ours with `hl`, unless it has one. Written for use inside an attribute, too."""
    if re.search(r"[?&;]hl=", address):
        return address
    return f"{address}{'&' if '?' in address else '?'}hl={code}"


def carry(html: str, code: str) -> str:
    """The page with `hl` in every link and form of its own."""

    def link(found: re.Match[str]) -> str:
        return found[1] + with_language(found[2], code).replace("&hl=", "&amp;hl=")

    def form(found: re.Match[str]) -> str:
        tag = found[0]
        if re.search(r'\smethod="?post', tag, re.IGNORECASE):
            start, end = found.span(1)
            start, end = start - found.start(), end - found.start()
            return tag[:start] + with_language(found[1], code) + tag[end:]
        return f'{tag}<input type="hidden" name="hl" value="{code}">'

    return _FORM.sub(form, _LINK.sub(link, html))


class Speaking:
    """Sets the language of each request; a redirect within a chosen language stays in it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        wanted = b""
        for name, value in scope["headers"]:
            if name == b"accept-language":
                wanted = value
        path: str = scope["path"]
        # What was posted cannot be asked for again.
        again = scope["method"] in ("GET", "HEAD") and not path.startswith("//")
        tongue = choose(
            scope.get("query_string", b"").decode("latin-1"),
            wanted.decode("latin-1"),
            path if again else "/",
        )
        token = _CURRENT.set(tongue)

        async def speaking(message: Message) -> None:
            if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
                headers = MutableHeaders(scope=message)
                where = headers.get("location", "")
                if where.startswith("/") and not where.startswith(("//", "/static/", "/media/")):
                    address, mark, fragment = where.partition("#")
                    headers["location"] = with_language(address, tongue.code) + mark + fragment
            await send(message)

        try:
            await self.app(scope, receive, speaking if tongue.chosen else send)
        finally:
            _CURRENT.reset(token)
