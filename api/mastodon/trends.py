"""GET /api/v1/trends/…: hashtags, statuses and links that more people than usual speak of."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import ContextDep
from api.mastodon import shapes
from api.mastodon.dialect import by_offset, described, reply
from api.mastodon.finding import statuses
from api.mastodon.params import Offset, Upto20, Upto40
from api.mastodon.schemas import MastodonLink, MastodonStatus, MastodonTag
from discover.model.trends import TrendRequest
from discover.services.context import Context
from discover.services.trends.trending import trending_links, trending_posts, trending_tags

router = APIRouter(prefix="/api/v1/trends", tags=["mastodon"])

DEEPEST = 200

Language = Annotated[
    str | None,
    Query(
        description="Not Mastodon's: only in this language, an RFC 4647 basic range", max_length=40
    ),
]


def _asked(lang: str | None, limit: int, offset: int) -> TrendRequest | None:
    """The last day; one more than asked for tells whether there is a next page."""
    if limit < 1 or offset > DEEPEST:
        return None
    return TrendRequest(language=lang or None, limit=limit + 1, offset=offset)


def _page(
    request: Request, context: Context, found: list[shapes.Json], limit: int, offset: int
) -> Response:
    more = len(found) > limit
    headers = by_offset(request, context.own_url, offset=offset, limit=limit, more=more)
    return reply(found[:limit], headers=headers)


@router.get(
    "",
    response_model=list[MastodonTag],
    summary="Hashtags that trend, under their older address",
    responses=described(422, 503),
)
@router.get(
    "/tags",
    response_model=list[MastodonTag],
    summary="Hashtags that trend",
    responses=described(422, 503),
)
def get_tags(
    request: Request,
    context: ContextDep,
    limit: Upto20 = 10,
    offset: Offset = 0,
    lang: Language = None,
) -> Response:
    """Ranked by distinct people above the usual; only people who agreed are counted."""
    asked = _asked(lang, limit, offset)
    found = trending_tags(context, asked) if asked else ()
    own = context.own_url
    documents = [shapes.trending_tag(one, own) for one in found]
    return _page(request, context, documents, limit, offset)


@router.get(
    "/statuses",
    response_model=list[MastodonStatus],
    summary="Statuses that trend",
    responses=described(422, 503),
)
def get_statuses(
    request: Request,
    context: ContextDep,
    limit: Upto40 = 20,
    offset: Offset = 0,
    lang: Language = None,
) -> Response:
    """None with a content warning, and one of each author at most."""
    asked = _asked(lang, limit, offset)
    found = trending_posts(context, asked) if asked else ()
    documents = statuses(context, [one.post for one in found])
    return _page(request, context, documents, limit, offset)


@router.get(
    "/links",
    response_model=list[MastodonLink],
    summary="Links that trend",
    responses=described(422, 503),
)
def get_links(
    request: Request,
    context: ContextDep,
    limit: Upto20 = 10,
    offset: Offset = 0,
    lang: Language = None,
) -> Response:
    """Titles as posts name them: nothing is fetched for the preview."""
    asked = _asked(lang, limit, offset)
    found = trending_links(context, asked) if asked else ()
    documents = [shapes.trending_link(one) for one in found]
    return _page(request, context, documents, limit, offset)
