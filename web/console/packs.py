"""Hand-picked starter packs. Nobody is named in the audit log: only how many were picked."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from discover.model.actor import Handle
from discover.model.views import BadRequest
from discover.model.words import N_
from discover.services.console.audit_log import Facts
from discover.services.find import packs
from web.console.doors import AtDesk, Desk, WithForm, sentence_of
from web.console.pages import show

router = APIRouter(prefix="/console/packs")

_HERE = "/console/packs"
_T = TypeVar("_T")


@router.get("")
def all_packs(desk: AtDesk) -> Response:
    return show(desk, "packs", packs=packs.every_picked_pack(desk.context))


@router.post("")
def make(desk: WithForm) -> Response:
    slug, title = desk.text("slug").lower(), desk.text("title")

    def do() -> Facts:
        _usable(lambda: packs.keep_pack(desk.context, slug, title, desk.text("note")))
        return {"title": title}

    return desk.act(N_("kept a pack"), slug, do, back=_page(slug))


@router.get("/{slug}")
def one_pack(slug: str, desk: AtDesk) -> Response:
    """Those of the picked who said yes themselves; of the others nothing is shown here either."""
    found = packs.find_pack(desk.context, slug, operator=True)
    if found is None or found.kind is not packs.Kind.PICKED:
        raise HTTPException(404, N_("There is no such pack."))
    return show(desk, "pack", pack=found, most=packs.MOST_PICKED)


@router.post("/{slug}/pick")
def pick(slug: str, desk: WithForm) -> Response:
    handles = _handles(desk)

    def do() -> Facts:
        missing = _usable(lambda: packs.pick(desk.context, slug, handles))
        return {"picked": len(handles) - len(missing), "not_listed_here": len(missing)}

    return desk.act(N_("picked people for a pack"), slug, do, back=_page(slug))


@router.post("/{slug}/unpick")
def unpick(slug: str, desk: WithForm) -> Response:
    handles = _handles(desk)

    def do() -> Facts:
        gone = [handle for handle in handles if packs.unpick(desk.context, slug, handle)]
        return {"taken_off": len(gone)}

    return desk.act(N_("took people off a pack"), slug, do, back=_page(slug))


@router.post("/{slug}/hide")
def hide(slug: str, desk: WithForm) -> Response:
    return desk.act(N_("hid a pack"), slug, _showing(desk, slug, hidden=True), back=_page(slug))


@router.post("/{slug}/show")
def show_again(slug: str, desk: WithForm) -> Response:
    return desk.act(
        N_("showed a pack again"), slug, _showing(desk, slug, hidden=False), back=_page(slug)
    )


@router.post("/{slug}/drop")
def drop(slug: str, desk: WithForm) -> Response:
    def do() -> Facts:
        if not packs.drop_pack(desk.context, slug):
            raise ValueError(N_("There is no such pack."))
        return {}

    return desk.act(N_("dropped a pack"), slug, do, back=_HERE)


def _showing(desk: Desk, slug: str, *, hidden: bool) -> Callable[[], Facts]:
    def do() -> Facts:
        if not packs.hide_pack(desk.context, slug, hidden=hidden):
            raise ValueError(N_("There is no such pack."))
        return {"hidden": hidden}

    return do


def _handles(desk: Desk) -> list[Handle]:
    try:
        handles = [Handle.parse(word) for word in desk.text("handles").replace(",", " ").split()]
    except ValueError as error:
        raise HTTPException(422, sentence_of(error)) from None
    if not handles:
        raise HTTPException(422, N_("Give handles such as @user@example.social, one a line."))
    return handles


def _usable(do: Callable[[], _T]) -> _T:
    try:
        return do()
    except BadRequest as error:
        raise ValueError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None


def _page(slug: str) -> str:
    return f"{_HERE}/{quote(slug)}"
