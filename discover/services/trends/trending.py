"""What trends now: hashtags, links and posts that more people than usual speak of.

People are counted who may be counted at this moment; posts that are shown, as trends or as
examples, are asked about again one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.trends import TrendingLink, TrendingPost, TrendingTag, TrendRequest
from discover.model.views import BadRequest, PostView
from discover.policy.trends import (
    LONGEST,
    SHORTEST,
    expected,
    language_range,
    ranks,
)
from discover.services.context import Context
from discover.services.hydrate import hydrate_posts
from discover.services.index.documents import judge_accounts
from discover.services.topics.edits import is_banned
from discover.services.trends.counts import Kept, kept
from discover.services.trends.heard import (
    Days,
    Heard,
    Window,
    candidates,
    heard,
    history,
    in_reach,
)
from discover.services.trends.heard_posts import most_heard, posts_by_server
from discover.services.trends.levels import in_language, levels_of
from discover.services.trends.uses import LINK, POST, TAG, USES
from discover.store.database import chunks
from discover.wire.hashtags import written
from discover.wire.link_titles import Said, common_title

EXAMPLES = 3
_EXAMPLES_READ = 6


@dataclass(frozen=True, slots=True)
class _About:
    """A hashtag or link that trends, with posts that may be shown."""

    name: str
    heard: Heard
    rank: int
    days: Days
    posts: list[PostView]

    @property
    def counted(self) -> dict[str, Any]:
        """What is told of both."""
        return {
            "rank": self.rank,
            "people": sum(self.heard.people.values()),
            "uses": self.heard.uses,
            "expected": round(self.heard.usual, 1),
            "history": tuple((day * 86_400, people, uses) for day, people, uses in self.days),
            "examples": tuple(post.uri for post in self.posts[:EXAMPLES]),
        }


def trending_tags(ctx: Context, request: TrendRequest) -> list[TrendingTag]:
    """Highest rank first; [] when nothing trends. Raises BadRequest."""
    return [
        TrendingTag(name=_spelling(one.name, one.posts), folded=one.name, **one.counted)
        for one in _spoken_of(ctx, TAG, request)
    ]


def trending_links(ctx: Context, request: TrendRequest) -> list[TrendingLink]:
    """Highest rank first; [] when nothing trends. Raises BadRequest."""
    return [
        TrendingLink(
            url=one.name, title=common_title(map(_said_by, one.posts), one.name), **one.counted
        )
        for one in _spoken_of(ctx, LINK, request)
    ]


def _spoken_of(ctx: Context, kind: str, request: TrendRequest) -> list[_About]:
    window = _window(ctx, request)
    with ctx.database.read() as connection:
        known = kept(ctx, connection, kind, window)
        page = _page(_trending(ctx, connection, kind, window, known), window)
        names = [name for name, _, _ in page]
        days = _days(ctx, connection, kind, names, window, known)
        examples = _examples(ctx, connection, kind, names, window)
    return [_About(name, heard, rank, days[name], examples[name]) for name, heard, rank in page]


def trending_posts(ctx: Context, request: TrendRequest) -> list[TrendingPost]:
    """Posts that many liked, boosted or answered within the window; one of each author at most.

    Highest rank first; [] when nothing trends. Raises BadRequest.
    """
    window = _window(ctx, request)
    wanted = window.offset + window.limit
    posts: list[TrendingPost] = []
    authors: set[int] = set()
    with ctx.database.read() as connection:
        best = _ranked(_heard_posts(ctx, connection, window))
        for part in chunks(best, max(2 * window.limit, 10)):
            shown = _may_trend(ctx, connection, [number for number, _, _ in part], window.now)
            for number, _, rank in part:
                post = shown.get(number)
                if post is not None and post.author.id not in authors:
                    authors.add(post.author.id)
                    posts.append(TrendingPost(post, rank))
            if len(posts) >= wanted:
                break
    return posts[window.offset : wanted]


def _window(ctx: Context, request: TrendRequest) -> Window:
    if not SHORTEST <= request.window <= LONGEST:
        raise BadRequest("window: from one hour to a week")
    try:
        language = language_range(request.language)
    except ValueError as error:
        raise BadRequest(f"lang: {error}") from None
    return Window(ctx.clock.now(), request.window, language, request.limit, request.offset)


def _trending(
    ctx: Context, connection: Connection, kind: str, window: Window, known: Kept | None
) -> list[tuple[str, Heard, int]]:
    """Everything that trends, with its rank, best first."""
    if known is None:
        names = candidates(connection, kind, window)
        people = heard(ctx, connection, kind, names, window)
        usual = levels_of(connection, kind, list(people), window.language, window.today)
        for name, one in people.items():
            one.usual = expected(usual[name], window.length)
    else:
        people = known.heard
    if kind == TAG:
        people = {name: one for name, one in people.items() if not is_banned(name)}
    return _ranked(people)


def _ranked(people: Mapping[Any, Heard]) -> list[tuple[Any, Heard, int]]:
    """Those that rise, best first."""
    rising = [(name, one, rise) for name, one in people.items() if (rise := one.rise) > 0]
    rising.sort(key=lambda item: (-item[2], -item[1].uses, str(item[0])))
    numbers = ranks([rise for _, _, rise in rising])
    return [(name, one, rank) for (name, one, _), rank in zip(rising, numbers, strict=True)]


def _page(
    trending: Sequence[tuple[str, Heard, int]], window: Window
) -> Sequence[tuple[str, Heard, int]]:
    return trending[window.offset : window.offset + window.limit]


def _heard_posts(ctx: Context, connection: Connection, window: Window) -> dict[int, Heard]:
    """By the post's id: who liked, boosted or answered it, the author left out."""
    known = kept(ctx, connection, POST, window)
    if known is not None:
        people = known.heard
    else:
        names = most_heard(connection, window)
        people = in_reach(connection, posts_by_server(ctx, connection, names, window))
    return {int(name): one for name, one in people.items()}


def _days(
    ctx: Context,
    connection: Connection,
    kind: str,
    names: Sequence[str],
    window: Window,
    known: Kept | None,
) -> dict[str, Days]:
    days = known.days if known is not None else {}
    missing = [name for name in names if name not in days]
    return {**days, **(history(ctx, connection, kind, missing, window) if missing else {})}


def _said_by(post: PostView) -> Said:
    return Said(post.title, post.html, post.link_titles)


def _examples(
    ctx: Context, connection: Connection, kind: str, names: Sequence[str], window: Window
) -> dict[str, list[PostView]]:
    """The newest posts of different people about each name."""
    newest = (
        sa.select(USES.c.name, USES.c.post_id)
        .where(
            USES.c.kind == kind,
            USES.c.name == sa.bindparam("asked"),
            USES.c.hour >= window.since,
            in_language(window.language),
        )
        .order_by(USES.c.hour.desc(), USES.c.post_id.desc())
        .limit(_EXAMPLES_READ)
    )
    # one by one: each ends after a few rows of the index, however much a name is used
    rows = [row for name in names for row in connection.execute(newest, {"asked": name})]
    shown = _may_trend(ctx, connection, list({row.post_id for row in rows}), window.now)
    examples: dict[str, list[PostView]] = {name: [] for name in names}
    for row in rows:
        post = shown.get(row.post_id)
        if post is not None and all(one.author.id != post.author.id for one in examples[row.name]):
            examples[row.name].append(post)
    return examples


def _may_trend(
    ctx: Context, connection: Connection, ids: Sequence[int], now: datetime
) -> dict[int, PostView]:
    """Those that may be shown and counted at this moment."""
    posts = hydrate_posts(ctx, connection, ids, now)
    judged = judge_accounts(ctx, connection, {post.author.id for post in posts}, now)
    return {
        post.id: post
        for post in posts
        if not post.sensitive and judged[post.author.id].verdict.trends.allowed
    }


def _spelling(name: str, posts: Iterable[PostView]) -> str:
    """As most of these people write it."""
    spellings: Counter[str] = Counter()
    for post in posts:
        spellings.update(written(f"{post.title}\n{post.text}", name))
    return max(spellings, key=lambda one: (spellings[one], one), default=name)
