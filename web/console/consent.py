"""The consent log, page by page, and the check that nobody rewrote it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from discover.model.words import N_
from discover.policy.chain import Broken, verify
from discover.services.consent import consent_log
from discover.services.console.audit_log import Facts
from web.console.doors import AtDesk, WithForm
from web.console.pages import show

router = APIRouter(prefix="/console/consent")

_PAGE = 50


@router.get("")
def consent(request: Request, desk: AtDesk) -> Response:
    """Newest first. Entries are numbered without a gap, so a page is found by its number."""
    length = consent_log.length(desk.context)
    asked = request.query_params.get("before", "")
    before = min(int(asked), length + 1) if asked.isdecimal() and len(asked) < 18 else length + 1
    after = max(before - 1 - _PAGE, 0)
    entries = consent_log.page(desk.context, after, before - 1 - after) if before > 1 else []
    return show(
        desk, "consent", entries=entries[::-1], length=length, newest=before > length,
        more=after + 1 if after else None,
    )  # fmt: skip


@router.post("/verify")
def verify_chain(desk: WithForm) -> Response:
    def do() -> Facts:
        try:
            last = verify(consent_log.entries(desk.context))
        except Broken as broken:
            return {"holds": False, "because": str(broken)}
        return {
            "holds": True,
            "entries": last.id if last else 0,
            "last_digest": last.digest if last else "",
        }

    return desk.act(N_("verified the consent log"), "", do, back="/console/consent")
