"""Deliveries: what waits where, what was given up, and a hand on it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from discover.model.words import N_
from discover.services.federation import delivery_desk
from web.console.doors import AtDesk, Desk, WithForm
from web.console.pages import show

router = APIRouter(prefix="/console/deliveries")


@router.get("")
def deliveries(request: Request, desk: AtDesk) -> Response:
    host = request.query_params.get("host", "").strip().lower()[:253]
    return show(
        desk,
        "deliveries",
        host=host,
        waiting=delivery_desk.by_host(desk.context, host=host),
        failures=delivery_desk.given_up(desk.context, host=host),
    )


@router.post("/retry")
def retry(desk: WithForm) -> Response:
    host = _host(desk)
    return desk.act(
        N_("asked for deliveries to be tried now"),
        host,
        lambda: {"deliveries": delivery_desk.retry_now(desk.context, host)},
        back="/console/deliveries",
    )


@router.post("/drop")
def drop(desk: WithForm) -> Response:
    host = _host(desk)
    return desk.act(
        N_("dropped deliveries"),
        host,
        lambda: {"deliveries": delivery_desk.drop(desk.context, host)},
        back="/console/deliveries",
    )


def _host(desk: Desk) -> str:
    host = desk.text("host")[:300]
    if not any(one.host == host for one in delivery_desk.by_host(desk.context, host=host)):
        raise HTTPException(404, N_("Nothing waits for this host any more."))
    return host
