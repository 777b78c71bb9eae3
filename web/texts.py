"""Who we are, how we crawl, privacy, imprint: our words, or the operator's own.

A file `texts/NAME.md` in the home folder (`about`, `crawling`, `privacy`, `imprint`) stands in
place of our text, `texts/NAME.de.md` for readers of German. Markdown without HTML; the names of
VALUES in braces are filled in. The imprint has no text of ours: without a file there is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import nh3
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.exceptions import HTTPException

from discover.bootstrap import App
from discover.model.words import N_
from discover.settings import Settings
from web import i18n
from web.pages import page
from web.routes import contact_link

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

NAMES = ("about", "crawling", "privacy", "imprint")
_MOST_BYTES = 200_000
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
_TAGS = {
    "a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes={"a": {"href"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer",
)


def values_of(settings: Settings) -> dict[str, Any]:
    """What the texts tell of this index, for our templates and the operator's files."""
    contact = settings.contact
    return {
        "base": settings.own_url,
        "host": urlsplit(settings.own_url).netloc,
        "actor_name": settings.actor_name,
        "contact": contact,
        "contact_link": contact_link(contact),
        "delay": settings.crawl_delay,
        "delay_max": settings.crawl_delay_max,
        "retention": settings.post_retention_days,
        "hide_days": settings.evidence_hide_days,
        "purge_days": settings.evidence_purge_days,
        "deliberate": settings.post_consent == "deliberate",
        "source": settings.source_url,
        "version": version("waypost"),
    }


def own_text(settings: Settings, name: str, code: str) -> tuple[str, Markup] | None:
    """The operator's text: its title and its safe HTML. None when there is no file."""
    folder = settings.home / "texts"
    for path in (folder / f"{name}.{code}.md", folder / f"{name}.md"):
        try:
            seen = path.stat()
        except OSError:
            continue
        filled = {
            key: f"{value:g}" if isinstance(value, float) else str(value)
            for key, value in values_of(settings).items()
        }
        return _rendered(path, seen.st_mtime_ns, tuple(sorted(filled.items())))
    return None


@lru_cache(maxsize=64)
def _rendered(path: Path, _changed: int, values: tuple[tuple[str, str], ...]) -> tuple[str, Markup]:
    text = path.read_bytes()[:_MOST_BYTES].decode("utf-8", "replace")
    known = dict(values)
    text = _PLACEHOLDER.sub(lambda found: known.get(found[1], found[0]), text)
    html = _CLEANER.clean(_MARKDOWN.render(text))
    heading = re.search(r"<h1>(.*?)</h1>", html, re.DOTALL)
    title = re.sub(r"<[^>]+>", "", heading[1]) if heading else path.name.partition(".")[0].title()
    if heading is None:
        html = str(Markup("<h1>{}</h1>\n").format(title)) + html
    return Markup(title).unescape(), Markup(html)  # noqa: S704 - just sanitised


def _show(request: Request, name: str) -> Response:
    settings = cast("App", request.app.state.waypost).settings
    own = own_text(settings, name, i18n.current().code)
    if own is not None:
        return page("text", title=own[0], html=own[1])
    if name == "imprint":
        raise HTTPException(404, N_("The operator of this index has not written an imprint."))
    imprint = own_text(settings, "imprint", i18n.current().code) is not None
    return page(name, **values_of(settings), imprint=imprint)


@router.get("/about", summary="Who we are, and how to stop us")
def about(request: Request) -> Response:
    return _show(request, "about")


@router.get("/crawling", summary="How we crawl, how to join and how to leave")
def crawling(request: Request) -> Response:
    return _show(request, "crawling")


@router.get("/privacy", summary="What is kept about whom, and for how long")
def privacy(request: Request) -> Response:
    return _show(request, "privacy")


@router.get(
    "/imprint",
    summary="Who is responsible for this site",
    responses={
        404: {
            "description": "The operator has not written one",
            "content": {
                "text/html": {"schema": {"type": "string"}},
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
            },
        }
    },
)
def imprint(request: Request) -> Response:
    return _show(request, "imprint")
