"""Our actor's direct messages, for nobody but the one whom they address."""

from __future__ import annotations

import asyncio
from typing import Annotated, cast

import orjson
from fastapi import APIRouter, Path, Request, Response

from api.activitypub import documents
from api.activitypub.signed import signer_of
from api.problems import ProblemAnswer, described
from discover.bootstrap import App
from discover.services.federation import sent_notes

router = APIRouter(tags=["federation"])

_NONE = "Nothing is shown at this address."


@router.get(
    "/notes/{name}",
    summary="A direct message of our actor's, for its addressee",
    response_class=Response,
    responses={
        200: {
            "description": "The note",
            "content": {documents.ACTIVITY: {"schema": {"$ref": "#/components/schemas/Document"}}},
        },
        **described(404),
    },
)
async def get_note(
    request: Request,
    name: Annotated[str, Path(description="Last part of the note's id", max_length=100)],
) -> Response:
    """For a request that the addressed actor signed, for some days after it was sent. 404 to
    everybody else, so that nobody learns whether there is one.
    """
    context = cast("App", request.app.state.waypost).context
    found = await asyncio.to_thread(sent_notes.find, context, name)
    if found is None or "signature" not in request.headers:
        raise ProblemAnswer(404, _NONE)
    addressee, note = found
    try:
        signer = await signer_of(request)
    except ProblemAnswer:
        raise ProblemAnswer(404, _NONE) from None
    if signer != addressee:
        raise ProblemAnswer(404, _NONE)
    return Response(
        orjson.dumps(note),
        headers={
            "Content-Type": f"{documents.ACTIVITY}; charset=utf-8",
            "Cache-Control": "private, no-store",
        },
    )
