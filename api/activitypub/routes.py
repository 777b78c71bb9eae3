"""Where other servers find our actor."""

from __future__ import annotations

import asyncio
import re
from importlib.metadata import version
from typing import Annotated, Literal, cast

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from api.activitypub import documents, topics
from api.activitypub.signed import require_signature
from api.deps import SettingsDep
from api.problems import ProblemAnswer, described
from api.schemas import Jrd
from discover.bootstrap import App
from discover.services.federation.audience import count_followers, count_following
from discover.settings import Settings

router = APIRouter(tags=["federation"])

_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)")
_PAGE = ("text/html", "application/xhtml+xml")
_DATA = ("application/activity+json", "application/ld+json", "application/json", "*/*")


def prefers_page(accept: str) -> bool:
    """A browser: it names HTML, and no ActivityPub type with the same or a higher weight."""
    page = data = 0.0
    for part in accept.split(","):
        kind = part.partition(";")[0].strip().lower()
        match = _QUALITY.search(part)
        weight = float(match[1]) if match else 1.0
        if kind in _PAGE:
            page = max(page, weight)
        elif kind in _DATA[:3]:
            data = max(data, weight)
    return page > data


def _send(document: documents.Json, media_type: str, seconds: int) -> Response:
    return Response(
        orjson.dumps(document),
        headers={
            "Content-Type": media_type,
            "Cache-Control": f"public, max-age={seconds}",
            "Vary": "Accept",
        },
    )


def send_activity(document: documents.Json, accept: str) -> Response:
    linked = "application/ld+json" in accept and "application/activity+json" not in accept
    media_type = documents.LINKED if linked else f"{documents.ACTIVITY}; charset=utf-8"
    return _send(document, media_type, 180)


def _page() -> Response:
    return RedirectResponse("/about", 303, headers={"Vary": "Accept"})


def shown(description: str, *media_types: str) -> dict[int | str, dict[str, object]]:
    shape: dict[str, object] = {"schema": {"$ref": "#/components/schemas/Document"}}
    return {200: {"description": description, "content": dict.fromkeys(media_types, shape)}}


@router.get(
    "/actor",
    summary="Our actor",
    response_class=Response,
    responses={
        **shown("The actor", documents.ACTIVITY, "application/ld+json"),
        303: {"description": "A browser is sent to the page about us"},
    },
)
async def get_actor(request: Request, settings: SettingsDep) -> Response:
    """Type Application. Readable unsigned: others need its keys to verify what we send."""
    accept = request.headers.get("accept", "*/*")
    if prefers_page(accept):
        return _page()
    keys = cast("App", request.app.state.waypost).keys
    return send_activity(documents.actor(settings.own_url, settings.actor_name, keys), accept)


_COLLECTION: dict[int | str, dict[str, object]] = {
    **shown("A collection without its items", documents.ACTIVITY, "application/ld+json"),
    303: {"description": "A browser is sent to the page about us"},
    **described(401, 403),
}


async def _collection(request: Request, settings: Settings, name: str) -> Response:
    accept = request.headers.get("accept", "*/*")
    if prefers_page(accept):
        return _page()
    if settings.signed_fetch_only:
        await require_signature(request)
    total = 0
    if name in ("followers", "following"):
        context = cast("App", request.app.state.waypost).context
        count = count_followers if name == "followers" else count_following
        total = await asyncio.to_thread(count, context)
    answer = send_activity(documents.collection(settings.own_url, name, total), accept)
    if settings.signed_fetch_only:
        answer.headers["Cache-Control"] = "private, no-store"
    return answer


@router.get(
    "/followers",
    summary="How many follow our actor",
    response_class=Response,
    responses=_COLLECTION,
)
async def get_followers(request: Request, settings: SettingsDep) -> Response:
    """The count alone, relays included. 401 or 403 only where signed requests are asked for."""
    return await _collection(request, settings, "followers")


@router.get(
    "/following",
    summary="How many our actor follows",
    response_class=Response,
    responses=_COLLECTION,
)
async def get_following(request: Request, settings: SettingsDep) -> Response:
    """The count alone, of those who accepted."""
    return await _collection(request, settings, "following")


@router.get(
    "/outbox",
    summary="Our outbox, which is empty",
    response_class=Response,
    responses=_COLLECTION,
)
async def get_outbox(request: Request, settings: SettingsDep) -> Response:
    """We publish nothing."""
    return await _collection(request, settings, "outbox")


@router.get(
    "/featured",
    summary="Our featured posts, of which there are none",
    response_class=Response,
    responses=_COLLECTION,
)
async def get_featured(request: Request, settings: SettingsDep) -> Response:
    return await _collection(request, settings, "featured")


@router.get(
    "/.well-known/host-meta",
    summary="Where WebFinger is",
    response_class=Response,
    responses={
        200: {
            "description": "RFC 6415",
            "content": {"application/xrd+xml": {"schema": {"type": "string"}}},
        }
    },
)
async def get_host_meta(settings: SettingsDep) -> Response:
    return Response(
        documents.host_meta(settings.own_url),
        headers={
            "Content-Type": "application/xrd+xml; charset=utf-8",
            "Cache-Control": "public, max-age=3600",
        },
    )


@router.get(
    "/.well-known/webfinger",
    summary="WebFinger of our actor",
    response_class=Response,
    responses={
        200: {
            "description": "RFC 7033",
            "content": {
                "application/jrd+json": {"schema": {"$ref": f"#/components/schemas/{Jrd.__name__}"}}
            },
        },
        **described(400, 404),
    },
)
async def get_webfinger(
    request: Request,
    settings: SettingsDep,
    resource: Annotated[
        str | None, Query(description="`acct:name@host`, or the address of the actor")
    ] = None,
    rel: Annotated[list[str] | None, Query(description="Only these links")] = None,
) -> Response:
    """400 when the resource is missing or no URI, 404 when it is not ours."""
    base, name = settings.own_url, settings.actor_name
    given = request.query_params.getlist("resource")
    if (
        len(given) != 1
        or resource is None
        or not re.match(r"^[a-z][a-z0-9+.-]*:\S+$", resource, re.IGNORECASE)
    ):
        detail = "resource: give one URI, such as acct:name@host."
        raise ProblemAnswer(400, detail, errors=[{"field": "resource", "detail": detail}])
    if resource.lower().startswith("acct:") and "@" not in resource[6:]:
        detail = "resource: an acct: URI has the form acct:name@host."
        raise ProblemAnswer(400, detail, errors=[{"field": "resource", "detail": detail}])
    context = cast("App", request.app.state.waypost).context
    topic = topics.topic_of_resource(context, resource)
    if topic is not None:
        document = topics.webfinger(context, topic, rel or [])
        return _send(document, documents.JRD, 3600)
    if not documents.same_resource(resource, base, name):
        raise ProblemAnswer(404, "No account of this name lives here.")
    return _send(documents.webfinger(base, name, rel or []), documents.JRD, 3600)


@router.get(
    "/.well-known/nodeinfo",
    summary="Where our NodeInfo is",
    response_class=Response,
    responses={**shown("Links", "application/json")},
)
async def get_nodeinfo_links(settings: SettingsDep) -> Response:
    return _send(documents.nodeinfo_links(settings.own_url), "application/json", 3600)


@router.get(
    "/nodeinfo/{schema}",
    summary="NodeInfo",
    response_class=Response,
    responses={**shown("NodeInfo", "application/json"), **described(422)},
)
async def get_nodeinfo(
    settings: SettingsDep,
    schema: Annotated[Literal["2.0", "2.1"], Path(description="Version of the schema")],
) -> Response:
    kind = f'application/json; profile="{documents.NODEINFO}/{schema}#"'
    return _send(documents.nodeinfo(settings.own_url, schema, version("waypost")), kind, 1800)
