"""Where an admin connects a server with us as its FASP, and sees how the connection is."""

from __future__ import annotations

import hmac
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException

from discover.model.words import N_
from discover.policy.fasp import CAPABILITIES
from discover.services.context import Context
from discover.services.fasp.debug import calls
from discover.services.fasp.partners import load
from discover.services.fasp.register import RegistrationRefused, our_base, status_ticket
from discover.services.fasp.report import report
from web.forms import read_form
from web.pages import page

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

_REFUSED: dict[int | str, dict[str, Any]] = {
    status: {
        "description": words,
        "content": {
            "text/html": {"schema": {"type": "string"}},
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }
    for status, words in (
        (403, "Registrations are closed, or the code is not good"),
        (422, "What was typed cannot be used"),
        (429, "Tried too often"),
        (502, "The server did not answer as it should"),
    )
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": ["server"],
                    "properties": {
                        name: {"type": "string"} for name in ("server", "base_url", "code")
                    },
                }
            }
        },
    }
}


@router.get("/fasp", summary="Connect a server with this index as its FASP")
async def fasp(request: Request) -> Response:
    return _page(request)


@router.post(
    "/fasp",
    summary="Register a server",
    status_code=303,
    response_class=RedirectResponse,
    responses={
        200: {
            "description": "The base URL is to be confirmed or typed",
            "content": {"text/html": {}},
        },
        303: {"description": "Registered: to the connection's own page"},
        **_REFUSED,
    },
    openapi_extra=_FORM,
)
async def post_fasp(request: Request) -> Response:
    """Without `base_url` it is looked for: by NodeInfo, else known ones are proposed."""
    form = await read_form(request)
    server, base_url, code = (form.get(name, "") for name in ("server", "base_url", "code"))
    if not server:
        return _page(request, status=422, problem=N_("Please give the address of your server."))
    registrations = request.app.state.fasp_registrations
    client = request.client.host if request.client else "unknown"
    try:
        if not base_url:
            found = await registrations.look(client, server)
            return _page(request, server=server, code=code, found=found)
        made = await registrations.register(client, server, base_url, code)
    except RegistrationRefused as refused:
        return _page(
            request, status=refused.status, server=server, code=code, base_url=base_url,
            problem=refused.why,
        )  # fmt: skip
    return RedirectResponse(status_url(_context(request), made.id), 303)


def status_url(ctx: Context, server_id: str) -> str:
    return f"/connection/{server_id}/{status_ticket(ctx, server_id)}"


@router.get(
    "/connection/{server_id}/{ticket}",
    summary="How one server's connection is",
    responses={404: {"description": "There is no such connection"}},
)
def connection(
    request: Request,
    server_id: Annotated[str, Path(description="Ours of the server")],
    ticket: Annotated[str, Path(description="The secret half of this address")],
) -> Response:
    """For the server's admin, who was led here: keys to compare, what is on, what is asked."""
    ctx = _context(request)
    one = load(ctx, server_id)
    if one is None or not hmac.compare_digest(ticket, status_ticket(ctx, server_id)):
        raise HTTPException(404, N_("There is no such connection (any more)."))
    return page(
        "connection",
        people=True,
        one=one,
        report=report(ctx, one),
        provider=request.app.state.fasp_registrations.name,
        calls=calls(ctx, server_id),
        now=ctx.clock.now(),
    )


def _page(request: Request, *, status: int = 200, **values: Any) -> Response:
    registrations = request.app.state.fasp_registrations
    given = {"server": "", "code": "", "base_url": "", "found": None, "problem": "", **values}
    return page(
        "fasp",
        status=status,
        headers={"Cache-Control": "no-store"},
        mode=registrations.mode,
        provider=registrations.name,
        base=our_base(_context(request)),
        capabilities=CAPABILITIES,
        **given,
    )


def _context(request: Request) -> Context:
    context: Context = request.app.state.waypost.context
    return context
