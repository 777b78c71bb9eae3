"""Words in, consenting people and posts out."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import orjson
import sqlalchemy as sa

from discover.model.actor import Handle
from discover.model.query import EngineAnswer, EngineQuery, Filters, Hit, Kind, Sort, Without
from discover.model.views import AccountView, BadRequest, PostView, SearchAnswer, SearchRequest
from discover.policy.asking import Asked
from discover.policy.languages import covered
from discover.policy.ranking import diversify
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.hydrate import hydrate
from discover.services.topics import search as topic_search
from discover.services.topics.search import named
from discover.wire.hashtags import fold
from discover.wire.operators import Typed, Unwanted, parse

MAX_LIMIT = 40
MAX_WORDS = 300
# Engines page by offset up to here; nobody reads further.
_DEEPEST = 1000
# When few of the first hits may be shown, many are looked at together.
_NEXT_LOOKS = 200
_SHOWN = "shown"
# `from:marta` is looked for among so many accounts that the engine brings up for the name.
_NAMESAKES = 50

_KINDS = {
    "accounts": (Kind.ACCOUNTS,),
    "posts": (Kind.POSTS,),
    "all": (Kind.ACCOUNTS, Kind.POSTS),
}
_HANDLES = sa.select(ACCOUNTS.c.id, ACCOUNTS.c.handle_key).where(
    ACCOUNTS.c.id.in_(sa.bindparam("ids", expanding=True))
)
_BY_HANDLE = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.handle_key == sa.bindparam("handle"))

_NONE = ("-",)  # no language, host or medium is called so
_NOTHING = EngineAnswer((), more=False)

T = TypeVar("T", AccountView, PostView)


@dataclass(slots=True)
class _Page(Generic[T]):
    """One kind's page while it fills; `after` is the offset behind it, None at the end.

    It can need several looks when the index lags behind many withdrawals.
    """

    query: EngineQuery
    limit: int
    views: list[T] = field(default_factory=list)
    after: int | None = None
    full: bool = False

    def take(self, answer: EngineAnswer, views: list[T]) -> None:
        """`views` are those of the answer's hits that may be shown, in the same order."""
        hits, offset = answer.hits, self.query.offset
        room = self.limit - len(self.views)
        self.views += views[:room]
        if len(views) >= room:
            last = views[room - 1].id
            place = next(place for place, hit in enumerate(hits) if hit.id == last)
            after = offset + place + 1
            more = place + 1 < len(hits) or answer.more
            self.after = after if more and after < _DEEPEST else None
            self.full = True
            return
        offset += len(hits)
        self.full = not answer.more or not hits or offset >= _DEEPEST
        self.query = replace(self.query, offset=offset, limit=_NEXT_LOOKS)


def search(ctx: Context, request: SearchRequest) -> SearchAnswer:
    """One page. The text may hold operators (`discover.wire.operators`).

    Raises BadRequest for what cannot be asked, EngineUnavailable from the engine.
    """
    _check(request)
    kinds = _KINDS[request.kind]
    offsets, shown = dict.fromkeys(kinds, 0), frozenset[int]()
    if request.cursor:
        offsets, shown = _read_cursor(request.cursor)
    typed = parse(request.text)
    words = frozenset(filter(None, map(fold, (*typed.text.split(), *typed.tags))))
    authors = _authors(ctx, typed.accounts)
    if request.account_ids:
        ids = request.account_ids
        authors = tuple(one for one in ids if one in authors) if typed.accounts else ids
    topic = _topic(request, typed, authors)
    if topic is not None:
        typed = replace(typed, text=topic.words)  # of "people who love astronomy" the last
    without = _without(ctx, typed.without)
    of_people, of_posts = (
        _query(request, typed, authors, without, kind, offsets)
        for kind in (Kind.ACCOUNTS, Kind.POSTS)
    )
    people: _Page[AccountView] = _Page(of_people, request.limit)
    posts: _Page[PostView] = _Page(of_posts, request.limit)
    nobody = bool(typed.accounts or request.account_ids) and not authors
    people.full = Kind.ACCOUNTS not in kinds or Kind.ACCOUNTS not in offsets
    people.full = people.full or nobody or typed.posts_only
    posts.full = Kind.POSTS not in kinds or Kind.POSTS not in offsets or nobody
    first = not people.full and people.query.offset == 0 and not shown
    exact = _exact(ctx, request.text, words)[: request.limit] if first else []
    if exact:
        shown = frozenset(one.id for one in exact)
        people.limit -= len(exact)
        if not people.limit:
            people.full, people.after = True, 0
    while not (people.full and posts.full):
        asked = [page.query for page in (people, posts) if not page.full]
        answers = ctx.engine.search_together(asked)
        hits_people = _NOTHING if people.full else answers[0]
        hits_posts = _NOTHING if posts.full else answers[-1]
        # Read after the engine has answered: nothing shown is older than its hits.
        now = ctx.clock.now()
        with ctx.database.read() as connection:
            found = hydrate(ctx, connection, hits_people.hits, hits_posts.hits, now, words)
        if not people.full:
            people.take(hits_people, [one for one in found[0] if one.id not in shown])
        if not posts.full:
            posts.take(hits_posts, found[1])
    if first and topic is not None and _bring_people(ctx, topic, people, words):
        shown |= {one.id for one in people.views}
    if request.sort is Sort.RELEVANCE:
        people.views = diversify(people.views, _score, lambda one: (one.server, one.uri))
        posts.views = diversify(
            posts.views, _score, lambda one: (one.author.server, one.author.uri)
        )
    people.views = [*exact, *people.views]
    following = {
        kind: after
        for kind, after in ((Kind.ACCOUNTS, people.after), (Kind.POSTS, posts.after))
        if after is not None
    }
    return SearchAnswer(tuple(people.views), tuple(posts.views), cursor_at(following, shown))


def _check(request: SearchRequest) -> None:
    if request.kind not in _KINDS:
        raise BadRequest("type must be accounts, posts or all")
    if not 1 <= request.limit <= MAX_LIMIT:
        raise BadRequest(f"limit must be between 1 and {MAX_LIMIT}")
    if len(request.text) > MAX_WORDS:
        raise BadRequest(f"q must not be longer than {MAX_WORDS} characters")


def _topic(request: SearchRequest, typed: Typed, authors: tuple[int, ...]) -> Asked | None:
    """The topic that the words name, if nothing else is asked for."""
    narrowed = (
        authors or typed.phrases or typed.exclude or typed.tags or request.tags
        or request.since or request.until or typed.since or typed.until
        or typed.without.accounts or typed.without.tags
    )  # fmt: skip
    return named(typed.text) if request.sort is Sort.RELEVANCE and not narrowed else None


def _bring_people(
    ctx: Context, topic: Asked, people: _Page[AccountView], words: frozenset[str]
) -> bool:
    """The topic's people beside those that the engine found, ranked as one.

    True when not all of them have room: then the engine is read again from its beginning, and
    whoever was shown is passed over.
    """
    if topic.guessed and topic_search.written_so(topic, people.views):
        return False  # it was no mistake
    filters, limit = people.query.filters, people.limit
    with ctx.database.read() as connection:
        known = {one.id for one in people.views}
        hits = [
            hit
            for hit in topic_search.people(connection, topic, limit, bots=filters.bot is not False)
            if hit.id not in known
        ]
        more = [
            view
            for view in hydrate(ctx, connection, hits, (), ctx.clock.now(), words)[0]
            if filters.bot in (None, view.bot)
            and (not filters.servers or view.server in filters.servers)
            and (not filters.languages or not set(filters.languages).isdisjoint(view.languages))
            and view.server not in filters.without.servers
            and set(filters.without.languages).isdisjoint(view.languages)
        ]
        ranked = topic_search.rank(connection, topic, [*people.views, *more])
    left = people.after is not None or len(ranked) > limit
    people.views = list(ranked[:limit])
    people.after = 0 if left else None
    return left


def _score(view: AccountView | PostView) -> float:
    return view.score


def _query(
    request: SearchRequest,
    typed: Typed,
    authors: tuple[int, ...],
    without: Without,
    kind: Kind,
    offsets: dict[Kind, int],
) -> EngineQuery:
    """What is typed narrows what the request's own filters ask for; of two dates the stricter."""
    of_posts = kind is Kind.POSTS
    since = [moment for moment in (request.since, typed.since) if moment]
    until = [moment for moment in (request.until, typed.until) if moment]
    return EngineQuery(
        kind=kind,
        text=typed.text,
        phrases=typed.phrases,
        exclude=typed.exclude,
        filters=Filters(
            languages=_narrowed(covered(request.languages), covered(typed.languages)),
            servers=_narrowed([server.lower() for server in request.servers], typed.servers),
            tags=_both(request.tags, typed.tags),
            bot=request.bot if request.bot is not None else typed.bot,
            media=_narrowed(request.media, typed.media) if of_posts else (),
            account_ids=authors,
            sensitive=typed.sensitive if of_posts else None,
            reply=typed.reply if of_posts else None,
            since=max(since, default=None),
            until=min(until, default=None),
            without=without,
        ),
        sort=request.sort,
        limit=request.limit,
        offset=offsets.get(kind, 0),
    )


def _without(ctx: Context, typed: Unwanted) -> Without:
    accounts = _authors(ctx, typed.accounts)
    return Without(covered(typed.languages), typed.servers, typed.tags, typed.media, accounts)


def _narrowed(asked: Sequence[str], typed: Sequence[str]) -> tuple[str, ...]:
    """Any of these will do, and it must be in both lists."""
    if not (asked and typed):
        return tuple(asked or typed)
    return tuple(one for one in asked if one in typed) or _NONE


def _both(asked: Sequence[str], typed: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*asked, *typed)))


def _authors(ctx: Context, names: Sequence[str]) -> tuple[int, ...]:
    """Accounts that `from:` means. Whether they may be shown is asked when they are."""
    found: list[int] = []
    for name in names:
        with ctx.database.read() as connection:
            if "@" in name:
                found += connection.scalars(_BY_HANDLE, {"handle": name})
                continue
        asked = EngineQuery(Kind.ACCOUNTS, text=name, limit=_NAMESAKES, highlight=False)
        ids = [hit.id for hit in ctx.engine.search(asked).hits]
        with ctx.database.read() as connection:
            rows = connection.execute(_HANDLES, {"ids": ids}).all()
        found += [row.id for row in rows if row.handle_key.partition("@")[0] == name]
    return tuple(dict.fromkeys(found))


def _exact(ctx: Context, text: str, words: frozenset[str]) -> list[AccountView]:
    """Who types a whole handle means that account."""
    try:
        handle = Handle.parse(text)
    except ValueError:
        return []
    with ctx.database.read() as connection:
        ids = connection.scalars(_BY_HANDLE, {"handle": handle.key}).all()
        hits = [Hit(number, 1.0) for number in ids]
        words |= {handle.key}
        return hydrate(ctx, connection, hits, (), ctx.clock.now(), words)[0]


def cursor_at(following: dict[Kind, int], shown: Collection[int] = ()) -> str | None:
    """The cursor of the page that starts behind so many hits of each kind (0 to 1000).

    `shown` are people who stood on the first page, out of the engine's order.
    """
    if not following:
        return None
    packed: dict[str, Any] = {kind.value: offset for kind, offset in following.items()}
    if shown and Kind.ACCOUNTS in following:
        packed[_SHOWN] = sorted(shown)
    return base64.urlsafe_b64encode(orjson.dumps(packed)).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[dict[Kind, int], frozenset[int]]:
    try:
        packed = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        shown = packed.pop(_SHOWN, [])
        offsets = {Kind(name): offset for name, offset in packed.items()}
        good = all(type(offset) is int and 0 <= offset <= _DEEPEST for offset in offsets.values())
        good = good and len(shown) <= MAX_LIMIT and all(type(one) is int for one in shown)
    except (ValueError, AttributeError, TypeError) as error:
        raise BadRequest("cursor is not one that we gave out") from error
    if not good:
        raise BadRequest("cursor is not one that we gave out")
    return offsets, frozenset(shown)
