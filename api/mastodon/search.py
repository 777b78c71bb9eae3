"""GET /api/v2/search: accounts, statuses and hashtags."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import ContextDep
from api.mastodon import shapes
from api.mastodon.dialect import by_offset, described, refusal, reply
from api.mastodon.finding import find_accounts, find_statuses, statuses
from api.mastodon.hashtags import find_hashtags
from api.mastodon.params import Flag, Offset, Upto40, read_id
from api.mastodon.schemas import MastodonSearch
from discover.model.views import AccountView, PostView
from discover.services.find.lookup import at_address

router = APIRouter(prefix="/api/v2", tags=["mastodon"])

_KINDS = ("accounts", "statuses", "hashtags")


@router.get(
    "/search",
    response_model=MastodonSearch,
    summary="Search accounts, statuses and hashtags",
    responses=described(400, 422, 503),
)
def get_search(
    request: Request,
    context: ContextDep,
    *,
    q: Annotated[str, Query(description="Words, a handle, a #hashtag, or an address")] = "",
    type: Annotated[  # noqa: A002 -- Mastodon's name
        str, Query(description="Only accounts, statuses or hashtags")
    ] = "",
    resolve: Annotated[
        Flag,
        Query(
            description="Taken, but nothing is fetched for anybody: "
            "what we hold under an address is found with and without it"
        ),
    ] = False,
    account_id: Annotated[
        str | None, Query(description="Only statuses by the account with this id")
    ] = None,
    max_id: Annotated[str | None, Query(description="Only statuses before this one")] = None,
    min_id: Annotated[str | None, Query(description="Only statuses after this one")] = None,
    limit: Upto40 = 20,
    offset: Offset = 0,
) -> Response:
    """Public, with paging, without an account. `following` and `exclude_unreviewed` are ignored:
    nobody is logged in, and everything listed has been asked.
    """
    del resolve
    text = q.strip()
    if not text:
        return refusal(400, "param is missing or the value is empty: q")
    if type and type not in _KINDS:
        return refusal(422, "type must be accounts, statuses or hashtags")
    kinds = (type,) if type else _KINDS
    offset = offset if type else 0
    found: dict[str, list[shapes.Json]] = {kind: [] for kind in _KINDS}
    own = context.own_url
    if text.startswith(("https://", "http://")):
        held = at_address(context, text) if offset == 0 and limit else None
        if isinstance(held, AccountView) and "accounts" in kinds:
            found["accounts"] = [shapes.account(held, own)]
        elif isinstance(held, PostView) and "statuses" in kinds:
            found["statuses"] = statuses(context, [held])
        return reply(found)
    # As Mastodon does: a #hashtag is nobody's name, a handle stands in no text.
    tagged, one_word = text.startswith("#"), not any(map(str.isspace, text))
    addressed = "@" in text
    more = False
    if "accounts" in kinds and not tagged and (one_word or not addressed):
        people, more = find_accounts(context, text, limit, offset)
        found["accounts"] = [shapes.account(view, own) for view in people]
    if "statuses" in kinds and not (addressed and one_word):
        posts, more_posts = find_statuses(
            context,
            text,
            limit,
            offset,
            author=account_id,
            before=read_id(max_id),
            after=read_id(min_id),
        )
        found["statuses"] = statuses(context, posts)
        more = more or more_posts
    if "hashtags" in kinds and not addressed:
        tags, more_tags = find_hashtags(context, text, limit, offset)
        found["hashtags"] = tags
        more = more or more_tags
    headers = by_offset(request, own, offset=offset, limit=limit, more=more) if type else {}
    return reply(found, headers=headers)
