"""Servers: their will and their health, and what an operator may do about them.

Every act calls the service that the command line calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from discover.model.words import N_, Sentence
from discover.services.consent.blocklists import block_host, unblock_host
from discover.services.consent.proofs import check
from discover.services.consent.servers import add_server, read_host, remove_server
from discover.services.consent.withdraw import forget_server
from discover.services.console import audit_log, server_health
from discover.services.console.audit_log import Facts
from discover.services.console.server_health import Filter
from discover.services.context import Context
from discover.services.crawl.visits import schedule_now
from discover.services.federation import delivery_desk
from web.console.doors import AtDesk, Desk, WithForm
from web.console.pages import show

router = APIRouter(prefix="/console/servers")

_FILTERS = (
    (Filter.ALL, N_("All")), (Filter.IN, N_("In")), (Filter.TROUBLE, N_("Trouble")),
    (Filter.NEW, N_("Not visited yet")), (Filter.OUT, N_("Opted out")), (Filter.BLOCKED, N_("Blocked")),
)  # fmt: skip


@router.get("")
def servers(request: Request, desk: AtDesk) -> Response:
    asked = request.query_params
    text, after = asked.get("q", "").strip()[:200], asked.get("after", "")[:300]
    which = Filter(asked["show"]) if asked.get("show") in set(Filter) else Filter.ALL
    found, total = server_health.find_servers(desk.context, text=text, which=which, after=after)
    more = found[-1].host if len(found) == server_health.PAGE else None
    return show(
        desk, "servers", servers=found, total=total, text=text, which=which, filters=_FILTERS,
        more=more, after=after,
    )  # fmt: skip


@router.post("/open")
def open_server(desk: WithForm) -> Response:
    """Any host, known or not: its page has the forms to add or block it."""
    return RedirectResponse(_page_of(_host(desk.text("host"))), 303)


@router.get("/{host}")
def server(host: str, desk: AtDesk) -> Response:
    host = _host(host)
    file = server_health.server_file(desk.context, host)
    deliveries = [one for one in delivery_desk.by_host(desk.context, host=host) if one.host == host]
    acts = audit_log.page(desk.context, subject=host, limit=20)
    return show(
        desk, "server", status=200 if file is not None else 404, host=host, file=file,
        deliveries=deliveries, acts=acts,
    )  # fmt: skip


@router.post("/{host}/add")
def add(host: str, desk: WithForm) -> Response:
    note = desk.text("note")[:2000]
    if not note:
        raise HTTPException(422, N_("Say why: who agreed, when, and where that is written."))

    def do(ctx: Context, chosen: str) -> Facts:
        return {"recorded": "anew" if add_server(ctx, chosen, note) else "again", "note": note}

    return _act(desk, host, N_("opted a server in"), do)


@router.post("/{host}/remove")
def remove(host: str, desk: WithForm) -> Response:
    def do(ctx: Context, chosen: str) -> Facts:
        gone = remove_server(ctx, chosen)
        if gone is None:
            raise ValueError(Sentence("{host} is not on record.", host=chosen))
        return {"people_removed": gone}

    return _act(desk, host, N_("took a server's record back"), do)


@router.post("/{host}/out")
def out(host: str, desk: WithForm) -> Response:
    return _act(
        desk, host, N_("took a server out for good"),
        lambda ctx, chosen: {"people_removed": forget_server(ctx, chosen)},
    )  # fmt: skip


@router.post("/{host}/block")
def block(host: str, desk: WithForm) -> Response:
    reason = desk.text("reason")[:500]

    def do(ctx: Context, chosen: str) -> Facts:
        covered = block_host(ctx, chosen, reason)
        return {
            "people_removed": sum(one.accounts for one in covered),
            "posts_removed": sum(one.posts for one in covered),
            "reason": reason,
        }

    return _act(desk, host, N_("blocked a server"), do)


@router.post("/{host}/unblock")
def unblock(host: str, desk: WithForm) -> Response:
    def do(ctx: Context, chosen: str) -> Facts:
        there, still = unblock_host(ctx, chosen)
        if not there:
            if still:
                raise ValueError(Sentence("{host} was not blocked by hand; it is blocked by: {lists}.", host=chosen, lists=still))  # fmt: skip
            raise ValueError(Sentence("{host} was not blocked by hand.", host=chosen))
        return {"still_blocked_by": still}

    return _act(desk, host, N_("took a block back"), do)


@router.post("/{host}/crawl")
def crawl(host: str, desk: WithForm) -> Response:
    return _act(
        desk, host, N_("asked for a crawl now"),
        lambda ctx, chosen: {"appointments": schedule_now(ctx, hosts=[chosen])},
    )  # fmt: skip


@router.post("/{host}/check")
def check_now(host: str, desk: WithForm) -> Response:
    def do(ctx: Context, chosen: str) -> Facts:
        found = asyncio.run(check(ctx, chosen))
        return {
            "answer": found.answer,
            **{one.what: one.says for one in found.findings},
        }

    return _act(desk, host, N_("looked at a server's proofs"), do)


def _act(desk: Desk, host: str, act: str, do: Callable[[Context, str], Facts]) -> Response:
    chosen = _host(host)
    return desk.act(
        act,
        chosen,
        lambda: do(desk.context, chosen),
        before=_before(desk.context, chosen),
        back=_page_of(chosen),
    )


def _before(ctx: Context, host: str) -> Mapping[str, Any]:
    file = server_health.server_file(ctx, host)
    if file is None:
        return {}
    health = file.health
    return {
        "state": health.state, "opt_in": health.opt_in, "people": health.accounts,
        "posts": health.posts, "note": health.note,
    }  # fmt: skip


def _page_of(host: str) -> str:
    return f"/console/servers/{quote(host, safe=':')}"


def _host(text: str) -> str:
    try:
        return read_host(text)
    except (ValueError, UnicodeError):
        raise HTTPException(
            422, Sentence("“{text}” is not a host such as example.social.", text=text[:200])
        ) from None
