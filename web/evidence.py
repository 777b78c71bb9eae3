"""The pages about consent itself: how it goes, and the way out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from discover.model.words import N_
from discover.policy import proofs
from discover.services.consent.removal import Purpose, Refused, Way, Why, half_of
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


STATUS = {Why.NO_HANDLE: 422, Why.NOTHING_HELD: 404, Why.NO_PROOF: 403, Why.NOT_NOW: 429}


def removal_headers(refused: Refused) -> dict[str, str]:
    return {} if refused.wait is None else {"Retry-After": str(refused.wait)}


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


@dataclass(frozen=True, slots=True)
class _Form:
    """The first form (a code is asked for) or the second (it is given), as far as it is filled in.

    `publish` belongs into the profile; `problem` is why it was refused, `field` what is to blame.
    """

    handle: str = ""
    purpose: str = Purpose.REMOVE.value
    way: str = Way.PROFILE.value
    second: bool = False
    code: str = ""
    publish: str | None = None
    expires_at: datetime | None = None
    problem: str = ""
    field: str = ""


def _show(form: _Form, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return page("remove", status=status, people=True, headers=headers, form=form, done=None)


def _wrong(form: _Form, problem: str, field: str = "") -> Response:
    return _show(replace(form, problem=problem, field=field), 422)


def _refused(form: _Form, refused: Refused) -> Response:
    field = "handle" if refused.why in (Why.NO_HANDLE, Why.NOTHING_HELD) else ""
    if form.second and refused.why is Why.NO_PROOF:
        field = "code"
    form = replace(form, problem=refused.sentence, field=field)
    return _show(form, STATUS[refused.why], removal_headers(refused))


@router.get("/remove", summary="Leave for good, or see your data")
async def remove(
    handle: Annotated[str, Query(description="To begin with")] = "",
    purpose: Annotated[str, Query(description="remove or data")] = "remove",
) -> Response:
    return _show(_Form(handle.strip()[:320], purpose))


@router.post(
    "/remove",
    summary="Ask for a one-time code",
    openapi_extra=form_of("handle", "purpose", "way"),
    responses=_REFUSED,
)
async def post_remove(request: Request) -> Response:
    """What is refused comes back with what was typed."""
    fields = await read_form(request)
    handle, purpose, way = (fields.get(name, "") for name in ("handle", "purpose", "way"))
    form = _Form(handle[:320], purpose, way)
    if not handle:
        return _wrong(form, N_("Please fill in every field."), "handle")
    if purpose not in list(Purpose) or way not in list(Way):
        return _wrong(form, N_("Please choose from what the form offers."))
    asking = request.app.state.removals.ask
    try:
        asked = await run_in_threadpool(asking, _client(request), handle, purpose, way)
    except Refused as refused:
        return _refused(form, refused)
    return _show(
        replace(
            form, second=True, handle=str(asked.handle), code=asked.code or "",
            publish=asked.publish, expires_at=asked.expires_at,
        )
    )  # fmt: skip


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
    """A page when somebody was removed, a JSON file with everything held otherwise. What is
    refused comes back with what was typed.
    """
    fields = await read_form(request)
    handle, code, purpose = (fields.get(name, "") for name in ("handle", "code", "purpose"))
    form = _Form(handle[:320], purpose, second=True, code=code[:100], publish=half_of(code))
    if not handle or not code:
        return _wrong(form, N_("Please fill in every field."), "code" if handle else "handle")
    try:
        done = await request.app.state.removals.confirm(_client(request), handle, code)
    except Refused as refused:
        return _refused(form, refused)
    if done.purpose is Purpose.REMOVE:
        return page("remove", people=True, form=None, done=done)
    return Response(
        orjson.dumps(done.data, option=orjson.OPT_UTC_Z | orjson.OPT_INDENT_2),
        media_type="application/json",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": 'attachment; filename="waypost-your-data.json"',
        },
    )
