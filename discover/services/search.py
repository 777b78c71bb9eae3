"""Words in, consenting people and posts out."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import orjson
import sqlalchemy as sa

from discover.model.actor import Handle
from discover.model.query import EngineAnswer, EngineQuery, Filters, Hit, Kind, Sort
from discover.model.views import AccountView, BadRequest, PostView, SearchAnswer, SearchRequest
from discover.policy.ranking import diversify
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.hydrate import hydrate
from discover.wire.hashtags import fold

MAX_LIMIT = 40
MAX_WORDS = 300
# Engines page by offset up to here; nobody reads further.
_DEEPEST = 1000
_PHRASE = re.compile(r'"([^"]+)"')
_EXCLUDED = re.compile(r"(?<!\S)-(\w[\w.\-]*)")

_KINDS = {
    "accounts": (Kind.ACCOUNTS,),
    "posts": (Kind.POSTS,),
    "all": (Kind.ACCOUNTS, Kind.POSTS),
}
_BY_HANDLE = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.handle_key == sa.bindparam("handle"))

_NOTHING = EngineAnswer((), more=False)

T = TypeVar("T", AccountView, PostView)


@dataclass(slots=True)
class _Page(Generic[T]):
    """One kind's page while it fills; `after` is the offset behind it, None at the end.

    It can need several looks when the index lags behind many withdrawals.
    """

    query: EngineQuery
    views: list[T] = field(default_factory=list)
    after: int | None = None
    full: bool = False

    def take(self, answer: EngineAnswer, views: list[T]) -> None:
        """`views` are those of the answer's hits that may be shown, in the same order."""
        hits, offset = answer.hits, self.query.offset
        room = self.query.limit - len(self.views)
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
        self.query = replace(self.query, offset=offset)


def search(ctx: Context, request: SearchRequest) -> SearchAnswer:
    """One page. Raises BadRequest for what cannot be asked, EngineUnavailable from the engine."""
    if request.kind not in _KINDS:
        raise BadRequest("type must be accounts, posts or all")
    if not 1 <= request.limit <= MAX_LIMIT:
        raise BadRequest(f"limit must be between 1 and {MAX_LIMIT}")
    if len(request.text) > MAX_WORDS:
        raise BadRequest(f"q must not be longer than {MAX_WORDS} characters")
    kinds = _KINDS[request.kind]
    offsets = _read_cursor(request.cursor) if request.cursor else dict.fromkeys(kinds, 0)
    words = frozenset(filter(None, map(fold, request.text.split())))
    people: _Page[AccountView] = _Page(_query(request, Kind.ACCOUNTS, offsets))
    posts: _Page[PostView] = _Page(_query(request, Kind.POSTS, offsets))
    people.full = Kind.ACCOUNTS not in kinds or Kind.ACCOUNTS not in offsets
    posts.full = Kind.POSTS not in kinds or Kind.POSTS not in offsets
    first = not people.full and people.query.offset == 0
    while not (people.full and posts.full):
        of_people = _NOTHING if people.full else ctx.engine.search(people.query)
        of_posts = _NOTHING if posts.full else ctx.engine.search(posts.query)
        # Read after the engine has answered: nothing shown is older than its hits.
        now = ctx.clock.now()
        with ctx.database.read() as connection:
            found = hydrate(ctx, connection, of_people.hits, of_posts.hits, now, words)
        if not people.full:
            people.take(of_people, found[0])
        if not posts.full:
            posts.take(of_posts, found[1])
    if request.sort is Sort.RELEVANCE:
        people.views = diversify(people.views, _score, lambda one: (one.server, one.uri))
        posts.views = diversify(
            posts.views, _score, lambda one: (one.author.server, one.author.uri)
        )
    if first:
        exact = _exact(ctx, request.text, words)
        known = {one.id for one in exact}
        others = [one for one in people.views if one.id not in known]
        people.views = [*exact, *others][: request.limit]
    following = {
        kind: after
        for kind, after in ((Kind.ACCOUNTS, people.after), (Kind.POSTS, posts.after))
        if after is not None
    }
    return SearchAnswer(tuple(people.views), tuple(posts.views), cursor_at(following))


def _score(view: AccountView | PostView) -> float:
    return view.score


def _query(request: SearchRequest, kind: Kind, offsets: dict[Kind, int]) -> EngineQuery:
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
            account_ids=request.account_ids,
            since=request.since,
            until=request.until,
        ),
        sort=request.sort,
        limit=request.limit,
        offset=offsets.get(kind, 0),
    )


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


def cursor_at(following: dict[Kind, int]) -> str | None:
    """The cursor of the page that starts behind so many hits of each kind (0 to 1000)."""
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
