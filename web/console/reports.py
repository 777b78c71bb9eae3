"""Reports (Flag) that others sent us."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from discover.model.words import N_
from discover.policy.origin import host_of
from discover.services.console import reports
from discover.services.console.audit_log import Facts
from web.console.doors import AtDesk, WithForm
from web.console.pages import show

router = APIRouter(prefix="/console/reports")


@router.get("")
def list_reports(request: Request, desk: AtDesk) -> Response:
    asked = request.query_params
    handled = asked.get("show") == "handled"
    before = asked.get("before", "")
    found = reports.list_reports(
        desk.context,
        handled=handled,
        before=int(before) if before.isdecimal() and len(before) < 18 else None,
    )
    return show(
        desk, "reports", reports=found, handled=handled, kept=reports.KEPT, host_of=host_of,
        more=found[-1].id if len(found) == reports.PAGE else None,
    )  # fmt: skip


@router.post("/{number}")
def handle(number: int, desk: WithForm) -> Response:
    acts = {
        "handled": N_("marked a report as handled"),
        "note": N_("put a note to a report"),
        "open": N_("opened a report again"),
    }
    wanted, note = desk.text("do"), desk.text("note")
    if wanted not in acts:
        raise HTTPException(422, N_("Please choose from what the form offers."))

    def do() -> Facts:
        if not reports.handle(desk.context, number, handled=wanted == "handled", note=note):
            raise ValueError(N_("There is no such report any more."))
        return {"note": note}

    return desk.act(acts[wanted], f"report {number}", do, back="/console/reports")
