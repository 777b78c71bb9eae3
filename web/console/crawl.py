"""The crawl: whose turn it is, and what fails with what reason."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from discover.services.console import server_health
from discover.services.crawl import crawl_queue
from discover.services.crawl.visits import crawl_progress
from web.console.doors import AtDesk
from web.console.pages import show

router = APIRouter(prefix="/console/crawl")


@router.get("")
def crawl(request: Request, desk: AtDesk) -> Response:
    host = request.query_params.get("host", "").strip().lower()[:253]
    return show(
        desk,
        "crawl",
        host=host,
        progress=crawl_progress(desk.context),
        waiting=crawl_queue.hosts_waiting(desk.context, host=host),
        failures=server_health.failing(desk.context, host=host),
    )
