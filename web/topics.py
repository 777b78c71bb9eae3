"""Topics to wander through, one topic with its people, and what more people than usual speak of."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any, cast
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from discover.bootstrap import App
from discover.model.topics import TopicView
from discover.model.trends import TrendRequest
from discover.model.views import AccountView, BadRequest
from discover.model.words import N_
from discover.services.context import Context
from discover.services.hydrate import hydrate_accounts
from discover.services.topics.catalogue import accounts_of_topic, topic_view, topic_views
from discover.services.trends.trending import trending_links, trending_posts, trending_tags
from web import drawings, i18n
from web.pages import page
from web.words import LANGUAGES

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

PER_PAGE = 24
_MOST_PAGES = 40
KEPT = timedelta(seconds=60)  # of counts of all topics: a walk through whole tables
_WINDOWS = {"day": timedelta(hours=24), "hours": timedelta(hours=6), "week": timedelta(days=7)}
_Groups = list[tuple[TopicView | None, list[TopicView]]]  # a heading, and what stands below it
_KINDS = ("tags", "links", "posts")
_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {
        "description": "The list has no such topic",
        "content": {
            "text/html": {"schema": {"type": "string"}},
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }
}


class AllTopics:
    """All topics with their counts, made anew at most once a minute."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._lock = threading.Lock()
        self._kept: tuple[datetime, tuple[TopicView, ...]] | None = None

    def __call__(self) -> tuple[TopicView, ...]:
        with self._lock:
            now = self._ctx.clock.now()
            if self._kept is None or now - self._kept[0] >= KEPT:
                self._kept = (now, topic_views(self._ctx))
            return self._kept[1]


def _app(request: Request) -> App:
    return cast("App", request.app.state.waypost)


@router.get("/topics", summary="Topics to wander through")
def topics(
    request: Request,
    q: Annotated[str, Query(description="Words of a topic's name or one of its hashtags")] = "",
) -> Response:
    views = cast("AllTopics", request.app.state.topics)()
    code, wanted = i18n.current().code, q.strip()[:100]
    by_id = {view.topic.id: view for view in views}
    if wanted:
        views = tuple(view for view in views if _named(view, wanted, code))
        groups: _Groups = [(None, sorted(views, key=_order(code)))] if views else []
    else:
        groups = _groups(by_id, code)
    moving = sorted(
        (view for view in by_id.values() if view.week > view.week_before),
        key=lambda view: (view.week_before - view.week, view.topic.id),
    )
    return page(
        "topics",
        headers={"Cache-Control": "public, max-age=60"},
        groups=groups,
        moving=moving[:8] if not wanted else [],
        asked=wanted,
    )


@router.get("/topics/{topic}", summary="One topic and its people", responses=_NOT_FOUND)
def topic(
    request: Request,
    topic: Annotated[str, Path(description="A topic id")],
    lang: Annotated[str, Query(description="Only people who write in this language")] = "",
    n: Annotated[int, Query(description="Which page of people, from 1")] = 1,
) -> Response:
    context = _app(request).context
    view = topic_view(context, topic)
    if view is None:
        raise HTTPException(404, N_("There is no such topic here."))
    code = i18n.current().code
    lang = lang.strip().lower().partition("-")[0][:3]
    number = max(1, min(n, _MOST_PAGES))
    people, more = _people(context, topic, lang, number)

    def link(**change: str) -> str:
        pairs = {"lang": lang, **change}
        chosen = urlencode({key: value for key, value in pairs.items() if value})
        return f"/topics/{topic}" + (f"?{chosen}" if chosen else "")

    return page(
        "topic",
        people=True,
        view=view,
        title=view.topic.name(code),
        accounts=people,
        lang=lang,
        number=number,
        more=more and number < _MOST_PAGES,
        link=link,
        own=_app(request).settings.own_url,
        now=context.clock.now(),
        tags=[tag for tag, _ in view.tags],
        parent=view.topic.parent,
    )


@router.get("/trends", summary="What more people than usual speak of")
def trends(
    request: Request,
    kind: Annotated[str, Query(description="tags, links or posts")] = "tags",
    window: Annotated[str, Query(description="hours, day or week")] = "day",
    lang: Annotated[str, Query(description="One language")] = "",
) -> Response:
    context = _app(request).context
    asked = {
        "kind": kind if kind in _KINDS else "tags",
        "window": window if window in _WINDOWS else "day",
        "lang": lang if lang in LANGUAGES else "",
    }
    wish = TrendRequest(window=_WINDOWS[asked["window"]], language=asked["lang"] or None, limit=20)
    find = {"tags": trending_tags, "links": trending_links, "posts": trending_posts}[asked["kind"]]
    try:
        found = cast("Callable[[Context, TrendRequest], list[Any]]", find)(context, wish)
    except BadRequest:
        found = []

    def link(**change: str) -> str:
        pairs = {**asked, **change}
        usual = {"kind": "tags", "window": "day"}
        chosen = {key: value for key, value in pairs.items() if value and value != usual.get(key)}
        return "/trends" + (f"?{urlencode(chosen)}" if chosen else "")

    return page(
        "trends",
        people=True,
        asked=asked,
        found=found,
        link=link,
        curve=_curve,
        host_of=lambda url: urlsplit(url).netloc,
        now=context.clock.now(),
    )


def _people(
    context: Context, topic_id: str, lang: str, number: int
) -> tuple[list[AccountView], bool]:
    """A page of people; who may not be shown at this moment is left out of it."""
    languages = (lang,) if lang else ()
    with context.database.read() as connection:
        found = accounts_of_topic(
            connection, topic_id, PER_PAGE + 1, (number - 1) * PER_PAGE, languages
        )
        ids = [account_id for account_id, _ in found[:PER_PAGE]]
        people = hydrate_accounts(context, connection, ids, context.clock.now())
    return people, len(found) > PER_PAGE


def _named(view: TopicView, wanted: str, code: str) -> bool:
    words = wanted.casefold().lstrip("#")
    names = {view.topic.name(code), view.topic.names["en"], *view.topic.names.values()}
    tags = (tag for tags in view.topic.hashtags.values() for tag in tags)
    return any(words in name.casefold() for name in names) or any(words in tag for tag in tags)


def _order(code: str) -> Callable[[TopicView], tuple[int, str]]:
    return lambda view: (-view.people, view.topic.name(code).casefold())


def _groups(by_id: dict[str, TopicView], code: str) -> _Groups:
    """The topics without a parent, each with everything below it; those with most people first."""
    groups: dict[str, list[TopicView]] = {}
    for view in by_id.values():
        top = view
        while top.topic.parent in by_id:
            top = by_id[top.topic.parent]
        below = groups.setdefault(top.topic.id, [])
        if top is not view:
            below.append(view)
    order = _order(code)
    tops = sorted((by_id[top] for top in groups), key=order)
    # Those that nothing stands below are no heading of their own.
    found: _Groups = [
        (top, sorted(groups[top.topic.id], key=order)) for top in tops if groups[top.topic.id]
    ]
    alone = [top for top in tops if not groups[top.topic.id]]
    return [*found, (None, alone)] if alone else found


def _curve(history: tuple[tuple[int, int, int], ...]) -> Any:
    """People on each of the last seven days, oldest first."""
    people = [people for _, people, _ in reversed(history)]
    said = i18n.gettext("People on each of the last days: {numbers}").format(
        numbers=", ".join(map(str, people))
    )
    return drawings.sparkline(people, said)
