"""The pages."""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Any, cast
from urllib.parse import quote, unquote, urlencode, urlsplit

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from discover.bootstrap import App
from discover.model.actor import Handle
from discover.model.host import host_and_port, host_typed
from discover.model.query import Sort
from discover.model.suggestions import Suggestion, SuggestionRequest
from discover.model.verdict import SENTENCES
from discover.model.views import AccountView, BadRequest, SearchAnswer, SearchRequest
from discover.model.words import N_
from discover.services.consent.why import explain_account, explain_server
from discover.services.context import Context
from discover.services.find.accounts import find_account, recent_posts
from discover.services.find.search import MAX_WORDS, search
from discover.services.suggest.suggesting import suggest
from discover.services.topics.catalogue import topics_of
from discover.wire.follow import app_url
from discover.wire.hashtags import fold
from discover.wire.operators import days, parse
from web.assets import assets
from web.discovering import wander
from web.pages import page
from web.words import language

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

_KINDS = ("all", "accounts", "posts")
_MEDIA = {
    "media": ("image", "video", "audio", "other"), "image": ("image",), "video": ("video",),
    "audio": ("audio",),
}  # fmt: skip
_SIMILAR = 4
_LOOKED_THROUGH = 40  # similar people, for those who say yes to web search engines
_TOPICS_SHOWN = 6
# A profile at its own server, or `/@user@host` at another one's, and pages below them
_PROFILE = re.compile(
    r"^/(?:@|users/|u/|c/|author/)(?P<user>[\w.\-]+)(?:@(?P<host>[\w.\-:]+))?(?:/.*)?$"
)

ROBOTS = """\
# What people said yes to is being found here, not being copied into other search engines.
User-agent: *
Disallow: /search
Disallow: /discover
Disallow: /follow
Disallow: /why
Disallow: /remove
Disallow: /api/
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
def home(request: Request) -> Response:
    return page("home", topics=wander(request))


@router.get("/search", summary="Results: people and posts", responses=_refusals(422, 503))
def results(
    request: Request,
    q: Annotated[str, Query(description="What to look for")] = "",
    type: Annotated[str, Query(description="all, accounts or posts")] = "all",  # noqa: A002
    lang: Annotated[str, Query(description="One language")] = "",
    server: Annotated[str, Query(description="One host")] = "",
    tag: Annotated[str, Query(description="One hashtag")] = "",
    has: Annotated[str, Query(description="media, image, video or audio")] = "",
    after: Annotated[str, Query(description="From this day on")] = "",
    before: Annotated[str, Query(description="Before this day")] = "",
    sort: Annotated[str, Query(description="relevance or recent")] = "relevance",
    cursor: Annotated[str | None, Query(description="From a next-page link")] = None,
) -> Response:
    """A person's typing is never refused for a strange value: what cannot be used is left away."""
    kind = type if type in _KINDS else "all"
    order = Sort.RECENT if sort == "recent" else Sort.RELEVANCE
    lang, tag = lang.strip().lower(), fold(tag)
    server = host_typed(server) or server.strip().lower()
    since, until = days(after.strip()), days(before.strip())
    media = _MEDIA.get(has, ())
    asked = {
        "q": q.strip()[:MAX_WORDS], "type": kind, "lang": lang, "server": server, "tag": tag,
        "has": has if media else "", "after": after.strip() if since else "",
        "before": before.strip() if until else "", "sort": order.value,
    }  # fmt: skip
    answer, problem = SearchAnswer(), ""
    context = _app(request).context
    typed = parse(asked["q"])
    empty = not any(
        asked[name] for name in ("q", "lang", "server", "tag", "has", "after", "before")
    )
    if not empty:
        try:
            answer = search(
                context,
                SearchRequest(
                    text=asked["q"],
                    # Only posts carry media.
                    kind="posts" if media and kind == "all" else kind,
                    languages=(lang,) if lang else (),
                    servers=(server,) if server else (),
                    tags=(tag,) if tag else (),
                    media=media,
                    since=since[0] if since else None,
                    until=until[0] if until else None,
                    sort=order,
                    limit=10 if kind == "all" else 20,
                    cursor=cursor,
                ),
            )
        except BadRequest:  # only the cursor can be wrong
            problem = N_("This link to more results does not work any more. Please search again.")

    def link(**change: str) -> str:
        pairs = {**asked, **change}
        defaults = {"type": "all", "sort": "relevance"}
        return "/search?" + urlencode(
            {key: value for key, value in pairs.items() if value and value != defaults.get(key)}
        )

    nothing = empty or not (answer.accounts or answer.posts)
    return page(
        "search",
        status=422 if problem else 200,
        people=True,
        asked=asked,
        answer=answer,
        problem=problem,
        empty=empty,
        ignored=typed.ignored,
        narrow=_narrower(asked, answer),
        topics=wander(request) if nothing else (),
        link=link,
        first=cursor is None,
        now=context.clock.now(),
    )


def _narrower(asked: dict[str, str], answer: SearchAnswer) -> list[tuple[str, str, str]]:
    """Filters that would leave something and take something away: (name, value, words).

    Told from the results on this page, which have just passed consent; the index is not asked.
    """
    spoken: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    for account in answer.accounts:
        tags.update(map(fold, account.hashtags))
        spoken.update(account.languages[:1])
    for post in answer.posts:
        tags.update(map(fold, post.hashtags))
        spoken.update([post.language] if post.language != "und" else [])
    shown = len(answer.accounts) + len(answer.posts)
    found = []
    if not asked["lang"] and len(spoken) > 1:
        found += [("lang", code, language(code)) for code, _ in spoken.most_common(4)]
    if not asked["tag"]:
        words = fold(asked["q"])
        found += [
            ("tag", tag, f"#{tag}")
            for tag, count in tags.most_common(6)
            if 1 < count < shown and tag not in (words, "")
        ]
    return found


@router.get(
    "/account/{handle}", summary="One listed account and its newest posts", responses=_refusals(404)
)
def account(request: Request, handle: Annotated[str, Path(description="user@host")]) -> Response:
    context = _app(request).context
    try:
        wanted = Handle.parse(handle)
    except ValueError:
        raise HTTPException(404, N_("That is not a handle such as user@example.social.")) from None
    view = find_account(context, wanted)
    if view is None:
        raise HTTPException(404, N_("No account with this handle is listed here."))
    similar = _similar(context, view)
    with context.database.read() as connection:
        topics = topics_of(connection, [view.id]).get(view.id, ())
    return page(
        "account",
        people=True,
        headers={} if not view.web_searchable else {"X-Robots-Tag": "all"},
        account=view,
        posts=recent_posts(context, view.id),
        similar=similar,
        topics=[one.topic for one in topics[:_TOPICS_SHOWN]],
        app=app_url(view.uri),
        now=context.clock.now(),
    )


def _similar(context: Context, view: AccountView) -> tuple[Suggestion, ...]:
    """On a page that web search engines may keep, only who says the same about themselves."""
    most = _LOOKED_THROUGH if view.web_searchable else _SIMILAR
    found = suggest(context, SuggestionRequest(like=(view.handle,), limit=most)).suggestions
    if view.web_searchable:
        found = tuple(one for one in found if one.account.web_searchable)
    return found[:_SIMILAR]


def read_who(text: str) -> Handle | str:
    """A handle, a host, or the address of a profile, as people paste it. ValueError otherwise."""
    text = text.strip()
    if text.startswith(("https://", "http://")):
        parts = urlsplit(text)
        found = _PROFILE.match(unquote(parts.path))
        if found:
            return Handle.parse(f"{found['user']}@{found['host'] or parts.netloc}")
        text = parts.netloc
    if "@" in text.removeprefix("@"):
        return Handle.parse(text)
    host = host_and_port(text.removeprefix("@"))
    if host is None or not re.search(r"[.:]", host):
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
            problem = N_("Please give a handle such as @user@example.social, or a server's name.")
    return page(
        "why",
        status=422 if problem else 200,
        people=True,
        asked=asked,
        problem=problem,
        person=person,
        server=server,
        codes=[reason.value for reason in person.list.reasons] if person else [],
        sentences={reason.value: words for reason, words in SENTENCES.items()},
        us=f"@{context.actor_name}@{urlsplit(context.own_url).netloc}",
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
        "Cross-Origin-Resource-Policy": "cross-origin",  # in embeds and clients, too
        "Cache-Control": "public, max-age=31536000, immutable",
        "Vary": "Accept-Encoding",
    }
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(asset.packed if packed else asset.body, headers=headers)
