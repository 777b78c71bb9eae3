"""Searches by offset, over the search that pages by cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from api.mastodon import shapes
from api.mastodon.params import read_id
from discover.model.query import Kind
from discover.model.views import AccountView, PostView, SearchAnswer, SearchRequest
from discover.services.context import Context
from discover.services.find.lookup import post_by_id, posts_by_uri
from discover.services.find.search import MAX_LIMIT, cursor_at, search

DEEPEST = 1000  # engines are not asked further


def find_accounts(
    ctx: Context, text: str, limit: int, offset: int
) -> tuple[list[AccountView], bool]:
    """Are there more behind them?"""
    found: list[AccountView] = []
    answer = SearchAnswer()
    for answer in _pages(ctx, SearchRequest(text, kind="accounts"), limit, offset):
        found += answer.accounts
    return found, answer.next is not None


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
    found: list[PostView] = []
    answer = SearchAnswer()
    for answer in _pages(ctx, request, limit, offset):
        found += answer.posts
    return [one for one in found if one.id not in (before, after)], answer.next is not None


def statuses(ctx: Context, views: Sequence[PostView]) -> list[shapes.Json]:
    """Posts as Mastodon's statuses, with what they answer to where that may be shown."""
    parents = posts_by_uri(ctx, (one.in_reply_to for one in views if one.in_reply_to))
    return [shapes.status(one, ctx.own_url, parents) for one in views]


def _pages(ctx: Context, request: SearchRequest, limit: int, offset: int) -> list[SearchAnswer]:
    """As many pages of the search as `limit` needs."""
    kind = Kind(request.kind)
    pages: list[SearchAnswer] = []
    if offset > DEEPEST:
        return pages
    cursor = cursor_at({kind: offset}) if offset else None
    while limit > 0:
        size = min(limit, MAX_LIMIT)
        answer = search(ctx, replace(request, limit=size, cursor=cursor))
        pages.append(answer)
        limit, cursor = limit - size, answer.next
        if cursor is None:
            break
    return pages
