"""Servers: a directory to choose one from, and the page on which an admin adds or removes one."""

from __future__ import annotations

from typing import Annotated, Any, cast
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from discover.bootstrap import App
from discover.model.check import ServerCheck
from discover.model.instance import Registrations
from discover.model.words import Sentence
from discover.services.consent.servers import read_public_name
from discover.services.consent.why import explain_server
from discover.services.find.server_directory import ServerDirectory, ServerQuery, ServerSort
from discover.services.topics.catalogue import catalogue
from web import i18n, opting
from web.forms import PAGE_REFUSALS, form_of, read_form
from web.pages import page

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

PER_PAGE = 24
# What a visitor may ask for, and which servers that means
_JOIN = {
    "open": (Registrations.OPEN,),
    "any": (Registrations.OPEN, Registrations.APPROVAL),
}


@router.get("/servers", summary="Servers that opted in: one for you")
def servers(
    request: Request,
    topic: Annotated[str, Query(description="A topic id")] = "",
    lang: Annotated[str, Query(description="One language")] = "",
    join: Annotated[str, Query(description="open: at once; any: also on request")] = "",
    software: Annotated[str, Query(description="As NodeInfo names it")] = "",
    q: Annotated[str, Query(description="Words of its name or description")] = "",
    sort: Annotated[str, Query(description="fit, people, name or newest")] = "fit",
    n: Annotated[int, Query(description="Which page, from 1")] = 1,
) -> Response:
    """A strange value is left away, as on the page of results."""
    asked = {
        "topic": topic if catalogue().by_id(topic) else "",
        "lang": lang.strip().lower().partition("-")[0][:3],
        "join": join if join in _JOIN else "",
        "software": software.strip().lower()[:60],
        "q": q.strip()[:100],
        "sort": sort if sort in [one.value for one in ServerSort] else "fit",
    }
    number = max(1, min(n, 1000))
    found = cast("ServerDirectory", request.app.state.servers)(
        ServerQuery(
            languages=(asked["lang"],) if asked["lang"] else (),
            topics=(asked["topic"],) if asked["topic"] else (),
            registrations=_JOIN.get(asked["join"], ()),
            software=asked["software"],
            text=asked["q"],
            sort=ServerSort(asked["sort"]),
            limit=PER_PAGE,
            offset=(number - 1) * PER_PAGE,
        )
    )

    def link(**change: str) -> str:
        pairs = {**asked, **change}
        chosen = {key: value for key, value in pairs.items() if value and value != "fit"}
        return "/servers" + (f"?{urlencode(chosen)}" if chosen else "")

    return page(
        "servers",
        headers={"Cache-Control": "no-cache"},  # a server may be out the next moment
        asked=asked,
        found=found,
        number=number,
        pages=-(-found.total // PER_PAGE),
        link=link,
        topics=_topics(),
        topic_name=_topic_name,
    )


@router.get("/servers/add", summary="Add or remove my server", responses=PAGE_REFUSALS)
def add(
    request: Request,
    host: Annotated[str, Query(description="Which server")] = "",
    say: Annotated[str, Query(description="in, profiles or out")] = "in",
    software: Annotated[str | None, Query(description="Which software it runs")] = None,
) -> Response:
    """What to do, and what is known so far. Nothing is asked of the server."""
    name, problem = "", ""
    if host.strip():
        try:
            name = read_public_name(host)
        except ValueError:
            problem = "host"
    return _show(request, name, say, software, problem=problem, typed=host.strip()[:260])


@router.post(
    "/servers/add",
    summary="Look at a server's proofs now",
    openapi_extra=form_of("host"),
    responses=PAGE_REFUSALS,
)
async def post_add(request: Request) -> Response:
    """The look itself is the one of `POST /api/v1/servers/{host}/check`, with its limits.

    The answer is the page with what was found: another process that is asked next knows nothing of
    the look.
    """
    fields = await read_form(request)
    say, software = fields.get("say", ""), fields.get("software", "")
    try:
        name = read_public_name(fields.get("host", ""))
    except ValueError:
        typed = fields.get("host", "").strip()[:260]
        return await run_in_threadpool(
            _show, request, "", say, software, problem="host", typed=typed
        )
    state = request.app.state
    client = request.client.host if request.client else "unknown"
    try:
        found = await state.checks.check(state.waypost.context, name, client)
    except TimeoutError:
        raise HTTPException(
            503, Sentence("{server} is too slow to be looked at now.", server=name)
        ) from None
    return await run_in_threadpool(_show, request, name, say, software or None, check=found)


def _show(
    request: Request,
    host: str,
    say: str,
    software: str | None,
    *,
    problem: str = "",
    typed: str = "",
    check: ServerCheck | None = None,
) -> Response:
    app = cast("App", request.app.state.waypost)
    settings, context = app.settings, app.context
    known = explain_server(context, host) if host else None
    if software is None or software not in opting.SOFTWARE:
        software = opting.family(known.software if known else None)
    say = say if say in opting.SAYS else "in"
    own = settings.own_url
    handle = f"{settings.actor_name}@{urlsplit(own).netloc}"
    values: dict[str, Any] = {
        "host": host,
        "typed": typed or host,
        "say": say,
        "software": software,
        "problem": problem,
        "known": known,
        "check": check,
        "ways": opting.ways(host, software, say, own_url=own, handle=handle),
        "says": opting.SAYS,
        "kinds": opting.SOFTWARE,
        "handle": handle,
        "own": own,
        "now": context.clock.now(),
    }
    return page(
        "server_add",
        status=422 if problem else 200,
        headers={"Cache-Control": "no-store"},
        **values,
    )


def _topic_name(topic_id: str) -> str:
    topic = catalogue().by_id(topic_id)
    return topic.name(i18n.current().code) if topic else topic_id


def _topics() -> list[tuple[str, str]]:
    """Id and name of every topic, by name in the reader's language."""
    code = i18n.current().code
    named = [(topic.id, topic.name(code)) for topic in catalogue().topics.values()]
    return sorted(named, key=lambda item: item[1].casefold())
