"""Where other servers find the actors of topics, if the operator has switched any on."""

from __future__ import annotations

import asyncio
from typing import Annotated, cast

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import RedirectResponse

from api.activitypub import documents, topics
from api.activitypub.routes import prefers_page, send_activity, shown
from api.activitypub.signed import require_signature
from api.deps import ContextDep, SettingsDep
from api.problems import ProblemAnswer, described
from discover.bootstrap import App
from discover.services.context import Context
from discover.services.topics.actors import actor_uri, count_followers, has_actor
from discover.services.topics.boosts import boost_by_id, recent_boosts

router = APIRouter(prefix="/actor/topics", tags=["federation"])

TopicPath = Annotated[
    str, Path(description="Id of a topic that has an actor", pattern=r"^[a-z0-9-]{1,60}$")
]
_ANSWERS: dict[int | str, dict[str, object]] = {
    **shown("The document", documents.ACTIVITY, "application/ld+json"),
    303: {"description": "A browser is sent to the page of the topic"},
    **described(401, 403, 404, 422),
}


def _known(context: Context, topic: str) -> str:
    if not has_actor(context, topic):
        raise ProblemAnswer(404, "No topic of this name has an actor here.")
    return actor_uri(context, topic)


def _page(context: Context, topic: str) -> Response:
    return RedirectResponse(f"{context.own_url}/topics/{topic}", 303, headers={"Vary": "Accept"})


@router.get("/{topic}", summary="A topic's actor", response_class=Response, responses=_ANSWERS)
async def get_topic_actor(request: Request, context: ContextDep, topic: TopicPath) -> Response:
    """Type Service; it boosts a few posts a day. Readable unsigned, as our own actor is."""
    _known(context, topic)
    accept = request.headers.get("accept", "*/*")
    if prefers_page(accept):
        return _page(context, topic)
    keys = cast("App", request.app.state.waypost).keys
    return send_activity(topics.actor(context, topic, keys), accept)


@router.get(
    "/{topic}/outbox", summary="What it boosted", response_class=Response, responses=_ANSWERS
)
async def get_topic_outbox(
    request: Request, context: ContextDep, settings: SettingsDep, topic: TopicPath
) -> Response:
    """The newest boosts whose posts may be shown at this moment."""
    uri = _known(context, topic)
    accept = request.headers.get("accept", "*/*")
    if prefers_page(accept):
        return _page(context, topic)
    if settings.signed_fetch_only:
        await require_signature(request)
    found = await asyncio.to_thread(recent_boosts, context, topic)
    return _fresh(topics.outbox(uri, found), accept)


@router.get(
    "/{topic}/boosts/{name}", summary="One boost", response_class=Response, responses=_ANSWERS
)
async def get_topic_boost(
    request: Request,
    context: ContextDep,
    settings: SettingsDep,
    topic: TopicPath,
    name: Annotated[str, Path(description="The last part of its id", max_length=60)],
) -> Response:
    """The Announce; 404 when it was taken back."""
    uri = _known(context, topic)
    if settings.signed_fetch_only:
        await require_signature(request)
    found = await asyncio.to_thread(boost_by_id, context, f"{uri}/boosts/{name}")
    if found is None:
        raise ProblemAnswer(404, "No boost of this name stands here.")
    accept = request.headers.get("accept", "*/*")
    return _fresh({"@context": documents.AS, **found}, accept)


@router.get(
    "/{topic}/{name}",
    summary="How many follow it, and the empty rest",
    response_class=Response,
    responses=_ANSWERS,
)
async def get_topic_collection(
    request: Request,
    context: ContextDep,
    settings: SettingsDep,
    topic: TopicPath,
    name: Annotated[
        str, Path(description="Which collection", pattern="^(followers|following|featured)$")
    ],
) -> Response:
    """The count alone. It follows nobody and pins nothing."""
    uri = _known(context, topic)
    accept = request.headers.get("accept", "*/*")
    if prefers_page(accept):
        return _page(context, topic)
    if settings.signed_fetch_only:
        await require_signature(request)
    total = 0
    if name == "followers":
        total = await asyncio.to_thread(count_followers, context, topic)
    return _fresh(documents.collection(uri, name, total), accept)


def _fresh(document: documents.Json, accept: str) -> Response:
    """Whoever withdraws is gone from the very next answer."""
    answer = send_activity(document, accept)
    answer.headers["Cache-Control"] = "no-store"
    return answer
