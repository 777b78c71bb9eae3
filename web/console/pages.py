"""The console's templates, compiled once, and the answers made of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from babel.dates import format_date, format_datetime, format_time, format_timedelta
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from discover.model.verdict import SENTENCES
from discover.model.words import N_
from web import i18n
from web.assets import asset_url
from web.console.doors import Desk
from web.console.phrases import words
from web.i18n import gettext
from web.words import number, software, topic_name

# (address, name) by group, in the order of the menu
MENU = (
    ("", (("/console", N_("Overview")), ("/console/growth", N_("Growth")))),
    (N_("Servers"), (
        ("/console/servers", N_("Servers")), ("/console/crawl", N_("Crawl")),
        ("/console/blocklists", N_("Blocklists")), ("/console/deliveries", N_("Deliveries")),
    )),
    (N_("People"), (("/console/reports", N_("Reports")), ("/console/consent", N_("Consent log")))),
    ("Waypost", (
        ("/console/topics", N_("Topics")), ("/console/packs", N_("Packs")),
        ("/console/index", N_("Index")), ("/console/settings", N_("Settings")),
        ("/console/audit", N_("Audit log")),
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
_UNITS = (86400, 3600, 60, 1)  # seconds


def _rough(length: timedelta | float) -> timedelta | None:
    """Whole days, else whole hours, minutes, seconds; None below a second."""
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    for size in _UNITS:
        if count := int(abs(seconds) // size):
            return timedelta(seconds=count * size)
    return None


def _time(at: datetime, shown: str) -> Markup:
    exact = format_datetime(at, "medium", tzinfo=UTC, locale=i18n.current().locale)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        at.isoformat(), exact, shown
    )


def _never() -> Markup:
    return Markup('<span class="quiet">{}</span>').format(gettext("never"))


def moment(at: datetime | None) -> Markup:
    """A date and a time of day, in UTC."""
    if at is None:
        return _never()
    locale = i18n.current().locale
    clock = format_time(at, "short", tzinfo=UTC, locale=locale)
    return _time(at, f"{format_date(at, 'medium', locale=locale)} {clock}")


def span(length: timedelta | float) -> str:
    """A length of time in its largest unit."""
    rough = _rough(length)
    if rough is None:
        return gettext("under a second")
    return format_timedelta(rough, threshold=1, locale=i18n.current().locale)


def since(at: datetime | None, now: datetime) -> Markup:
    """`3 hours ago` or `in 5 minutes`, with the moment itself beside it."""
    if at is None:
        return _never()
    rough = _rough(at - now) or timedelta(seconds=1)
    said = format_timedelta(
        rough if at > now else -rough,
        threshold=1, add_direction=True, locale=i18n.current().locale,
    )  # fmt: skip
    return _time(at, said)


def facts(values: Mapping[str, Any]) -> Markup:
    """`name: value` in a line each, for the audit log."""
    lines = [
        Markup('<span class="fact"><b>{}</b> {}</span>').format(words(name), _plain(value))
        for name, value in values.items()
    ]
    return Markup(" ").join(lines) if lines else Markup('<span class="quiet">–</span>')


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(map(str, value)) or gettext("none")
    if isinstance(value, int | float):
        return number(value)
    return gettext("none") if value in (None, "") else words(value)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parents[1] / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    for filter_ in (moment, since, span, number, facts, words, software, topic_name):
        environment.filters[filter_.__name__] = filter_
    environment.filters["say"] = i18n.say
    environment.filters["sentence"] = lambda reason: i18n.say(SENTENCES[reason])
    environment.globals["tongues"] = i18n.LANGUAGES
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
    tongue = i18n.current()
    html = template.render(page=name, tongue=tongue, **values)
    return HTMLResponse(
        i18n.carry(html, tongue.code) if tongue.chosen else html,
        status_code=status,
        headers={**_PRIVATE, "Content-Language": tongue.code, **(headers or {})},
    )


def _csrf_field(csrf: str) -> Markup:
    return Markup('<input type="hidden" name="csrf" value="{}">').format(escape(csrf))
