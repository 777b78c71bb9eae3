"""Accounts by handle, by id and by search; one's statuses; the directory."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import ContextDep
from api.mastodon import shapes
from api.mastodon.dialect import NotFound, by_offset, described, link, reply
from api.mastodon.finding import find_accounts, statuses
from api.mastodon.params import Flag, Offset, Upto40, Upto80, read_id
from api.mastodon.schemas import MastodonAccount, MastodonStatus
from discover.model.actor import Handle
from discover.services.context import Context
from discover.services.find.accounts import find_account
from discover.services.find.directory import Between, account_posts, directory
from discover.services.find.lookup import account_by_id, post_by_id
from discover.wire.hashtags import fold

router = APIRouter(prefix="/api/v1", tags=["mastodon"])

Id = Annotated[str, Path(description="Our id, as given out here")]


@router.get(
    "/accounts/lookup",
    response_model=MastodonAccount,
    summary="The account with this handle",
    responses=described(404, 503),
)
def get_lookup(
    context: ContextDep,
    acct: Annotated[str, Query(description="`user@host`, with or without a leading @")] = "",
) -> Response:
    """What we hold; nothing is asked of another server. A handle without a host is nobody here."""
    try:
        view = find_account(context, Handle.parse(acct))
    except ValueError:
        view = None
    if view is None:
        raise NotFound
    return reply(shapes.account(view, context.own_url))


@router.get(
    "/accounts/search",
    response_model=list[MastodonAccount],
    summary="Search accounts",
    responses=described(422, 503),
)
def get_accounts_search(
    request: Request,
    context: ContextDep,
    q: Annotated[str, Query(description="Words or a handle")] = "",
    limit: Upto80 = 40,
    offset: Offset = 0,
) -> Response:
    """`resolve` fetches nothing here, `following` is ignored: nobody is logged in."""
    text = q.strip()
    found, more = find_accounts(context, text, limit, offset) if text else ([], False)
    own = context.own_url
    headers = by_offset(request, own, offset=offset, limit=limit, more=more)
    return reply([shapes.account(view, own) for view in found], headers=headers)


def show(context: Context, number: str) -> Response:
    """`GET /api/v1/accounts/{id}`: the route is shared with our own, which takes handles."""
    found = read_id(number)
    view = account_by_id(context, found) if found else None
    if view is None:
        raise NotFound
    return reply(shapes.account(view, context.own_url))


@router.get(
    "/accounts/{id}/statuses",
    response_model=list[MastodonStatus],
    summary="An account's indexed statuses, newest first",
    responses=described(404, 503),
)
def get_statuses(
    request: Request,
    context: ContextDep,
    *,
    id: Id,  # noqa: A002 -- Mastodon's name
    limit: Upto40 = 20,
    max_id: Annotated[str | None, Query(description="Only those before this one")] = None,
    since_id: Annotated[str | None, Query(description="Only those after this one")] = None,
    min_id: Annotated[
        str | None, Query(description="Those right after this one, not the newest")
    ] = None,
    only_media: Annotated[Flag, Query(description="Only those with media")] = False,
    exclude_replies: Annotated[Flag, Query(description="No answers")] = False,
    pinned: Annotated[Flag, Query(description="Pinned ones: none is known here")] = False,
    tagged: Annotated[str, Query(description="Only those with this hashtag")] = "",
) -> Response:
    """Only posts whose author lets them be searched. Boosts are not held, so never shown."""
    number = read_id(id)
    if number is None or account_by_id(context, number) is None:
        raise NotFound
    if pinned or not limit:
        return reply([])
    after = read_id(min_id) or read_id(since_id)
    page = account_posts(
        context,
        number,
        limit=limit,
        between=Between(read_id(max_id), after, nearest=read_id(min_id) is not None),
        media=only_media,
        replies=not exclude_replies,
        tag=fold(tagged),
    )
    older = {"max_id": page.posts[-1].id} if page.more else None
    newer = {"min_id": page.posts[0].id} if page.posts else None
    headers = link(request, context.own_url, next=older, prev=newer)
    return reply(statuses(context, page.posts), headers=headers)


@router.get(
    "/statuses/{id}",
    response_model=MastodonStatus,
    summary="One indexed status",
    responses=described(404, 503),
)
def get_status(
    context: ContextDep,
    id: Id,  # noqa: A002 -- Mastodon's name
) -> Response:
    number = read_id(id)
    view = post_by_id(context, number) if number else None
    if view is None:
        raise NotFound
    return reply(statuses(context, [view])[0])


@router.get(
    "/directory",
    response_model=list[MastodonAccount],
    summary="Listed accounts",
    responses=described(503),
)
def get_directory(
    request: Request,
    context: ContextDep,
    *,
    order: Annotated[
        str, Query(description="active: who posted last comes first; new: who came last")
    ] = "active",
    local: Annotated[
        Flag, Query(description="Only accounts of this server: it has none, so an empty list")
    ] = False,
    limit: Upto80 = 40,
    offset: Offset = 0,
) -> Response:
    """Everybody who is listed, bots too; accounts that never posted are only in `new`."""
    own = context.own_url
    if local or not limit:
        return reply([])
    known = order if order == "new" else "active"
    found, more = directory(context, known, limit=limit, offset=offset)
    headers = by_offset(request, own, offset=offset, limit=limit, more=more)
    return reply([shapes.account(view, own) for view in found], headers=headers)
