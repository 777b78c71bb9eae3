"""The search index: does it follow, and building it anew."""

from __future__ import annotations

from fastapi import APIRouter, Response

from discover.model.words import N_
from discover.services.console import deskwork
from discover.services.console.status import status
from discover.services.index import rebuilds
from discover.services.tasks import enqueue
from web import i18n
from web.console.doors import AtDesk, WithForm
from web.console.pages import show

router = APIRouter(prefix="/console/index")

_PAGE = "/console/index"


@router.get("")
def index(desk: AtDesk) -> Response:
    """While a rebuild is under way the page loads itself again, by a header, without a script."""
    found = rebuilds.newest(desk.context)
    busy = bool(found) and found[0].ended_at is None
    return show(
        desk,
        "index",
        headers={"Refresh": f"5; url={_here()}"} if busy else None,
        numbers=status(desk.context),
        rebuilds=found,
        busy=busy,
        tasks=deskwork.tasks(desk.context),
    )


def _here() -> str:
    tongue = i18n.current()
    return i18n.with_language(_PAGE, tongue.code) if tongue.chosen else _PAGE


@router.post("/rebuild")
def rebuild(desk: WithForm) -> Response:
    return desk.act(
        N_("asked for a rebuild of the index"),
        "",
        lambda: {"rebuild": rebuilds.ask(desk.context, desk.operator)},
        back="/console/index",
    )


@router.post("/reconcile")
def reconcile(desk: WithForm) -> Response:
    def do() -> dict[str, str]:
        enqueue(desk.context, "reconcile")
        return {"task": "reconcile"}

    return desk.act(
        N_("asked for index and database to be compared"), "", do, back="/console/index"
    )
