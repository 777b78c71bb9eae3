"""Blocklists: read one, look at what it would do, apply it."""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from discover.model.fetched import FetchError
from discover.model.words import N_, Sentence
from discover.services.consent import blocklist_drafts, blocklists
from discover.services.consent.blocklists import OPERATOR
from discover.services.console.audit_log import Facts
from discover.wire.urls import http_url
from web.console.doors import AtDesk, Desk, WithForm, sentence_of
from web.console.pages import show

router = APIRouter(prefix="/console/blocklists")

_HERE = "/console/blocklists"


@router.get("")
def all_lists(desk: AtDesk) -> Response:
    return show(desk, "blocklists", lists=blocklists.lists(desk.context), by_hand=OPERATOR)


@router.post("/read")
def read(desk: WithForm) -> Response:
    """Nothing is changed: it leads to the dry run."""
    source, text = _source(desk)
    name = desk.text("name") or source.rstrip("/").rpartition("/")[2].removesuffix(".csv")
    try:
        token = blocklist_drafts.keep_draft(
            desk.context, desk.operator, name, text, silenced_too=desk.text("silenced") == "yes"
        )
    except ValueError as error:
        raise HTTPException(422, sentence_of(error)) from None
    return RedirectResponse(f"{_HERE}/draft/{quote(token)}", 303)


@router.get("/draft/{token}")
def draft(token: str, desk: AtDesk) -> Response:
    found = blocklist_drafts.find_draft(desk.context, token, desk.operator)
    if found is None:
        raise HTTPException(404, N_("This draft is no longer there; read the list again."))
    return show(desk, "draft", draft=found)


@router.post("/draft/{token}/apply")
def apply(token: str, desk: WithForm) -> Response:
    found = blocklist_drafts.find_draft(desk.context, token, desk.operator)
    if found is None:
        raise HTTPException(404, N_("This draft is no longer there; read the list again."))

    def do() -> Facts:
        done = blocklist_drafts.apply_draft(desk.context, token, desk.operator)
        if done is None:
            raise ValueError(N_("This draft is no longer there; read the list again."))
        return {
            "hosts": done.hosts, "new": done.new, "no_longer_named": done.gone,
            "people_removed": done.accounts, "posts_removed": done.posts,
        }  # fmt: skip

    return desk.act(N_("applied a blocklist"), found.name, do, back=_HERE)


@router.post("/remove")
def remove(desk: WithForm) -> Response:
    name = desk.text("name")
    if name == OPERATOR:
        raise HTTPException(422, N_("Blocks made by hand are taken back at each server's page."))

    def do() -> Facts:
        hosts = blocklists.remove_list(desk.context, name)
        if not hosts:
            raise ValueError(Sentence("There is no list called {name}.", name=name))
        return {"hosts": hosts}

    return desk.act(N_("took a blocklist back"), name, do, back=_HERE)


def _source(desk: Desk) -> tuple[str, str]:
    """Where it comes from, and its text: an upload, else what was typed, else an address."""
    url = desk.text("url")
    if file := desk.files.get("file"):
        source, body = "uploaded", file
    elif typed := desk.fields.get("text", "").strip():
        return "typed", typed
    elif (address := http_url(url)) is not None:
        source, body = address, asyncio.run(_fetch(desk, address))
    else:
        raise HTTPException(422, N_("Give a file, an address, or the hosts themselves."))
    try:
        return source, body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HTTPException(422, N_("That list is not UTF-8.")) from None


async def _fetch(desk: Desk, url: str) -> bytes:
    async with desk.house.app.fetcher() as client:
        try:
            fetched = await client.get(url, accept="text/csv, text/plain, */*", solicited=True)
        except FetchError as error:
            raise HTTPException(
                422, Sentence("{url} cannot be read: {why}", url=url, why=str(error))
            ) from None
    if fetched.status != 200:
        raise HTTPException(
            422, Sentence("{url} answered with status {status}.", url=url, status=fetched.status)
        )
    return fetched.body
