"""Searches by offset, over the search that pages by cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from api.mastodon import shapes
from api.mastodon.params import read_id
from discover.model.views import AccountView, PostView, SearchRequest
from discover.services.context import Context
from discover.services.find.lookup import post_by_id, posts_by_uri
from discover.services.find.search import MAX_LIMIT, search

DEEPEST = 1000  # engines are not asked further


def find_accounts(
    ctx: Context, text: str, limit: int, offset: int
) -> tuple[list[AccountView], bool]:
    """Are there more behind them?"""
    found, more = _found(ctx, SearchRequest(text, kind="accounts"), limit, offset)
    return [one for one in found if isinstance(one, AccountView)], more


def find_statuses(
    ctx: Context,
    text: str,
    limit: int,
    offset: int,
    *,
    author: str | None,
    before: int | None,
    after: int | None,
) -> tuple[list[PostView], bool]:
    """Are there more behind them? An author that is no account wrote nothing."""
    request = SearchRequest(text, kind="posts")
    if author is not None:
        number = read_id(author)
        if number is None:
            return [], False
        request = replace(request, account_ids=(number,))
    # Our ids are in the order of arrival; what is asked for is the order of time.
    if before is not None and (post := post_by_id(ctx, before)):
        request = replace(request, until=post.published)
    if after is not None and (post := post_by_id(ctx, after)):
        request = replace(request, since=post.published)
    found, more = _found(ctx, request, limit, offset)
    views = [one for one in found if isinstance(one, PostView)]
    return [one for one in views if one.id not in (before, after)], more


def statuses(ctx: Context, views: Sequence[PostView]) -> list[shapes.Json]:
    """Posts as Mastodon's statuses, with what they answer to where that may be shown."""
    parents = posts_by_uri(ctx, (one.in_reply_to for one in views if one.in_reply_to))
    return [shapes.status(one, ctx.own_url, parents) for one in views]


def _found(
    ctx: Context, request: SearchRequest, limit: int, offset: int
) -> tuple[list[AccountView | PostView], bool]:
    """What stands at these places of everything that the search shows. Are there more behind it?

    The search is read from its beginning in pages of one size: its own offsets are the engine's,
    which also counts what may not be shown, and its first page may hold people whom the engine
    brings up much later.
    """
    if offset > DEEPEST:
        return [], False
    found: list[AccountView | PostView] = []
    request = replace(request, limit=MAX_LIMIT)
    end = offset + limit
    while True:
        answer = search(ctx, request)
        found += (*answer.accounts, *answer.posts)
        if answer.next is None or len(found) >= end:
            return found[offset:end], answer.next is not None or len(found) > end
        request = replace(request, cursor=answer.next)
