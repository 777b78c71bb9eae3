"""People to follow on other people's pages: a web component, a frame, oEmbed, and how to use them.

Nothing here sets a cookie, asks anybody else, or counts who looks. The component's script is
`/embed.js`: it stays what it is for pages that use it; a change that would break them gets a name
of its own.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import Annotated, Any, cast
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from discover.bootstrap import App
from discover.model.suggestions import SuggestionAnswer, SuggestionRequest
from discover.model.topics import Topic
from discover.model.words import N_
from discover.services.suggest.suggesting import suggest
from discover.services.topics.catalogue import catalogue
from web import i18n
from web.assets import asset_url, assets
from web.discovering import named_topics
from web.pages import page
from web.words import LANGUAGES

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

MOST, USUAL = 20, 6
THEMES = ("auto", "light", "dark")
_WIDTH = 480
_FRAME, _PERSON = 140, 78  # pixels of height: what stands around, and each person
_SCRIPT_SECONDS = 3600
_OEMBED_SECONDS = 86_400
_OPEN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
# The only page of ours that others may frame; it has no script.
_FRAMED = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors *"
)
# The page of examples shows that frame, and the component.
_EXAMPLES = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; frame-src 'self'; manifest-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

Topics = Annotated[
    str, Query(description="Topics: ids, names or hashtags, by commas", max_length=300)
]
Langs = Annotated[str, Query(description="Languages, by commas", max_length=100)]
Limit = Annotated[str, Query(description=f"How many people, up to {MOST}", max_length=10)]
Theme = Annotated[str, Query(description="auto, light or dark", max_length=10)]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an embed shows; what could not be used is left away."""

    topics: tuple[Topic, ...] = ()
    unknown: bool = False  # a topic was asked for that nobody knows
    languages: tuple[str, ...] = ()
    limit: int = USUAL
    theme: str = "auto"

    @property
    def pairs(self) -> dict[str, str]:
        """As an address says it, without what is usual."""
        pairs = {
            "topic": ",".join(topic.id for topic in self.topics),
            "lang": ",".join(self.languages),
            "limit": str(self.limit),
            "theme": "" if self.theme == "auto" else self.theme,
        }
        return {name: value for name, value in pairs.items() if value}

    @property
    def query(self) -> str:
        return urlencode(self.pairs, safe=",", quote_via=quote)

    @property
    def height(self) -> int:
        return _FRAME + _PERSON * self.limit

    def title(self) -> str:
        code = i18n.current().code
        names = ", ".join(topic.name(code) for topic in self.topics)
        if not names:
            return i18n.gettext("People to follow")
        return i18n.gettext("People to follow: {topics}").format(topics=names)


def read(topic: str, lang: str, limit: str, theme: str) -> Asked:
    found = [one for id_ in named_topics([topic]) if (one := catalogue().by_id(id_))]
    languages = [one.strip().lower().partition("-")[0] for one in lang.split(",")]
    number = int(limit) if limit.isascii() and limit.isdigit() else USUAL
    return Asked(
        topics=tuple(found[:10]),
        unknown=bool(topic.strip(" ,")) and not found,
        languages=tuple(one for one in dict.fromkeys(languages) if one in LANGUAGES)[:10],
        limit=max(1, min(number, MOST)),
        theme=theme if theme in THEMES else "auto",
    )


def _app(request: Request) -> App:
    return cast("App", request.app.state.waypost)


def _people(request: Request, asked: Asked) -> SuggestionAnswer:
    if asked.unknown:
        return SuggestionAnswer(())
    context = _app(request).context
    return suggest(
        context,
        SuggestionRequest(
            topics=tuple(topic.id for topic in asked.topics),
            languages=asked.languages,
            seed=context.clock.now().toordinal(),
            limit=asked.limit,
        ),
    )


@router.get("/embed", summary="People to follow, for a frame on another page")
def embed(
    request: Request,
    topic: Topics = "",
    lang: Langs = "",
    limit: Limit = "",
    theme: Theme = "auto",
) -> Response:
    asked = read(topic, lang, limit, theme)
    return page(
        "embed",
        people=True,
        headers={"Content-Security-Policy": _FRAMED, **_OPEN},
        asked=asked,
        title=asked.title(),
        found=_people(request, asked).suggestions,
        oembed=_oembed_address(request, asked),
    )


@cache
def _script() -> tuple[bytes, bytes, str]:
    asset = assets()[asset_url("embed.js").rpartition("/")[2]]
    return asset.body, asset.packed, f'"{hashlib.sha256(asset.body).hexdigest()[:16]}"'


async def script(request: Request) -> Response:
    """One address for good; asked again every hour, and sent again only when it changed."""
    body, packed, etag = _script()
    headers = {
        "Cache-Control": f"public, max-age={_SCRIPT_SECONDS}",
        "ETag": etag,
        "Vary": "Accept-Encoding",
        **_OPEN,
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"], body = "gzip", packed
    return Response(body, media_type="text/javascript", headers=headers)


_SCRIPT: dict[int | str, dict[str, Any]] = {
    200: {"description": "The script", "content": {"text/javascript": {}}},
    304: {"description": "You have it already (If-None-Match)"},
}
router.add_api_route(
    "/embed.js",
    script,
    summary="The web component <waypost-suggestions>",
    response_class=Response,
    responses=_SCRIPT,
)
router.add_api_route(
    "/embed/v1.js",
    script,
    summary="The same, and the first version of it for ever",
    response_class=Response,
    responses=_SCRIPT,
)


def _frame(own: str, asked: Asked, width: str, height: int) -> str:
    address = escape(f"{own}/embed?{asked.query}")
    return (
        f'<iframe src="{address}" title="{escape(asked.title())}" width="{width}" '
        f'height="{height}" loading="lazy" referrerpolicy="no-referrer" '
        'sandbox="allow-popups allow-popups-to-escape-sandbox" style="border: 0"></iframe>'
    )


def _component(own: str, asked: Asked) -> str:
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in asked.pairs.items())
    topics = "&".join(f"topic={quote(topic.id)}" for topic in asked.topics)
    address = escape(f"{own}/discover" + (f"?{topics}" if topics else ""))
    return (
        f'<script async src="{own}/embed.js"></script>\n'
        f"<waypost-suggestions{attributes}>\n"
        f'  <a href="{address}">{escape(asked.title())}</a>\n'
        "</waypost-suggestions>"
    )


@router.get("/embeds", summary="Embeds to copy and paste, with a preview")
def embeds(
    request: Request,
    topic: Topics = "",
    lang: Langs = "",
    limit: Limit = "",
    theme: Theme = "auto",
) -> Response:
    asked = read(topic, lang, limit, theme)
    own, code = _app(request).context.own_url, i18n.current().code
    return page(
        "embeds",
        headers={"Content-Security-Policy": _EXAMPLES},
        asked=asked,
        topics=sorted(catalogue().topics.values(), key=lambda one: one.name(code).casefold()),
        themes=THEMES,
        most=MOST,
        component=_component(own, asked),
        frame=_frame(own, asked, "100%", asked.height),
        oembed=_oembed_address(request, asked),
    )


def _oembed_address(request: Request, asked: Asked) -> str:
    own = _app(request).context.own_url
    return f"{own}/oembed?" + urlencode({"url": f"{own}/embed?{asked.query}", "format": "json"})


@router.get(
    "/oembed",
    summary="oEmbed: the frame for the address of a topic or an embed",
    response_class=Response,
    responses={
        200: {
            "description": "oEmbed 1.0, type rich",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Document"}}},
        },
        404: {
            "description": "There is nothing to embed at this address",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        },
        501: {
            "description": "Only JSON is spoken",
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        },
    },
)
def oembed(
    request: Request,
    url: Annotated[
        str, Query(description="An address here: /embed, /discover or /topics/…", max_length=2000)
    ] = "",
    format: Annotated[str, Query(description="json")] = "json",  # noqa: A002 -- oEmbed's name
    maxwidth: Annotated[int, Query(ge=1, description="Pixels")] = 10_000,
    maxheight: Annotated[int, Query(ge=1, description="Pixels")] = 10_000,
) -> Response:
    """https://oembed.com/, section 2.3."""
    if format != "json":
        raise HTTPException(501, "Only JSON is spoken.")
    own = _app(request).context.own_url
    asked = _embedded(own, url)
    if asked is None:
        raise HTTPException(404, N_("There is nothing to embed at this address."))
    width, height = min(_WIDTH, maxwidth), min(asked.height, maxheight)
    document = {
        "version": "1.0",
        "type": "rich",
        "title": asked.title(),
        "provider_name": "Waypost",
        "provider_url": own,
        "cache_age": _OEMBED_SECONDS,
        "html": _frame(own, asked, str(width), height),
        "width": width,
        "height": height,
    }
    # The title is in the asker's language.
    headers = {"Cache-Control": "public, max-age=3600", "Vary": "Accept-Language", **_OPEN}
    return Response(orjson.dumps(document), media_type="application/json", headers=headers)


def _embedded(own: str, url: str) -> Asked | None:
    """What an address of ours would show in a frame."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    here = urlsplit(own)
    if (parts.scheme, parts.netloc) != (here.scheme, here.netloc):
        return None
    query = parse_qs(parts.query)

    def given(name: str) -> str:
        return ",".join(query.get(name, ()))

    first, _, topic = parts.path.strip("/").partition("/")
    if first == "topics" and topic:
        asked = read(topic, given("lang"), "", "auto")
    elif first in ("embed", "embeds", "discover") and not topic:
        asked = read(given("topic"), given("lang"), given("limit"), given("theme"))
    else:
        return None
    return None if asked.unknown else asked
