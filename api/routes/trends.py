"""What trends: hashtags, links and posts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, Field

from api import present
from api.deps import ContextDep
from api.problems import described
from api.schemas import PostOut, Shape
from discover.model.trends import TrendingLink, TrendingPost, TrendingTag, TrendRequest
from discover.policy.trends import LONGEST, SHORTEST
from discover.services.trends.trending import trending_links, trending_posts, trending_tags

router = APIRouter(prefix="/api/v1/trending", tags=["trends"])

MOST = 50
MOST_OFFSET = 200
_LENGTH = re.compile(r"^(\d{1,3})([hd])$")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}


class DayOut(Shape):
    day: int = Field(description="Its first second, since 1970 UTC")
    people: int
    uses: int


class TrendingTagOut(Shape):
    """A hashtag that more people than usual write."""

    name: str = Field(description="As most of them spell it, without '#'")
    folded: str = Field(description="The key under which its spellings are one")
    rank: int = Field(description="1..100, highest first")
    people: int = Field(description="Distinct accounts within the window")
    uses: int = Field(description="Posts within the window")
    expected: float = Field(description="What would have been usual (damped per server)")
    history: list[DayOut] = Field(description="The last seven days, newest first")
    examples: list[str] = Field(description="URIs of posts")


class TrendingLinkOut(Shape):
    """A page that more people than usual link to."""

    url: str = Field(description="Without tracking parameters")
    title: str = Field(description="As a post names it; empty where none does")
    rank: int = Field(description="1..100, highest first")
    people: int = Field(description="Distinct accounts within the window")
    uses: int = Field(description="Posts within the window")
    expected: float = Field(description="What would have been usual (damped per server)")
    history: list[DayOut] = Field(description="The last seven days, newest first")
    examples: list[str] = Field(description="URIs of posts")


class TrendingPostOut(Shape):
    rank: int = Field(description="1..100, highest first")
    post: PostOut


class TrendingTags(Shape):
    hashtags: list[TrendingTagOut]


class TrendingLinks(Shape):
    links: list[TrendingLinkOut]


class TrendingPosts(Shape):
    posts: list[TrendingPostOut]


def _window(text: str) -> str:
    read_window(text)
    return text


def read_window(text: str) -> timedelta:
    """`24h`, `7d`. Raises ValueError."""
    found = _LENGTH.match(text.strip().lower())
    length = int(found[1]) * _UNITS[found[2]] if found else timedelta()
    if not SHORTEST <= length <= LONGEST:
        raise ValueError("hours or days such as 24h or 7d, from 1h to 7d")
    return length


Window = Annotated[
    str,
    AfterValidator(_window),
    Query(description="How far back: hours or days such as `6h`, `24h`, `7d`; at most a week"),
]
Lang = Annotated[
    str | None,
    Query(
        description=(
            "Only posts in this language, an RFC 4647 basic range: `pt` is pt and pt-BR too"
        ),
        max_length=40,
    ),
]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Most entries on this page")]
Offset = Annotated[int, Query(ge=0, le=MOST_OFFSET, description="Entries to leave out first")]

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            "Link": {
                "description": 'The next page as `<…>; rel="next"`, absent at the end',
                "schema": {"type": "string"},
            }
        }
    },
    **described(422, 503),
}


@router.get(
    "/hashtags", response_model=TrendingTags, summary="Trending hashtags", responses=_RESPONSES
)
def get_tags(
    request: Request,
    context: ContextDep,
    window: Window = "24h",
    lang: Lang = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> Response:
    """By distinct people above the usual, damped per server. Only people who may be counted are."""
    found = trending_tags(context, _asked(window, lang, limit, offset))
    return _page(request, "hashtags", [tag(one) for one in found], limit, offset)


@router.get("/links", response_model=TrendingLinks, summary="Trending links", responses=_RESPONSES)
def get_links(
    request: Request,
    context: ContextDep,
    window: Window = "24h",
    lang: Lang = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> Response:
    """Pages outside of the fediverse's posts, counted as hashtags are."""
    found = trending_links(context, _asked(window, lang, limit, offset))
    return _page(request, "links", [link(one) for one in found], limit, offset)


@router.get("/posts", response_model=TrendingPosts, summary="Trending posts", responses=_RESPONSES)
def get_posts(
    request: Request,
    context: ContextDep,
    window: Window = "24h",
    lang: Lang = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> Response:
    """By distinct people who liked, boosted or answered them. One post of each author at most."""
    found = trending_posts(context, _asked(window, lang, limit, offset))
    return _page(request, "posts", [post(one) for one in found], limit, offset)


def tag(one: TrendingTag) -> present.Json:
    return {"name": one.name, "folded": one.folded, **_counted(one)}


def link(one: TrendingLink) -> present.Json:
    return {"url": one.url, "title": one.title, **_counted(one)}


def post(one: TrendingPost) -> present.Json:
    return {"rank": one.rank, "post": present.post(one.post)}


def _counted(one: TrendingTag | TrendingLink) -> present.Json:
    return {
        "rank": one.rank,
        "people": one.people,
        "uses": one.uses,
        "expected": one.expected,
        "history": [
            {"day": day, "people": people, "uses": uses} for day, people, uses in one.history
        ],
        "examples": one.examples,
    }


def _asked(window: str, lang: str | None, limit: int, offset: int) -> TrendRequest:
    # One more tells whether there is a next page.
    return TrendRequest(read_window(window), lang, limit + 1, offset)


def _page(
    request: Request, name: str, found: list[Mapping[str, Any]], limit: int, offset: int
) -> Response:
    headers = {}
    if len(found) > limit and offset + limit <= MOST_OFFSET:
        pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "offset"]
        link = f"{request.url.path}?{urlencode([*pairs, ('offset', offset + limit)])}"
        headers["Link"] = f'<{link}>; rel="next"'
    return present.reply({name: found[:limit]}, headers=headers)
