"""Reading an outbox, newest first, in every dialect, until what is known, too old or too much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from discover.model.observed import (
    AccountDue,
    CandidatesSeen,
    Door,
    HostTurn,
    PostMissing,
    PostsSeen,
)
from discover.model.post import Audience, Post
from discover.policy.origin import same_origin
from discover.services.crawl.visiting.documents import Absent, Document, fetch_document, fetch_json
from discover.services.crawl.visiting.tools import Tools
from discover.wire.activity import Boost, Embedded, Gone, Reference, read_item
from discover.wire.collection import Collection, next_page, read_collection
from discover.wire.documents import Json, ParseError
from discover.wire.jsonld import types
from discover.wire.post import parse_post

MOST_ASKED_AGAIN = 20  # known posts that did not come along, fetched one by one
MOST_FEATURED = 20


@dataclass(slots=True)
class Reading:
    """What came of it."""

    stored: int = 0
    total: int | None = None  # totalItems, as the origin counts
    complete: bool = True  # no page failed: what is known now marks where to stop next time


@dataclass(slots=True)
class _Page:
    posts: list[Post] = field(default_factory=list)
    candidates: dict[str, None] = field(default_factory=dict)
    boosted: dict[str, None] = field(default_factory=dict)  # posts of whoever it may be
    fresh: int = 0  # items not met before in this reading
    known_met: bool = False
    too_old: bool = False


class OutboxReader:
    """Reads for one actor. Only what lives on the actor's own host is believed.

    Embedded objects are taken as they stand if their id is on the actor's host and they name the
    actor as author: the outbox came from that host. Bare URIs are fetched, one by one. Boosts
    are hints where to look for other people, never posts.
    """

    def __init__(
        self, tools: Tools, due: AccountDue, turn: HostTurn, actor: str, followers: str | None
    ) -> None:
        self._tools = tools
        self._due = due
        self._turn = turn
        self._actor = actor
        self._followers = followers
        self._met: set[str] = set()  # URIs of all items of this reading
        self._hinted: set[str] = {actor}
        self._oldest: datetime | None = None
        self._held = {**due.known_posts, **due.pushed_posts}
        self._ended = False  # nothing stands behind what was read
        self.reading = Reading()

    async def read(self, url: str) -> None:
        """From the root to the end, the first known post, the oldest wanted, or the page bound."""
        if not same_origin(url, self._actor):
            return
        asked: set[str] = set()
        read_any = False
        following: str | None = url
        pages = 0
        while following is not None and pages < self._tools.outbox_pages:
            asked.add(following)
            collection = await self._collection(following)
            if collection is None:
                self.reading.complete = False
                break
            if collection.total_items is not None and self.reading.total is None:
                self.reading.total = collection.total_items
            read_any = True
            later = next_page(collection, following, asked)
            self._ended = later is None
            if collection.items:
                pages += 1
                page = await self._page(collection, following)
                if page.known_met or page.too_old or not page.fresh:
                    break
            following = later
        if read_any:
            await self._ask_again()

    async def read_featured(self, url: str) -> None:
        """Pinned posts: one document, any age, known or not."""
        if not same_origin(url, self._actor):
            return
        collection = await self._collection(url)
        if collection is not None:
            await self._page(collection, url, most=MOST_FEATURED)

    async def _collection(self, url: str) -> Collection | None:
        doc = await fetch_json(self._tools.fetcher, url, solicited=self._turn.solicited)
        try:
            return read_collection(doc, url) if doc is not None else None
        except ParseError:
            return None

    async def _page(self, collection: Collection, url: str, most: int | None = None) -> _Page:
        page = _Page()
        for raw in collection.items[:most]:
            await self._item(raw, page)
        await self._report(page.posts, url)
        for door, uris in ((Door.MENTION, page.candidates), (Door.BOOST, page.boosted)):
            hints = tuple(uri for uri in uris if uri not in self._hinted)
            if hints:
                self._hinted.update(hints)
                await self._tools.sink(CandidatesSeen(door, uris=hints))
        return page

    async def _item(self, raw: object, page: _Page) -> None:
        item = read_item(raw)
        match item:
            case Embedded(uri=str() as uri):
                if self._first_time(uri, page) and same_origin(uri, self._actor):
                    self._take(item.object, item.activity, page)
            case Reference(uri=uri):
                # Behind a known one all are older: no need to fetch what we did not keep.
                if (
                    self._first_time(uri, page)
                    and not page.known_met
                    and same_origin(uri, self._actor)
                ):
                    await self._fetch(uri, item.activity, page)
            case Boost(uri=uri, author=author, at=at, audience=audience):
                self._first_time(uri, page)
                old = page.too_old or at is None or self._too_old(at)
                if old or audience is not Audience.PUBLIC:
                    return
                if author is not None:
                    page.candidates[author] = None
                else:
                    page.boosted[uri] = None
            case Gone(uri=uri):
                if uri in self._held:
                    self._met.add(uri)
                    await self._tools.sink(PostMissing(uri, self._tools.clock.now()))
            case _:
                pass

    def _first_time(self, uri: str, page: _Page) -> bool:
        if uri in self._due.known_posts:
            page.known_met = True
        if uri in self._met:
            return False
        self._met.add(uri)
        page.fresh += 1
        return True

    async def _fetch(self, uri: str, activity: Json | None, page: _Page) -> None:
        got = await fetch_document(self._tools.fetcher, uri, solicited=self._turn.solicited)
        if isinstance(got, Document) and got.uri == uri:
            self._take(got.doc, activity, page)

    def _take(self, doc: Json, activity: Json | None, page: _Page) -> None:
        post = self._parse(doc, activity)
        if post is None:
            return
        page.posts.append(post)
        old = post.published is None or self._too_old(post.published)
        page.too_old = page.too_old or old
        if post.audience is Audience.PUBLIC and not old:
            # What somebody says in a small circle points us nowhere.
            page.candidates.update(dict.fromkeys(post.mentions))
        if post.published is not None:
            self._oldest = min(self._oldest or post.published, post.published)

    def _too_old(self, at: datetime) -> bool:
        return self._due.posts_since is not None and at < self._due.posts_since

    def _parse(self, doc: Json, activity: Json | None) -> Post | None:
        """A post of this actor on this actor's host, else None."""
        try:
            post = parse_post(
                doc,
                activity=activity,
                author=self._actor,
                followers=self._followers,
                extra_opt_out_tags=self._tools.extra_opt_out_tags,
            )
        except ParseError:
            return None
        own = post.author == self._actor and same_origin(post.uri, self._actor)
        return post if own else None

    async def _report(self, posts: Iterable[Post], url: str) -> None:
        found = tuple(posts)
        if found:
            outcome = await self._tools.sink(
                PostsSeen(self._actor, found, url, self._tools.clock.now())
            )
            self.reading.stored += outcome.stored

    async def _ask_again(self) -> None:
        """Posts held that stand between those just seen were deleted or narrowed: look.

        Older ones are in question only where there is nothing more to read.
        """
        missed = [
            uri
            for uri, published in self._held.items()
            if uri not in self._met
            and (self._ended or self._oldest is None or published >= self._oldest)
        ]
        if self._oldest is None and self._met:
            missed = []  # items, but none readable: nothing can be concluded
        asked = [*missed[:MOST_ASKED_AGAIN], *self._due.unseen_posts]
        for uri in dict.fromkeys(one for one in asked if one not in self._met):
            got = await fetch_document(self._tools.fetcher, uri, solicited=self._turn.solicited)
            if isinstance(got, Absent):
                gone = got.status in (404, 410)
            else:
                gone = isinstance(got, Document) and "Tombstone" in types(got.doc)
            if gone:
                await self._tools.sink(PostMissing(uri, self._tools.clock.now()))
            elif isinstance(got, Document) and got.uri == uri:
                post = self._parse(got.doc, None)
                await self._report([post] if post else [], uri)
