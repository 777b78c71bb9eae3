"""Who asks? For what is shown to signed requests only."""

from __future__ import annotations

from typing import cast

from fastapi import Request

from api.activitypub.intake import headers_of
from api.problems import ProblemAnswer
from discover.bootstrap import App
from discover.net.verify import Refused, SignedRequest, Verifier


async def signer_of(request: Request) -> str:
    """The URI of the actor who signed this GET. ProblemAnswer when nobody did who may."""
    settings = cast("App", request.app.state.waypost).settings
    path, query = request.url.path, request.url.query
    signed = SignedRequest(
        method=request.method,
        url=f"{settings.own_url}{path}{'?' if query else ''}{query}",
        headers=headers_of(request.scope),
        body=b"",
    )
    try:
        found = await cast("Verifier", request.app.state.verifier).verify(
            signed, claimed_actor=None
        )
    except Refused as refused:
        raise ProblemAnswer(refused.status, refused.reason) from None
    return found.actor


async def require_signature(request: Request) -> None:
    """Pass if some actor of a server that is not blocked signed this GET. ProblemAnswer if not."""
    await signer_of(request)
