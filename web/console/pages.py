"""The console's templates, compiled once, and the answers made of them. English only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from discover.model.verdict import SENTENCES
from web.assets import asset_url
from web.console.doors import Desk

# (address, name) by group, in the order of the menu
MENU = (
    ("", (("/console", "Overview"), ("/console/growth", "Growth"))),
    ("Servers", (
        ("/console/servers", "Servers"), ("/console/crawl", "Crawl"),
        ("/console/blocklists", "Blocklists"), ("/console/deliveries", "Deliveries"),
    )),
    ("People", (("/console/reports", "Reports"), ("/console/consent", "Consent log"))),
    ("Waypost", (
        ("/console/topics", "Topics"), ("/console/packs", "Packs"),        ("/console/index", "Index"), ("/console/settings", "Settings"),
        ("/console/audit", "Audit log"),
    )),
)  # fmt: skip
_PRIVATE = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    # Nothing here is a script, so none is run, whatever finds its way onto a page.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    # With no-referrer a browser sends `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
}
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def moment(at: datetime | None) -> Markup:
    if at is None:
        return Markup('<span class="quiet">never</span>')
    text = at.strftime("%Y-%m-%d %H:%M")
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        at.isoformat(), at.strftime("%Y-%m-%d %H:%M:%S"), text
    )


def span(length: timedelta | float) -> str:
    """A length of time in its largest unit."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    for size, unit in _UNITS:
        count = int(abs(seconds) // size)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "under a second"


def since(at: datetime | None, now: datetime) -> Markup:
    """`3 hours ago` or `in 5 minutes`, with the moment itself beside it."""
    if at is None:
        return Markup('<span class="quiet">never</span>')
    said = span(now - at)
    words = f"{said} ago" if at <= now else f"in {said}"
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        at.isoformat(), at.strftime("%Y-%m-%d %H:%M:%S"), words
    )


def number(value: float) -> str:
    return f"{value:,}".replace(",", "\u202f")


def facts(values: Mapping[str, Any]) -> Markup:
    """`name: value` in a line each, for the audit log."""
    lines = [
        Markup('<span class="fact"><b>{}</b> {}</span>').format(
            name.replace("_", " "), _plain(value)
        )
        for name, value in values.items()
    ]
    return Markup(" ").join(lines) if lines else Markup('<span class="quiet">–</span>')


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value in (None, "") else str(value)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for filter_ in (moment, since, span, number, facts):
        environment.filters[filter_.__name__] = filter_
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    environment.filters["sentence"] = lambda reason: SENTENCES[reason]
    environment.globals["asset"] = asset_url
    environment.globals["menu"] = MENU
    return environment


_ENVIRONMENT = _environment()


def show(
    desk: Desk,
    name: str,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """A page for somebody who is logged in."""
    now = desk.context.clock.now()
    return _render(
        name, status, headers, desk=desk, now=now, csrf_field=_csrf_field(desk.csrf), **values
    )


def show_outside(
    name: str,
    csrf: str,
    /,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: Any,
) -> HTMLResponse:
    """The one page before the login."""
    return _render(name, status, headers, csrf_field=_csrf_field(csrf), **values)


def _render(
    name: str, status: int, headers: Mapping[str, str] | None, /, **values: Any
) -> HTMLResponse:
    template = _ENVIRONMENT.get_template(f"console/{name}.html")
    values["since"] = partial(since, now=values["now"]) if "now" in values else None
    return HTMLResponse(
        template.render(page=name, **values),
        status_code=status,
        headers={**_PRIVATE, **(headers or {})},
    )


def _csrf_field(csrf: str) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(escape(csrf))
