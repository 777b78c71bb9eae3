"""What a connected server calls, by the FASP specifications v0.1. Paths are relative to /fasp."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import ContextDep, SettingsDep
from api.fasp import schemas
from api.fasp.door import SignedRoute, call_of, data, empty
from api.problems import ProblemAnswer, described
from discover.net.client import GuardedClient
from discover.policy.fasp import CAPABILITIES, VERSION, knows
from discover.policy.trends import LONGEST
from discover.services.consent.gate import asked_for
from discover.services.fasp import queries
from discover.services.fasp.announcements import hear
from discover.services.fasp.capabilities import disable, enable
from discover.services.fasp.debug import log_call
from discover.services.fasp.register import our_base, status_ticket
from discover.settings import Settings
from discover.wire.documents import ParseError, read_document, read_json
from discover.wire.fasp import read_announcement
from discover.wire.urls import http_url

router = APIRouter(prefix="/fasp", tags=["FASP"], route_class=SignedRoute)
# Included last: what is not there is told signed, too.
rest = APIRouter(prefix="/fasp", route_class=SignedRoute)

_HOURS = int(LONGEST.total_seconds() // 3600)
_PROFILE_SECONDS = 5.0  # somebody waits for recommendations
_NO = described(401, 403, 429)

Hours = Annotated[
    int, Query(alias="withinLastHours", ge=1, le=_HOURS, description="How far back, in hours")
]
Count = Annotated[int, Query(alias="maxCount", ge=1, description="Most results; at most 100 come")]
Language = Annotated[
    str | None, Query(max_length=100, description="A language range, RFC 4647 basic filtering")
]


def _once(request: Request, name: str) -> None:
    """A parameter that stands twice means two things."""
    if len(request.query_params.getlist(name)) > 1:
        detail = f"{name}: give it once."
        raise ProblemAnswer(422, detail, errors=[{"field": name, "detail": detail}])


def _needed(request: Request, name: str) -> str:
    _once(request, name)
    value = request.query_params.get(name, "").strip()
    if not value:
        detail = f"{name}: this parameter is needed."
        raise ProblemAnswer(422, detail, errors=[{"field": name, "detail": detail}])
    return value


# --- General


@router.get(
    "/provider_info",
    summary="Who we are and what we offer",
    response_model=schemas.ProviderInfo,
    responses=_NO,
)
async def get_provider_info(
    request: Request, settings: SettingsDep, context: ContextDep
) -> Response:
    """General v0.1, 04. The sign-in address is the asking server's own status page."""
    server_id = call_of(request).partner.id
    policy = {"url": f"{settings.own_url}/privacy", "language": "en"}
    info: dict[str, Any] = {
        "name": provider_name(settings),
        "privacyPolicy": [policy],
        "capabilities": [{"id": name, "version": VERSION} for name in CAPABILITIES],
        "signInUrl": f"{settings.own_url}/connection/{server_id}/{status_ticket(context, server_id)}",
    }
    contact = settings.contact.removeprefix("mailto:")
    if contact.startswith("@"):
        info["fediverseAccount"] = contact
    elif "@" in contact and http_url(contact) is None:
        info["contactEmail"] = contact
    return data(info)


def provider_name(settings: Settings) -> str:
    """As it is shown to admins, here and at their server."""
    return settings.fasp_name or f"Waypost ({settings.own_url.partition('://')[2]})"


CapabilityId = Annotated[str, Path(description="The capability's identifier")]
CapabilityVersion = Annotated[str, Path(description='Its version, "0.1", or the major part, "0"')]
_ACTIVATION: dict[int | str, dict[str, Any]] = {
    204: {"description": "Noted"},
    **_NO,
    **described(404),
}


@router.post(
    "/capabilities/{capability}/{version}/activation",
    status_code=204,
    summary="An admin switches a capability on",
    response_class=Response,
    responses=_ACTIVATION,
)
async def post_activation(
    request: Request, context: ContextDep, capability: CapabilityId, version: CapabilityVersion
) -> Response:
    """General v0.1, 03. With `data_sharing` the admin opts the server in, for its own people."""
    if not knows(capability, version):
        raise ProblemAnswer(404, "This capability is not offered here in this version.")
    await asyncio.to_thread(enable, context, call_of(request).partner, capability)
    return empty(204)


@router.delete(
    "/capabilities/{capability}/{version}/activation",
    status_code=204,
    summary="An admin switches a capability off",
    response_class=Response,
    responses=_ACTIVATION,
)
async def delete_activation(
    request: Request, context: ContextDep, capability: CapabilityId, version: CapabilityVersion
) -> Response:
    """Without `data_sharing` the server's people leave at once, unless something else says in."""
    if not knows(capability, version):
        raise ProblemAnswer(404, "This capability is not offered here in this version.")
    await asyncio.to_thread(disable, context, call_of(request).partner, capability)
    return empty(204)


# --- Data sharing


@router.post(
    "/data_sharing/v0/announcements",
    status_code=204,
    summary="A server says where there is something new, changed, gone or much spoken of",
    response_class=Response,
    responses={
        204: {"description": "Heard. What comes of it, the origin decides."},
        **_NO,
        **described(413, 422),
    },
    openapi_extra=schemas.body("source, category, eventType or moreObjectsAvailable, objectUris"),
)
async def post_announcement(request: Request, context: ContextDep) -> Response:
    """Data sharing v0.1. URIs are hints: only people who said yes, or whose server did, are
    looked at, and every object is fetched from its origin. Of unknown sources nothing is kept.
    """
    try:
        said = read_announcement(read_json(await request.body()))
    except ParseError as error:
        raise ProblemAnswer(422, f"The announcement cannot be read: {error}.") from None
    await asyncio.to_thread(hear, context, call_of(request).partner, said)
    return empty(204)


# --- Account search


@router.get(
    "/account_search/v0/search",
    summary="Find accounts",
    response_model=list[str],
    responses={
        200: {
            "description": "Actor URIs, best first",
            "headers": {
                "Link": {"description": 'rel="next"', "schema": {"type": "string"}},
            },
        },
        **_NO,
        **described(422, 503),
    },
)
async def get_search(
    request: Request,
    context: ContextDep,
    term: Annotated[str | None, Query(description="What to look for; needed")] = None,
    limit: Annotated[int, Query(ge=1, description="Most results; at most 40 come")] = 20,
    cursor: Annotated[str | None, Query(max_length=1000, description="From a Link")] = None,
) -> Response:
    """Account search v0.1. Consent is asked again for every result."""
    del term  # read below, so that a missing one is told in the same words as an empty one
    wanted = _needed(request, "term")
    found = await asyncio.to_thread(queries.find_accounts, context, wanted, limit, cursor)
    headers = {}
    if found.next is not None:
        query = urlencode({"term": wanted, "limit": limit, "cursor": found.next})
        headers["Link"] = f'<{our_base(context)}/account_search/v0/search?{query}>; rel="next"'
    return data(list(found.uris), headers=headers)


# --- Follow recommendation


@router.get(
    "/follow_recommendation/v0/accounts",
    summary="Whom an account may like to follow",
    response_model=list[str],
    responses={200: {"description": "Actor URIs, best first"}, **_NO, **described(422, 503)},
)
async def get_recommendations(
    request: Request,
    context: ContextDep,
    account_uri: Annotated[
        str | None, Query(alias="accountUri", description="The account's actor URI; needed")
    ] = None,
    language: Language = None,
) -> Response:
    """Follow recommendation v0.1. The account's public profile is read at its own server if it or
    that server opted in; nothing of it is kept. Everybody recommended may be suggested by their
    own word.
    """
    del account_uri
    uri = http_url(_needed(request, "accountUri"))
    if uri is None:
        detail = "accountUri: should be the address of an actor."
        raise ProblemAnswer(422, detail, errors=[{"field": "accountUri", "detail": detail}])
    asker = queries.Asker(listed=await asyncio.to_thread(queries.is_listed, context, uri))
    if not asker.listed and await asyncio.to_thread(queries.may_read, context, uri):
        asker = await _read(request, uri)
    return data(await asyncio.to_thread(queries.recommend, context, uri, asker, language))


async def _read(request: Request, uri: str) -> queries.Asker:
    app = request.app.state.waypost
    try:
        async with (
            asyncio.timeout(_PROFILE_SECONDS),
            GuardedClient(app.brisk_manners(), asked_for(app.context)) as client,
        ):
            try:
                return await queries.read_asker(
                    client, uri, extra_opt_out_tags=app.context.rules.extra_opt_out_tags
                )
            finally:
                client.manners.close()
    except TimeoutError:
        return queries.Asker()


# --- Trends


@router.get(
    "/trends/v0/content",
    summary="Posts that trend",
    response_model=schemas.ContentTrends,
    responses={**_NO, **described(422)},
)
async def get_content(
    context: ContextDep, hours: Hours = 24, count: Count = 20, language: Language = None
) -> Response:
    """Trends v0.1, highest rank first."""
    return data(await asyncio.to_thread(queries.content_trends, context, hours, count, language))


@router.get(
    "/trends/v0/hashtags",
    summary="Hashtags that trend",
    response_model=schemas.HashtagTrends,
    responses={**_NO, **described(422)},
)
async def get_hashtags(
    context: ContextDep, hours: Hours = 24, count: Count = 20, language: Language = None
) -> Response:
    """Trends v0.1, highest rank first, with posts as examples."""
    return data(await asyncio.to_thread(queries.hashtag_trends, context, hours, count, language))


@router.get(
    "/trends/v0/links",
    summary="Links that trend",
    response_model=schemas.LinkTrends,
    responses={**_NO, **described(422)},
)
async def get_links(
    context: ContextDep, hours: Hours = 24, count: Count = 20, language: Language = None
) -> Response:
    """Trends v0.1, highest rank first, with posts as examples."""
    return data(await asyncio.to_thread(queries.link_trends, context, hours, count, language))


# --- Debug


@router.post(
    "/debug/v0/callback/logs",
    status_code=201,
    summary="Try the connection: we call back",
    response_class=Response,
    responses={201: {"description": "Logged; the call back follows"}, **_NO, **described(422)},
    openapi_extra=schemas.body("Any JSON object, or nothing", required=False),
)
async def post_debug(request: Request, context: ContextDep) -> Response:
    """Debug v0.1: time, address and body are logged for the server's admin, and the same body is
    sent to /debug/v0/callback/responses there.
    """
    raw = await request.body()
    try:
        if raw:
            read_document(raw)
    except ParseError as error:
        raise ProblemAnswer(422, f"The body is no JSON object: {error}.") from None
    address = request.client.host if request.client else "unknown"
    await asyncio.to_thread(log_call, context, call_of(request).partner, address, raw)
    return empty(201)


@rest.api_route(
    "/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False
)
async def nothing(rest: str) -> Response:
    """Nothing is at any other path below the base URL."""
    del rest
    raise ProblemAnswer(404)
