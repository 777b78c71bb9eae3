"""The pages."""

from __future__ import annotations

import re
from typing import Annotated, Any, cast
from urllib.parse import quote, urlencode, urlsplit

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from discover.bootstrap import App
from discover.model.actor import Handle
from discover.model.query import Sort
from discover.model.views import BadRequest, SearchAnswer, SearchRequest
from discover.services.accounts import find_account, recent_posts
from discover.services.search import MAX_WORDS, search
from discover.services.why import explain_account, explain_server
from discover.wire.hashtags import fold
from web.assets import assets
from web.pages import page

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

TOPICS = (
    "astronomy", "gardening", "Linux", "photography", "climate", "baking",
    "Musik", "cycling", "日本", "open data",
)  # fmt: skip
_KINDS = ("all", "accounts", "posts")
_HOST = re.compile(r"^[\w-]+(\.[\w-]+)*(:\d{1,5})?$")
_PROFILE = re.compile(r"^/(?:@|users/|u/|c/|author/)(?P<user>[\w.\-]+)/?$")

ROBOTS = """\
# What people said yes to is being found here, not being copied into other search engines.
User-agent: *
Disallow: /search
Disallow: /account/
Disallow: /why
Disallow: /remove
Disallow: /api/v1/
"""


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """A friendly page for people, a problem document for everybody else."""
    kinds = {
        "text/html": {"schema": {"type": "string"}},
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
    }
    words = {404: "Nothing is shown here", 422: "What was typed cannot be used", 503: "Try later"}
    return {status: {"description": words[status], "content": kinds} for status in statuses}


def _app(request: Request) -> App:
    return cast("App", request.app.state.waypost)


@router.get("/", summary="Home: one search field")
async def home() -> Response:
    return page("home", topics=TOPICS)


@router.get("/search", summary="Results: people and posts", responses=_refusals(422, 503))
def results(
    request: Request,
    q: Annotated[str, Query(description="What to look for")] = "",
    type: Annotated[str, Query(description="all, accounts or posts")] = "all",  # noqa: A002
    lang: Annotated[str, Query(description="One language")] = "",
    server: Annotated[str, Query(description="One host")] = "",
    tag: Annotated[str, Query(description="One hashtag")] = "",
    sort: Annotated[str, Query(description="relevance or recent")] = "relevance",
    cursor: Annotated[str | None, Query(description="From a next-page link")] = None,
) -> Response:
    """A person's typing is never refused for a strange value: what cannot be used is left away."""
    kind = type if type in _KINDS else "all"
    order = Sort.RECENT if sort == "recent" else Sort.RELEVANCE
    lang, server, tag = lang.strip().lower(), server.strip().lower(), fold(tag)
    asked = {
        "q": q.strip()[:MAX_WORDS], "type": kind, "lang": lang, "server": server, "tag": tag,
        "sort": order.value,
    }  # fmt: skip
    answer, problem = SearchAnswer(), ""
    context = _app(request).context
    empty = not (asked["q"] or tag or server or lang)
    if not empty:
        try:
            answer = search(
                context,
                SearchRequest(
                    text=asked["q"],
                    kind=kind,
                    languages=(lang,) if lang else (),
                    servers=(server,) if server else (),
                    tags=(tag,) if tag else (),
                    sort=order,
                    limit=10 if kind == "all" else 20,
                    cursor=cursor,
                ),
            )
        except BadRequest as exc:
            problem = str(exc)

    def link(**change: str) -> str:
        pairs = {**asked, **change}
        defaults = {"type": "all", "sort": "relevance"}
        return "/search?" + urlencode(
            {key: value for key, value in pairs.items() if value and value != defaults.get(key)}
        )

    return page(
        "search",
        status=422 if problem else 200,
        people=True,
        asked=asked,
        answer=answer,
        problem=problem,
        empty=empty,
        topics=TOPICS,
        link=link,
        first=cursor is None,
        now=context.clock.now(),
    )


@router.get(
    "/account/{handle}", summary="One listed account and its newest posts", responses=_refusals(404)
)
def account(request: Request, handle: Annotated[str, Path(description="user@host")]) -> Response:
    context = _app(request).context
    try:
        wanted = Handle.parse(handle)
    except ValueError:
        raise HTTPException(404, "That is not a handle such as user@example.social.") from None
    view = find_account(context, wanted)
    if view is None:
        raise HTTPException(404, "No account with this handle is listed here.")
    posts = recent_posts(context, view.id)
    return page("account", people=True, account=view, posts=posts, now=context.clock.now())


def read_who(text: str) -> Handle | str:
    """A handle, a host, or the address of a profile, as people paste it. ValueError otherwise."""
    text = text.strip()
    if text.startswith(("https://", "http://")):
        parts = urlsplit(text)
        found = _PROFILE.match(parts.path)
        if found:
            return Handle.parse(f"{found['user']}@{parts.netloc}")
        text = parts.netloc
    if "@" in text.removeprefix("@"):
        return Handle.parse(text)
    host = text.removeprefix("@").lower().rstrip(".")
    if not _HOST.match(host) or not re.search(r"[.:]", host):
        raise ValueError(text)
    return host


@router.get("/why", summary="Am I listed, and why?", responses=_refusals(422))
def why(
    request: Request,
    handle: Annotated[str, Query(description="A handle or a host name")] = "",
) -> Response:
    context = _app(request).context
    asked, problem, person, server = handle.strip()[:320], "", None, None
    if asked:
        try:
            who = read_who(asked)
            if isinstance(who, Handle):
                person = explain_account(context, who)
            else:
                server = explain_server(context, who)
        except ValueError:
            problem = "Please give a handle such as @user@example.social, or a server's name."
    return page(
        "why",
        status=422 if problem else 200,
        people=True,
        asked=asked,
        problem=problem,
        person=person,
        server=server,
        now=context.clock.now(),
    )


def contact_link(contact: str) -> str:
    """The operator gave a web address, a fediverse handle, or an e-mail address."""
    if contact.startswith(("https://", "http://")):
        return contact
    if contact.startswith("@"):
        user, _, host = contact[1:].partition("@")
        return f"https://{quote(host, safe=':')}/@{quote(user)}"
    return f"mailto:{quote(contact.removeprefix('mailto:'), safe='@+')}"


@router.get("/about", summary="Who we are, how we crawl, how to opt in and out")
async def about(request: Request) -> Response:
    settings = _app(request).settings
    contact = settings.contact
    link = contact_link(contact)
    return page(
        "about",
        base=settings.own_url,
        host=urlsplit(settings.own_url).netloc,
        actor_name=settings.actor_name,
        contact=contact,
        contact_link=link,
        delay=settings.crawl_delay,
        delay_max=settings.crawl_delay_max,
        retention=settings.post_retention_days,
        hide_days=settings.evidence_hide_days,
        purge_days=settings.evidence_purge_days,
        deliberate=settings.post_consent == "deliberate",
    )


@router.get("/robots.txt", summary="What other crawlers may read", response_class=PlainTextResponse)
async def robots() -> Response:
    return PlainTextResponse(ROBOTS, headers={"Cache-Control": "public, max-age=3600"})


@router.get(
    "/static/{name}",
    summary="Style sheets, scripts and icon",
    response_class=Response,
    responses={
        200: {
            "description": "The file; its name changes with its content",
            "content": {"text/css": {}, "text/javascript": {}, "image/svg+xml": {}},
        },
        **_refusals(404),
    },
)
async def static(
    request: Request, name: Annotated[str, Path(description="File name with its hash")]
) -> Response:
    asset = assets().get(name)
    if asset is None:
        raise HTTPException(404)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {
        "Content-Type": asset.media_type,
        "Cache-Control": "public, max-age=31536000, immutable",
        "Vary": "Accept-Encoding",
    }
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.packed if packed else asset.body, headers=headers)
