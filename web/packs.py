"""Starter packs as a page, a list to import, a collection and a feed; feeds of topics."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from typing import Annotated, Any, Literal, cast
from urllib.parse import quote, urlencode, urlsplit

import orjson
import segno
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException

from discover.bootstrap import App
from discover.model.packs import LONGEST_SLUG, canonical
from discover.model.views import BadRequest, PostView
from discover.model.words import N_
from discover.services.context import Context
from discover.services.find.feeds import posts_of, topic_posts
from discover.services.find.packs import (
    Kind,
    PackView,
    find_pack,
    picked_packs,
    search_slug,
    topic_slug,
)
from discover.services.topics.catalogue import catalogue
from discover.wire.feeds import Feed, Item, atom, json_feed, rss
from web import i18n
from web.pages import page
from web.topics import AllTopics
from web.words import LANGUAGES

router = APIRouter(tags=["packs"])

FORMS = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "json": "application/feed+json",
}
ACTIVITY = "application/activity+json"
# As Mastodon writes it for "following", and reads it again
CSV_COLUMNS = ("Account address", "Show boosts", "Notify on new posts", "Languages")
_TITLE = 90
_SHOWN = 24
_FOLLOWED = 50  # as many as /follow takes at once
_NO_PACK = "There is no such pack"
# People's data is for who asked, and not for other search engines.
_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}

Slug = Annotated[
    str,
    Path(
        description="topic-ID, search-WORDS, or the name of a hand-picked pack",
        max_length=LONGEST_SLUG,
    ),
]
Lang = Annotated[str, Query(description="Only people who write this language", max_length=3)]
Form = Annotated[Literal["rss", "atom", "json"], Path(description="RSS, Atom or JSON Feed")]


def _described(missing: str, **kinds: str) -> dict[int | str, dict[str, Any]]:
    """Responses: media types of the answer with their JSON types, and what may go wrong."""
    problem = {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
        "text/html": {"schema": {"type": "string"}},
    }
    moved: dict[int | str, dict[str, Any]] = {
        308: {"description": "Another spelling of the name: its own address"}
    }
    return {
        200: {"content": {kind: {"schema": {"type": shape}} for kind, shape in kinds.items()}},
        **(moved if missing == _NO_PACK else {}),
        404: {"description": missing, "content": problem},
        422: {"description": "A parameter cannot be used", "content": problem},
    }


_FEEDS = {kind: "object" if name == "json" else "string" for name, kind in FORMS.items()}


def _context(request: Request) -> Context:
    return cast("App", request.app.state.waypost).context


def _languages(lang: str) -> tuple[str, ...]:
    return (lang.lower(),) if lang else ()


def _pack(request: Request, slug: str, lang: str) -> PackView:
    """Every other spelling of a pack's address leads to its own one (308)."""
    name = canonical(slug)
    if name not in ("", slug):
        rest = "".join(request.scope["path"].removeprefix("/packs/").partition("/")[1:])
        query = request.scope["query_string"].decode("latin-1")
        own = f"/packs/{quote(name)}{rest}{query and f'?{query}'}"
        raise HTTPException(308, headers={**_HEADERS, "Location": own})
    found = find_pack(_context(request), slug, _languages(lang))
    if found is None:
        raise HTTPException(404, N_("There is no such pack."))
    return found


def _title(pack: PackView) -> str:
    if pack.topic is not None:
        return pack.topic.name(i18n.current().code)
    return pack.words if pack.kind is Kind.SEARCH else pack.title


def _address(request: Request, pack: PackView, path: str = "") -> str:
    query = f"?{urlencode({'lang': pack.languages[0]})}" if pack.languages else ""
    return f"{_context(request).own_url}/packs/{quote(pack.slug)}{path}{query}"


# Pages


@router.get("/packs", summary="Starter packs", tags=["pages"], response_class=HTMLResponse)
def packs(request: Request) -> Response:
    context = _context(request)
    everything = cast("AllTopics", request.app.state.topics)()
    views = sorted(everything, key=lambda view: -view.people)
    code = i18n.current().code
    return page(
        "packs",
        headers={"Cache-Control": "no-cache"},  # somebody may be out the next moment
        picked=picked_packs(context),
        topics=[view for view in views if view.people][:_SHOWN],
        every=sorted(
            ((topic.id, topic.name(code)) for topic in catalogue().topics.values()),
            key=lambda pair: pair[1].casefold(),
        ),
        spoken=LANGUAGES,
    )


@router.get(
    "/packs/make",
    summary="The pack of a topic or a search",
    tags=["pages"],
    status_code=303,
    responses={
        303: {"description": "Its page"},
        422: _described("")[422],
    },
    response_class=Response,
)
def make(
    topic: Annotated[str, Query(description="A topic's id", max_length=60)] = "",
    q: Annotated[str, Query(description="Words to search people by", max_length=200)] = "",
    lang: Lang = "",
) -> Response:
    """Nothing is kept: the address says what the pack is made of."""
    slug = ""
    if q.strip():
        with suppress(BadRequest):  # there is no word in it
            slug = search_slug(q)
    elif catalogue().by_id(topic):
        slug = topic_slug(topic)
    if not slug:
        raise BadRequest(N_("Choose a topic, or type some words."))
    query = f"?{urlencode({'lang': lang})}" if lang else ""
    return Response(status_code=303, headers={"Location": f"/packs/{quote(slug)}{query}"})


@router.get(
    "/packs/{slug}",
    summary="A starter pack",
    description="As a page, or as an ActivityPub collection to whoever accepts that.",
    response_class=HTMLResponse,
    responses=_described(_NO_PACK, **{"text/html": "string", ACTIVITY: "object"}),
)
def pack(request: Request, slug: Slug, lang: Lang = "") -> Response:
    context = _context(request)
    found = _pack(request, slug, lang)
    accept = request.headers.get("accept", "")
    if "text/html" not in accept and ("activity+json" in accept or "ld+json" in accept):
        return _collection(request, found)
    return page(
        "pack",
        people=True,
        headers={"Vary": "Accept, Accept-Language"},
        pack=found,
        title=_title(found),
        address=_address(request, found),
        path=f"/packs/{quote(found.slug)}",
        query=f"?{urlencode({'lang': lang})}" if lang else "",
        spoken=LANGUAGES,
        batches=_batches([member.handle for member in found.members]),
        us=f"@{context.actor_name}@{urlsplit(context.own_url).netloc}",
        now=context.clock.now(),
    )


def _batches(handles: list[str]) -> list[tuple[int, int, str]]:
    """The first and the last of those who are followed at once, from 1, and the page to do it."""
    batches = []
    for start in range(0, len(handles), _FOLLOWED):
        some = handles[start : start + _FOLLOWED]
        link = f"/follow?account={quote(','.join(some))}"
        batches.append((start + 1, start + len(some), link))
    return batches


# For machines


@router.get(
    "/packs/{slug}/collection",
    summary="A starter pack as an ActivityPub collection",
    response_class=Response,
    responses=_described(_NO_PACK, **{ACTIVITY: "object"}),
)
def collection(request: Request, slug: Slug, lang: Lang = "") -> Response:
    """An OrderedCollection of the members' actor URIs, as consent stands at this moment."""
    return _collection(request, _pack(request, slug, lang))


def _collection(request: Request, pack: PackView) -> Response:
    document = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": _address(request, pack, "/collection"),
        "type": "OrderedCollection",
        "name": _title(pack),
        "attributedTo": _context(request).actor_uri,
        "url": _address(request, pack),
        "totalItems": len(pack.members),
        "orderedItems": [member.uri for member in pack.members],
    }
    headers = {**_HEADERS, "Vary": "Accept, Accept-Language"}
    return Response(orjson.dumps(document), media_type=ACTIVITY, headers=headers)


@router.get(
    "/packs/{slug}/following.csv",
    summary="A starter pack as Mastodon imports it",
    response_class=Response,
    responses=_described(_NO_PACK, **{"text/csv": "string"}),
)
def following(request: Request, slug: Slug, lang: Lang = "") -> Response:
    """Import it as "Following list", and choose to merge."""
    found = _pack(request, slug, lang)
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(CSV_COLUMNS)
    rows.writerows((member.handle, "true", "false", "") for member in found.members)
    name = quote(f"{found.slug}.csv")
    headers = {**_HEADERS, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(written.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get(
    "/packs/{slug}/feed.{form}",
    summary="What a starter pack's people posted lately",
    response_class=Response,
    responses=_described(_NO_PACK, **_FEEDS),
)
def pack_feed(request: Request, slug: Slug, form: Form, lang: Lang = "") -> Response:
    """Posts that may be found, newest first; no replies and no content warnings."""
    found = _pack(request, slug, lang)
    ids = [member.id for member in found.members]
    posts = posts_of(_context(request), ids, _languages(lang))
    own = _address(request, found, f"/feed.{form}")
    return _feed(request, form, _title(found), _address(request, found), own, posts)


@router.get(
    "/packs/{slug}/qr.svg",
    summary="The address of a starter pack as a QR code",
    response_class=Response,
    responses=_described(_NO_PACK, **{"image/svg+xml": "string"}),
)
def qr(request: Request, slug: Slug, lang: Lang = "") -> Response:
    found = _pack(request, slug, lang)
    drawn = io.BytesIO()
    segno.make(_address(request, found), error="m").save(
        drawn,
        kind="svg",
        scale=6,
        border=4,
        light="#fff",
        dark="#000",
        svgclass=None,
        lineclass=None,
    )
    return Response(drawn.getvalue(), media_type="image/svg+xml", headers=_HEADERS)


@router.get(
    "/topics/{topic_id}/feed.{form}",
    summary="What people posted on a topic lately",
    response_class=Response,
    responses=_described("The list has no such topic", **_FEEDS),
)
def topic_feed(
    request: Request,
    topic_id: Annotated[str, Path(description="A topic's id", max_length=60)],
    form: Form,
    lang: Annotated[str, Query(description="Only posts in this language", max_length=3)] = "",
) -> Response:
    """Posts that may be found, newest first; no replies and no content warnings."""
    topic = catalogue().by_id(topic_id)
    if topic is None:
        raise HTTPException(404, N_("There is no such topic here."))
    context = _context(request)
    posts = topic_posts(context, topic_id, _languages(lang))
    query = f"?{urlencode({'lang': lang})}" if lang else ""
    address = f"{context.own_url}/topics/{topic_id}"
    own = f"{address}/feed.{form}{query}"
    return _feed(request, form, topic.name(i18n.current().code), address, own, posts)


def _feed(
    request: Request,
    form: str,
    title: str,
    address: str,
    own: str,
    posts: tuple[PostView, ...],
) -> Response:
    feed = Feed(
        title=f"{title} – Waypost",
        url=address,
        own=own,
        now=_context(request).clock.now(),
        items=[_item(post) for post in posts],
    )
    kind = FORMS[form]
    if form == "json":
        return Response(orjson.dumps(json_feed(feed)), media_type=kind, headers=_HEADERS)
    made = rss(feed) if form == "rss" else atom(feed)
    return Response(made, media_type=f"{kind}; charset=utf-8", headers=_HEADERS)


def _item(post: PostView) -> Item:
    text = " ".join((post.title or post.text).split())
    title = text if len(text) <= _TITLE else f"{text[:_TITLE].rsplit(' ', 1)[0]} …"
    address = post.url or post.uri
    return Item(
        id=post.uri,
        url=address,
        title=title or f"@{post.author.handle}",
        html=post.html,
        author=post.author.name or post.author.handle,
        author_url=post.author.url or post.author.uri,
        published=post.published,
        updated=post.updated,
        tags=post.hashtags,
        language=post.language,
    )
