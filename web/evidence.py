"""The pages about consent itself: how it goes, and the way out."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from markupsafe import Markup
from starlette.exceptions import HTTPException

from discover.model.words import N_
from discover.policy import proofs
from discover.services.consent.removal import Purpose
from discover.services.consent.transparency import BOUNDS, Transparency
from web.drawings import histogram
from web.forms import PAGE_REFUSALS, form_of, read_form
from web.i18n import gettext
from web.pages import page
from web.words import seconds

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

_REFUSED: dict[int | str, dict[str, Any]] = {
    status: {**PAGE_REFUSALS[422], "description": words}
    for status, words in (
        (403, "The proof is missing"),
        (404, "Nothing is held and nothing will be"),
        (422, "What was typed cannot be used"),
        (429, "Tried too often"),
    )
}


async def _read(request: Request, *names: str) -> list[str]:
    fields = await read_form(request)
    values = [fields.get(name, "") for name in names]
    if not all(values):
        raise HTTPException(422, N_("Please fill in every field."))
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
        proof_names=proofs.NAMES,
        chart=_latencies(found),
        most_refused=max(found.refusals.values(), default=1),
        settings=state.waypost.settings,
        now=found.at,
    )


def _latencies(found: Transparency) -> Markup | None:
    """How many withdrawals took how long; None when there was none."""
    if not found.hidden.total:
        return None
    labels = [f"≤ {seconds(bound)}" for bound in BOUNDS] + [f"> {seconds(BOUNDS[-1])}"]
    said = gettext(
        "{total} withdrawals: {fast} were hidden within {bound} seconds. The numbers are in the"
        " table below."
    ).format(total=found.hidden.total, fast=sum(found.hidden.counts[:3]), bound=f"{BOUNDS[2]:g}")
    series = (("hidden", found.hidden.counts), ("gone", found.gone.counts))
    return histogram(labels, series, said)


@router.get("/remove", summary="Leave for good, or see your data")
async def remove(
    handle: Annotated[str, Query(description="To begin with")] = "",
    purpose: Annotated[str, Query(description="remove or data")] = "remove",
) -> Response:
    return page(
        "remove",
        people=True,
        asked=None,
        done=None,
        handle=handle.strip()[:320],
        purpose=purpose,
    )


@router.post(
    "/remove",
    summary="Ask for a one-time code",
    openapi_extra=form_of("handle", "purpose", "way"),
    responses=_REFUSED,
)
async def post_remove(request: Request) -> Response:
    handle, purpose, way = await _read(request, "handle", "purpose", "way")
    if purpose not in ("remove", "data") or way not in ("message", "profile"):
        raise HTTPException(422, N_("Please choose from what the form offers."))
    asking = request.app.state.removals.ask
    asked = await run_in_threadpool(asking, _client(request), handle, purpose, way)
    return page("remove", people=True, asked=asked, done=None)


@router.post(
    "/remove/confirm",
    summary="Prove it with the code",
    openapi_extra=form_of("handle", "code"),
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
