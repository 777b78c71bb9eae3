"""Words in, consenting people and posts out."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import orjson
import sqlalchemy as sa

from discover.model.actor import Handle
from discover.model.query import EngineQuery, Filters, Hit, Kind, Sort
from discover.model.views import AccountView, BadRequest, PostView, SearchAnswer, SearchRequest
from discover.policy.ranking import diversify
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.hydrate import hydrate_accounts, hydrate_posts

MAX_LIMIT = 40
MAX_WORDS = 300
# Engines page by offset up to here; nobody reads further.
_DEEPEST = 1000
_SPARE = 5  # hits asked for beyond the page, in place of those that consent takes out
_PHRASE = re.compile(r'"([^"]+)"')
_EXCLUDED = re.compile(r"(?<!\S)-(\w[\w.\-]*)")

T = TypeVar("T", AccountView, PostView)


def search(ctx: Context, request: SearchRequest) -> SearchAnswer:
    """One page. Raises BadRequest for what cannot be asked, EngineUnavailable from the engine."""
    kinds = {
        "accounts": [Kind.ACCOUNTS],
        "posts": [Kind.POSTS],
        "all": [Kind.ACCOUNTS, Kind.POSTS],
    }.get(request.kind)
    if kinds is None:
        raise BadRequest("type must be accounts, posts or all")
    if not 1 <= request.limit <= MAX_LIMIT:
        raise BadRequest(f"limit must be between 1 and {MAX_LIMIT}")
    if len(request.text) > MAX_WORDS:
        raise BadRequest(f"q must not be longer than {MAX_WORDS} characters")
    offsets = _read_cursor(request.cursor) if request.cursor else dict.fromkeys(kinds, 0)
    accounts: list[AccountView] = []
    posts: list[PostView] = []
    following: dict[Kind, int] = {}
    if Kind.ACCOUNTS in kinds and Kind.ACCOUNTS in offsets:
        query = _query(request, Kind.ACCOUNTS, offsets[Kind.ACCOUNTS])
        accounts, after = _page(ctx, query, request.limit, _accounts_of(ctx))
        if request.sort is Sort.RELEVANCE:
            accounts = diversify(accounts, lambda one: one.score, lambda one: (one.server, one.uri))
        if offsets[Kind.ACCOUNTS] == 0:
            accounts = _exact_first(ctx, request, accounts)[: request.limit]
        if after is not None:
            following[Kind.ACCOUNTS] = after
    if Kind.POSTS in kinds and Kind.POSTS in offsets:
        query = _query(request, Kind.POSTS, offsets[Kind.POSTS])
        posts, after = _page(ctx, query, request.limit, _posts_of(ctx))
        if request.sort is Sort.RELEVANCE:
            posts = diversify(
                posts, lambda one: one.score, lambda one: (one.author.server, one.author.uri)
            )
        if after is not None:
            following[Kind.POSTS] = after
    return SearchAnswer(tuple(accounts), tuple(posts), _write_cursor(following))


def _query(request: SearchRequest, kind: Kind, offset: int) -> EngineQuery:
    text = request.text
    phrases = tuple(_PHRASE.findall(text))
    text = _PHRASE.sub(" ", text)
    excluded = tuple(_EXCLUDED.findall(text))
    text = _EXCLUDED.sub(" ", text)
    tags = request.tags
    return EngineQuery(
        kind=kind,
        text=" ".join(text.replace('"', " ").split()),
        phrases=phrases,
        exclude=excluded,
        filters=Filters(
            languages=tuple(language.lower().partition("-")[0] for language in request.languages),
            servers=tuple(server.lower() for server in request.servers),
            tags=tags,
            bot=request.bot,
            media=request.media if kind is Kind.POSTS else (),
            since=request.since,
            until=request.until,
        ),
        sort=request.sort,
        limit=min(request.limit + _SPARE, 200),
        offset=offset,
    )


def _page(
    ctx: Context,
    query: EngineQuery,
    limit: int,
    hydrate: Callable[[tuple[Hit, ...]], list[T]],
) -> tuple[list[T], int | None]:
    """One page of views and the offset after it, None at the end.

    A page can need several looks when the index lags behind many withdrawals.
    """
    views: list[T] = []
    offset = query.offset
    while True:
        answer = ctx.engine.search(replace(query, offset=offset))
        found = {view.id: view for view in hydrate(answer.hits)}
        for place, hit in enumerate(answer.hits):
            view = found.get(hit.id)
            if view is None:
                continue
            views.append(view)
            if len(views) == limit:
                after = offset + place + 1
                more = place + 1 < len(answer.hits) or answer.more
                return views, after if more and after < _DEEPEST else None
        offset += len(answer.hits)
        if not answer.more or not answer.hits or offset >= _DEEPEST:
            return views, None


def _accounts_of(ctx: Context) -> Callable[[tuple[Hit, ...]], list[AccountView]]:
    def hydrate(hits: tuple[Hit, ...]) -> list[AccountView]:
        with ctx.database.read() as connection:
            return hydrate_accounts(ctx, connection, hits, ctx.clock.now())

    return hydrate


def _posts_of(ctx: Context) -> Callable[[tuple[Hit, ...]], list[PostView]]:
    def hydrate(hits: tuple[Hit, ...]) -> list[PostView]:
        with ctx.database.read() as connection:
            return hydrate_posts(ctx, connection, hits, ctx.clock.now())

    return hydrate


def _exact_first(
    ctx: Context, request: SearchRequest, accounts: list[AccountView]
) -> list[AccountView]:
    """Who types a whole handle means that account."""
    try:
        handle = Handle.parse(request.text)
    except ValueError:
        return accounts
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        ids = connection.scalars(
            sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.handle_key == handle.key)
        ).all()
        exact = hydrate_accounts(ctx, connection, [Hit(i, 1.0) for i in ids], now)
    known = {one.id for one in exact}
    return exact + [one for one in accounts if one.id not in known]


def _write_cursor(following: dict[Kind, int]) -> str | None:
    if not following:
        return None
    packed = orjson.dumps({kind.value: offset for kind, offset in following.items()})
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _read_cursor(cursor: str) -> dict[Kind, int]:
    try:
        packed = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        offsets = {Kind(name): offset for name, offset in packed.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise BadRequest("cursor is not one that we gave out") from error
    if not all(type(offset) is int and 0 <= offset <= _DEEPEST for offset in offsets.values()):
        raise BadRequest("cursor is not one that we gave out")
    return offsets
