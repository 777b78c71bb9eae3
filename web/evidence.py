"""The pages about consent itself: how it goes, and the way out."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from discover.services.removal import Purpose
from discover.services.transparency import BOUNDS
from web.pages import page

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

_FORM_BYTES = 4096
_REFUSED: dict[int | str, dict[str, Any]] = {
    status: {
        "description": words,
        "content": {
            "text/html": {"schema": {"type": "string"}},
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }
    for status, words in (
        (403, "The proof is missing"),
        (404, "Nothing is held and nothing will be"),
        (422, "What was typed cannot be used"),
        (429, "Tried too often"),
    )
}


def _form(*names: str) -> dict[str, Any]:
    shape = {
        "type": "object",
        "required": list(names),
        "properties": {name: {"type": "string"} for name in names},
    }
    content = {"application/x-www-form-urlencoded": {"schema": shape}}
    return {"requestBody": {"required": True, "content": content}}


async def _read(request: Request, *names: str) -> list[str]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _FORM_BYTES:
            raise HTTPException(422, "That is too long.")
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    values = [fields.get(name, [""])[0].strip() for name in names]
    if not all(values):
        raise HTTPException(422, "Please fill in every field.")
    return values


def _client(request: Request) -> str:
    return request.client.host if request.client else "unknown"


@router.get("/transparency", summary="Servers in and out, withdrawals, refusals, rules")
def transparency(request: Request) -> Response:
    state = request.app.state
    found = state.transparency()
    return page(
        "transparency",
        headers={"Cache-Control": "public, max-age=60"},
        t=found,
        bounds=BOUNDS,
        settings=state.waypost.settings,
        now=found.at,
    )


@router.get("/remove", summary="Leave for good, or see your data")
async def remove() -> Response:
    return page("remove", asked=None, done=None)


@router.post(
    "/remove",
    summary="Ask for a one-time code",
    openapi_extra=_form("handle", "purpose", "way"),
    responses=_REFUSED,
)
async def post_remove(request: Request) -> Response:
    handle, purpose, way = await _read(request, "handle", "purpose", "way")
    if purpose not in ("remove", "data") or way not in ("message", "profile"):
        raise HTTPException(422, "Please choose from what the form offers.")
    asked = request.app.state.removals.ask(_client(request), handle, purpose, way)
    return page("remove", people=True, asked=asked, done=None)


@router.post(
    "/remove/confirm",
    summary="Prove it with the code",
    openapi_extra=_form("handle", "code"),
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        **_REFUSED,
    },
)
async def post_confirm(request: Request) -> Response:
    """A page when somebody was removed, a JSON file with everything held otherwise."""
    handle, code = await _read(request, "handle", "code")
    done = await request.app.state.removals.confirm(_client(request), handle, code)
    if done.purpose is Purpose.REMOVE:
        return page("remove", people=True, asked=None, done=done)
    return Response(
        orjson.dumps(done.data, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2),
        media_type="application/json",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": 'attachment; filename="waypost-your-data.json"',
        },
    )
