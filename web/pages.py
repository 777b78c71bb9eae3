"""Templates, compiled once in each language, and the answers made of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, nodes
from jinja2.visitor import NodeTransformer

from discover.services.find.search import MAX_WORDS
from web import i18n, images, refusals, words
from web.assets import asset_url

# Pages about people are not for other search engines.
_PEOPLE = {"X-Robots-Tag": "noindex, nofollow"}


class _Translated(NodeTransformer):
    """Sentences without variables are translated when a template is compiled: most of a page is
    such words, and to ask for each of them anew takes a tenth of the time of a page.
    """

    def __init__(self, code: str) -> None:
        self._say = i18n.catalogue(code).gettext

    def visit_Call(self, node: nodes.Call) -> nodes.Node:  # noqa: N802 -- Jinja's name
        self.generic_visit(node)
        words = node.args[0] if len(node.args) == 1 and not node.kwargs else None
        asked = isinstance(node.node, nodes.Name) and node.node.name in ("_", "gettext")
        if not (asked and isinstance(words, nodes.Const) and isinstance(words.value, str)):
            return node
        said = self._say(words.value) if words.value else ""
        # as Jinja's own gettext: safe, and always a format
        return nodes.MarkSafe(nodes.Const(said % ()), lineno=node.lineno)


class _Environment(Environment):
    """Of one language."""

    code = i18n.DEFAULT

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        _Translated(self.code).visit(tree)
        tree.set_environment(self)
        return tree


@cache
def _environment(code: str) -> Environment:
    environment = _Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.code = code
    environment.policies["ext.i18n.trimmed"] = True
    # Made by the extension; `_()` and {% trans %} ask the language of the request.
    environment.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    for name in (
        "activity", "ago", "clean", "day", "initial", "instant", "language", "mark", "marked",
        "number", "reason", "seconds", "short", "software", "tone", "topic_name", "web_url", "without_emoji",
    ):  # fmt: skip
        environment.filters[name] = getattr(words, name)
    environment.filters["say"] = i18n.say
    for name in ("avatar_path", "emoji_path", "with_emoji"):
        environment.filters[name] = getattr(images, name)
    environment.globals["asset"] = asset_url
    environment.globals["tongues"] = i18n.LANGUAGES
    environment.globals["max_words"] = MAX_WORDS
    environment.globals["languages"] = words.LANGUAGES
    return environment


@cache
def _template(name: str, code: str) -> Template:
    """Compiled when it is first shown; a test compiles them all."""
    return _environment(code).get_template(f"{name}.html")


def page(
    name: str,
    *,
    status: int = 200,
    people: bool = False,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """In the language of the request (`i18n.current()`), which callers need not know.

    `people`: it shows or names somebody, so it must not be kept or indexed elsewhere.
    """
    tongue = i18n.current()
    fixed = {
        "Cache-Control": "no-store" if people else "public, max-age=300",
        "Content-Language": tongue.code,
        "Vary": "Accept-Language",
    }
    html = _template(name, tongue.code).render(page=name, tongue=tongue, **values)
    return HTMLResponse(
        i18n.carry(html, tongue.code) if tongue.chosen else html,
        status_code=status,
        headers={**fixed, **(_PEOPLE if people else {}), **(headers or {})},
    )


def error_page(
    status: int, detail: str = "", headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """`detail`: an English sentence for people, else what the status means to them."""
    return page(
        "error",
        status=status,
        people=True,
        headers=headers,
        title=refusals.heading(status),
        line=detail or refusals.meaning(status),
        code=status,
    )


def api_page(document: Mapping[str, Any]) -> HTMLResponse:
    return page("api", document=document)
