"""Templates, compiled once, and the answers made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from discover.services.search import MAX_WORDS
from web import words
from web.assets import asset_url

_NAMES = (
    "home", "search", "account", "why", "about", "error", "api", "transparency", "remove",
)  # fmt: skip
# Pages about people are not for other search engines.
_PEOPLE = {"X-Robots-Tag": "noindex, nofollow"}


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "activity", "ago", "clean", "initial", "language", "mark", "marked", "short", "software",
        "tone", "web_url", "without_emoji",
    ):  # fmt: skip
        environment.filters[name] = getattr(words, name)
    environment.globals["asset"] = asset_url
    environment.globals["max_words"] = MAX_WORDS
    environment.globals["languages"] = words.LANGUAGES
    return environment


_ENVIRONMENT = _environment()
_TEMPLATES: dict[str, Template] = {
    name: _ENVIRONMENT.get_template(f"{name}.html") for name in _NAMES
}


def page(
    name: str,
    *,
    status: int = 200,
    people: bool = False,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """`people`: it shows or names somebody, so it must not be kept or indexed elsewhere."""
    fixed = {"Cache-Control": "no-store" if people else "public, max-age=300"}
    return HTMLResponse(
        _TEMPLATES[name].render(page=name, **values),
        status_code=status,
        headers={**fixed, **(_PEOPLE if people else {}), **(headers or {})},
    )


def error_page(
    status: int, title: str, lines: Sequence[str], headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    return page(
        "error", status=status, people=True, headers=headers, title=title, lines=lines, code=status
    )


def api_page(document: Mapping[str, Any]) -> HTMLResponse:
    return page("api", document=document)
