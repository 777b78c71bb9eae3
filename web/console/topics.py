"""The topics editor: what operators lay over the curated list."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from discover.model.words import N_
from discover.services.console.audit_log import Facts
from discover.services.topics import edits as topic_edits
from discover.services.topics.catalogue import catalogue, read_seed, topic_view, topic_views
from discover.services.topics.edits import BANNED, HIDDEN, NAME, TAG
from web.console.doors import AtDesk, Desk, WithForm
from web.console.pages import show

router = APIRouter(prefix="/console/topics")

_HERE = "/console/topics"
_ACTS = {
    TAG: N_("added a hashtag to a topic"),
    NAME: N_("named a topic"),
    HIDDEN: N_("hid a topic"),
    BANNED: N_("banned a hashtag"),
}


@router.get("")
def topics(request: Request, desk: AtDesk) -> Response:
    text = request.query_params.get("q", "").strip()[:100]
    topic_edits.follow(desk.context, at_once=True)
    edits = topic_edits.list_edits(desk.context)
    seed = {one.id: one for one in read_seed()[0]}
    found = [one.id for one in catalogue().search(text, 50)] if text else list(seed)
    views = {one.topic.id: one for one in topic_views(desk.context, found)}
    return show(
        desk,
        "topics",
        text=text,
        topics=[(seed[one], views.get(one)) for one in found if one in seed],
        total=len(seed),
        banned=[one for one in edits if one.what == BANNED],
        edits=edits,
    )


@router.get("/{topic}")
def topic(topic: str, desk: AtDesk) -> Response:
    topic_edits.follow(desk.context, at_once=True)
    seed = {one.id: one for one in read_seed()[0]}.get(topic)
    if seed is None:
        raise HTTPException(404, N_("There is no such topic."))
    edits = [one for one in topic_edits.list_edits(desk.context) if one.topic == topic]
    in_force = catalogue().by_id(topic)
    return show(
        desk,
        "topic",
        topic=in_force or seed,
        hidden=in_force is None,
        view=topic_view(desk.context, topic) if in_force is not None else None,
        edits=edits,
    )


@router.post("/ban")
def ban(desk: WithForm) -> Response:
    return _add(desk, "", BANNED, desk.text("value"))


@router.post("/undo")
def undo(desk: WithForm) -> Response:
    number, back = desk.text("edit"), desk.text("topic")
    known = {one.id: one for one in topic_edits.list_edits(desk.context)}
    edit = known.get(int(number)) if number.isdecimal() and len(number) < 18 else None
    if edit is None:
        raise HTTPException(404, N_("This change is not there any more."))

    def do() -> Facts:
        topic_edits.remove_edit(desk.context, edit.id)
        return {"undone": edit.what, "value": edit.value, "language": edit.language}

    return desk.act(
        N_("undid a change of topics"), edit.topic or f"#{edit.value}", do, back=_page(edit.topic if back else ""),
    )  # fmt: skip


@router.post("/{topic}/{what}")
def change(topic: str, what: str, desk: WithForm) -> Response:
    if what not in (TAG, NAME, HIDDEN):
        raise HTTPException(404)
    return _add(desk, topic, what, desk.text("value"))


def _add(desk: Desk, topic: str, what: str, value: str) -> Response:
    language = desk.text("language").lower()

    def do() -> Facts:
        news = topic_edits.add_edit(desk.context, desk.operator, topic, what, value, language)
        return {"value": value, "language": language, "news": news}

    subject = topic or f"#{value.removeprefix('#')}"
    return desk.act(_ACTS[what], subject, do, back=_page(topic))


def _page(topic: str) -> str:
    return f"{_HERE}/{quote(topic)}" if topic else _HERE
