"""GET /api/v2/suggestions: whom to follow, for nobody in particular."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator

from api.deps import ContextDep
from api.mastodon import shapes
from api.mastodon.dialect import by_offset, described, reply
from api.mastodon.params import Flag, Languages, Offset, Upto80
from api.mastodon.schemas import MastodonSuggestion
from api.routes.suggestions import accounts, topics
from discover.model.suggestions import SuggestionRequest
from discover.services.suggest.suggesting import MOST, MOST_LIKE, suggest
from web.words import reason as in_words

router = APIRouter(prefix="/api/v2", tags=["mastodon"])

_MOST_EXCLUDED = 200


@router.get(
    "/suggestions",
    response_model=list[MastodonSuggestion],
    summary="Whom to follow",
    responses=described(422, 503),
)
def get_suggestions(
    request: Request,
    context: ContextDep,
    *,
    limit: Upto80 = 40,
    offset: Offset = 0,
    topic: Annotated[
        list[str],
        BeforeValidator(topics),
        Query(description="Not Mastodon's: topics, any of them: ids, names or hashtags"),
    ] = [],  # noqa: B006 -- FastAPI copies it
    lang: Languages = [],  # noqa: B006
    like: Annotated[
        list[str],
        accounts(MOST_LIKE),
        Query(description=f"Not Mastodon's: handles, {MOST_LIKE} at most; people like these"),
    ] = [],  # noqa: B006
    exclude: Annotated[
        list[str],
        accounts(_MOST_EXCLUDED),
        Query(
            description=f"Not Mastodon's: handles to leave out, {_MOST_EXCLUDED} at most; not kept"
        ),
    ] = [],  # noqa: B006
    bots: Annotated[Flag, Query(description="Not Mastodon's: automated accounts, too")] = False,
    seed: Annotated[
        int | None,
        Query(ge=0, le=2**31, description="Not Mastodon's: another order of near equals"),
    ] = None,
) -> Response:
    """Needs no account, because it is about no account. `source` is always `global`; why each one
    is suggested stands in `waypost`, in the language of the request.
    """
    limit = min(limit, MOST - offset)
    if limit < 1:
        return reply([])
    answer = suggest(
        context,
        SuggestionRequest(
            topics=tuple(topic),
            languages=tuple(lang),
            like=tuple(like),
            exclude=tuple(exclude),
            bots=bots,
            seed=context.clock.now().toordinal() if seed is None else seed,
            limit=limit,
            offset=offset,
        ),
    )
    sources = ["similar_to_recently_followed"] if like else []
    document = [
        {
            "source": "global",
            "sources": sources,
            "account": shapes.account(one.account, context.own_url),
            "waypost": {
                "reasons": [
                    {"kind": reason.kind, "text": in_words(reason)} for reason in one.reasons
                ],
                "topics": list(one.topics),
            },
        }
        for one in answer.suggestions
    ]
    more = answer.more
    headers = by_offset(request, context.own_url, offset=offset, limit=limit, more=more)
    return reply(document, headers=headers)
