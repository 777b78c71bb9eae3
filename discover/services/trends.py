"""What trends now: hashtags, links and posts that more people than usual speak of.

People are counted who may be counted at this moment; posts that are shown, as trends or as
examples, are asked about again one by one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.trends import TrendingLink, TrendingPost, TrendingTag, TrendRequest
from discover.model.verdict import Reason
from discover.model.views import BadRequest, PostView
from discover.policy.consent import decide_server
from discover.policy.languages import primary
from discover.policy.trends import (
    LONGEST,
    SHORTEST,
    expected,
    language_range,
    ranks,
    rise,
    voices,
)
from discover.services.context import Context
from discover.services.documents import judge_accounts
from discover.services.facts import ACCOUNTS, POSTS, load_servers
from discover.services.hydrate import hydrate_posts
from discover.services.topic_edits import is_banned
from discover.services.trend_levels import (
    ALL_LANGUAGES,
    in_language,
    levels_of,
    window_hours,
)
from discover.services.trend_uses import LEVELS, LINK, REPLY, TAG, USES, hour_of
from discover.services.withdraw import INTERACTIONS
from discover.store.database import chunks
from discover.wire.hashtags import written

# Looked at closely, of whatever is used most above its usual
CANDIDATES = 200
EXAMPLES = 3
_EXAMPLES_READ = 6
_HISTORY_DAYS = 7


@dataclass(slots=True)
class Heard:
    """Who spoke of one thing within the window."""

    people: dict[str, int] = field(default_factory=dict)  # by server
    uses: int = 0
    usual: float = 0.0

    @property
    def rise(self) -> float:
        return rise(voices(self.people.values()), self.usual)


@dataclass(frozen=True, slots=True)
class _Window:
    """A checked request at one moment."""

    now: datetime
    length: timedelta
    language: str | None
    limit: int
    offset: int

    @property
    def since(self) -> int:
        """The first hour that belongs to it; the running one comes on top."""
        return hour_of(self.now) - window_hours(self.length)

    @property
    def today(self) -> int:
        return hour_of(self.now) // 24


def trending_tags(ctx: Context, request: TrendRequest) -> list[TrendingTag]:
    """Highest rank first; [] when nothing trends. Raises BadRequest."""
    window = _window(ctx, request)
    with ctx.database.read() as connection:
        page = _page(_trending(ctx, connection, TAG, window), window)
        names = [name for name, _, _ in page]
        history = _history(ctx, connection, TAG, names, window)
        examples = _examples(ctx, connection, TAG, names, window)
        return [
            TrendingTag(
                name=_spelling(name, examples[name]),
                folded=name,
                rank=rank,
                people=sum(heard.people.values()),
                uses=heard.uses,
                expected=round(heard.usual, 1),
                history=history[name],
                examples=tuple(post.uri for post in examples[name][:EXAMPLES]),
            )
            for name, heard, rank in page
        ]


def trending_links(ctx: Context, request: TrendRequest) -> list[TrendingLink]:
    """Highest rank first; [] when nothing trends. Raises BadRequest."""
    window = _window(ctx, request)
    with ctx.database.read() as connection:
        page = _page(_trending(ctx, connection, LINK, window), window)
        names = [name for name, _, _ in page]
        history = _history(ctx, connection, LINK, names, window)
        examples = _examples(ctx, connection, LINK, names, window)
        return [
            TrendingLink(
                url=name,
                rank=rank,
                people=sum(heard.people.values()),
                uses=heard.uses,
                expected=round(heard.usual, 1),
                title=next((post.title for post in examples[name] if post.title), ""),
                history=history[name],
                examples=tuple(post.uri for post in examples[name][:EXAMPLES]),
            )
            for name, heard, rank in page
        ]


def trending_posts(ctx: Context, request: TrendRequest) -> list[TrendingPost]:
    """Posts that many liked, boosted or answered within the window; one of each author at most.

    Highest rank first; [] when nothing trends. Raises BadRequest.
    """
    window = _window(ctx, request)
    wanted = window.offset + window.limit
    posts: list[TrendingPost] = []
    authors: set[int] = set()
    with ctx.database.read() as connection:
        heard = _heard_posts(ctx, connection, window)
        best = _ranked({number: one for number, one in heard.items() if one.rise > 0})
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


def _window(ctx: Context, request: TrendRequest) -> _Window:
    if not SHORTEST <= request.window <= LONGEST:
        raise BadRequest("window: from one hour to a week")
    try:
        language = language_range(request.language)
    except ValueError as error:
        raise BadRequest(f"lang: {error}") from None
    return _Window(ctx.clock.now(), request.window, language, request.limit, request.offset)


def _trending(
    ctx: Context, connection: Connection, kind: str, window: _Window
) -> list[tuple[str, Heard, int]]:
    """Everything that trends, with its rank, best first."""
    names = _candidates(connection, kind, window)
    if kind == TAG:
        names = [name for name in names if not is_banned(name)]
    heard = _heard(ctx, connection, kind, names, window)
    usual = levels_of(connection, kind, list(heard), window.language, window.today)
    for name, one in heard.items():
        one.usual = expected(usual[name], window.length)
    return _ranked({name: one for name, one in heard.items() if one.rise > 0})


def _ranked(rising: Mapping[Any, Heard]) -> list[tuple[Any, Heard, int]]:
    best = sorted(rising.items(), key=lambda item: (-item[1].rise, -item[1].uses, str(item[0])))
    numbers = ranks([one.rise for _, one in best])
    return [(name, one, rank) for (name, one), rank in zip(best, numbers, strict=True)]


def _page(
    trending: Sequence[tuple[str, Heard, int]], window: _Window
) -> Sequence[tuple[str, Heard, int]]:
    return trending[window.offset : window.offset + window.limit]


def _candidates(connection: Connection, kind: str, window: _Window) -> list[str]:
    """Used most above the usual: uses instead of people, which is much faster to know."""
    uses = sa.func.count().label("uses")
    used = (
        sa.select(USES.c.name, uses)
        .where(USES.c.kind == kind, USES.c.hour >= window.since, in_language(window.language))
        .group_by(USES.c.name)
        .having(uses >= 2)
        .subquery()
    )
    language = primary(window.language) if window.language else ALL_LANGUAGES
    level = sa.and_(
        LEVELS.c.kind == kind, LEVELS.c.name == used.c.name, LEVELS.c.language == language
    )
    above = used.c.uses - sa.func.coalesce(LEVELS.c.uses, 0.0) * (window.length / timedelta(days=1))
    return list(
        connection.scalars(
            sa.select(used.c.name)
            .outerjoin(LEVELS, level)
            .order_by(above.desc(), used.c.name)
            .limit(CANDIDATES)
        )
    )


def _countable(ctx: Context, now: datetime) -> sa.ColumnElement[bool]:
    """Accounts whose consent to be counted is fresh. (A no takes the uses themselves away.)"""
    return sa.and_(
        ACCOUNTS.c.posts_allowed.is_(True),
        ACCOUNTS.c.hidden.is_(False),
        ACCOUNTS.c.evidence_at >= now - ctx.rules.hide_after,
    )


def _heard(
    ctx: Context, connection: Connection, kind: str, names: Collection[str], window: _Window
) -> dict[str, Heard]:
    rows = connection.execute(
        sa.select(
            USES.c.name,
            ACCOUNTS.c.host,
            sa.func.count(USES.c.account_id.distinct()).label("people"),
            sa.func.count().label("uses"),
        )
        .join(ACCOUNTS, ACCOUNTS.c.id == USES.c.account_id)
        .where(
            USES.c.kind == kind,
            USES.c.name.in_(names),
            USES.c.hour >= window.since,
            in_language(window.language),
            _countable(ctx, window.now),
        )
        .group_by(USES.c.name, ACCOUNTS.c.host)
    ).all()
    return _by_server(connection, [(row.name, row.host, row.people, row.uses) for row in rows])


def _heard_posts(ctx: Context, connection: Connection, window: _Window) -> dict[int, Heard]:
    """By the post's id: who liked, boosted or answered it, the author left out."""
    start = window.now - window.length
    acts = sa.union_all(
        sa.select(INTERACTIONS.c.post_id, INTERACTIONS.c.account_id).where(
            INTERACTIONS.c.at >= start
        ),
        sa.select(POSTS.c.id.label("post_id"), USES.c.account_id)
        .join(POSTS, POSTS.c.uri == USES.c.name)
        .where(USES.c.kind == REPLY, USES.c.hour >= window.since),
    ).subquery()
    language: sa.ColumnElement[bool] = sa.true()
    if window.language is not None:
        language = sa.or_(
            POSTS.c.language == window.language, POSTS.c.language.like(f"{window.language}-%")
        )
    others = (
        sa.select(acts.c.post_id, acts.c.account_id)
        .join(POSTS, POSTS.c.id == acts.c.post_id)
        .where(POSTS.c.account_id != acts.c.account_id, language)
        .subquery()
    )
    most = (
        sa.select(others.c.post_id)
        .group_by(others.c.post_id)
        .having(sa.func.count() >= 2)
        .order_by(sa.func.count().desc(), others.c.post_id.desc())
        .limit(CANDIDATES)
    )
    rows = connection.execute(
        sa.select(
            others.c.post_id,
            ACCOUNTS.c.host,
            sa.func.count(others.c.account_id.distinct()).label("people"),
            sa.func.count().label("uses"),
        )
        .join(ACCOUNTS, ACCOUNTS.c.id == others.c.account_id)
        .where(others.c.post_id.in_(most), _countable(ctx, window.now))
        .group_by(others.c.post_id, ACCOUNTS.c.host)
    ).all()
    return _by_server(connection, [(row.post_id, row.host, row.people, row.uses) for row in rows])


def _by_server(
    connection: Connection, rows: Sequence[tuple[Any, str, int, int]]
) -> dict[Any, Heard]:
    """Without the people of servers that are out, or that we cannot be sure of now."""
    servers = load_servers(connection, {host for _, host, _, _ in rows})
    in_reach = {host for host, facts in servers.items() if _counts(decide_server(facts).reasons)}
    heard: dict[Any, Heard] = defaultdict(Heard)
    for name, host, people, uses in rows:
        if host in in_reach:
            heard[name].people[host] = people
            heard[name].uses += uses
    return heard


def _counts(reasons: Iterable[Reason]) -> bool:
    """People may have opted in themselves, without their server."""
    return {Reason.SERVER_OPTED_IN, Reason.SERVER_NOT_OPTED_IN}.issuperset(reasons)


def _history(
    ctx: Context, connection: Connection, kind: str, names: Sequence[str], window: _Window
) -> dict[str, tuple[tuple[int, int, int], ...]]:
    day = (USES.c.hour // 24).label("day")
    first = window.today - _HISTORY_DAYS + 1
    rows = connection.execute(
        sa.select(
            USES.c.name,
            day,
            sa.func.count(USES.c.account_id.distinct()).label("people"),
            sa.func.count().label("uses"),
        )
        .join(ACCOUNTS, ACCOUNTS.c.id == USES.c.account_id)
        .where(
            USES.c.kind == kind,
            USES.c.name.in_(names),
            USES.c.hour >= first * 24,
            in_language(window.language),
            _countable(ctx, window.now),
        )
        .group_by(USES.c.name, day)
    )
    days = {(row.name, row.day): (row.people, row.uses) for row in rows}
    return {
        name: tuple(
            (number * 86_400, *days.get((name, number), (0, 0)))
            for number in range(window.today, first - 1, -1)
        )
        for name in names
    }


def _examples(
    ctx: Context, connection: Connection, kind: str, names: Sequence[str], window: _Window
) -> dict[str, list[PostView]]:
    """The newest posts of different people about each name."""
    place = sa.func.row_number().over(
        partition_by=USES.c.name, order_by=(USES.c.hour.desc(), USES.c.post_id.desc())
    )
    newest = (
        sa.select(USES.c.name, USES.c.post_id, place.label("place"))
        .where(
            USES.c.kind == kind,
            USES.c.name.in_(names),
            USES.c.hour >= window.since,
            in_language(window.language),
        )
        .subquery()
    )
    rows = connection.execute(
        sa.select(newest.c.name, newest.c.post_id)
        .where(newest.c.place <= _EXAMPLES_READ)
        .order_by(newest.c.name, newest.c.place)
    ).all()
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
