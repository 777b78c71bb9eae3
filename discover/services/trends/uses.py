"""What posts use, booked to the hour of their publishing: once, and gone with the post.

Every function works inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.post import Post as SeenPost
from discover.policy.origin import host_of
from discover.policy.trends import BASELINE, MOST_LINKS, MOST_TAGS
from discover.services.context import Context
from discover.services.facts import POSTS
from discover.store.bulk import Insert
from discover.store.database import Database, chunks, table
from discover.store.tables import TrendCount, TrendLevel, TrendUse
from discover.wire.links import page_of
from discover.wire.text import read_html

USES = table(TrendUse)
LEVELS = table(TrendLevel)
COUNTS = table(TrendCount)
TAG, LINK, REPLY = "tag", "link", "reply"
POST = "post"  # no use: what others did with a post, counted under its id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_INSERT = Insert(
    TrendUse,
    ("post_id", "kind", "name", "account_id", "hour", "language"),
    unless=("post_id", "kind", "name"),
)

# Statements are made once: to make one costs more than to run it.
_HELD = sa.select(
    POSTS.c.id, POSTS.c.uri, POSTS.c.published, POSTS.c.language, POSTS.c.hashtags,
    POSTS.c.html, POSTS.c.in_reply_to, POSTS.c.sensitive, POSTS.c.content_warning,
).where(
    POSTS.c.account_id == sa.bindparam("account"),
    POSTS.c.published >= sa.bindparam("since", type_=POSTS.c.published.type),
)  # fmt: skip

# A name that nobody uses any more is not kept either.
_NOBODYS = sa.delete(COUNTS).where(
    COUNTS.c.round == 0,
    COUNTS.c.kind != POST,
    ~sa.exists().where(USES.c.kind == COUNTS.c.kind, USES.c.name == COUNTS.c.name),
)
_EMPTY: dict[str, Any] = {
    "round": 0, "counted": False, "servers": [], "days": [], "usual": 0.0,
}  # fmt: skip
_LEAVING = sa.text("SELECT pg_advisory_xact_lock_shared(7210)")
_WAIT = sa.text("SELECT pg_advisory_xact_lock(7210)")


@dataclass(frozen=True, slots=True)
class Using:
    """What a post that may be counted uses."""

    account_id: int
    published: datetime
    language: str
    names: tuple[tuple[str, str], ...]  # kind, name


def hour_of(at: datetime) -> int:
    return (at - _EPOCH) // _HOUR


def may_matter(published: datetime | None, now: datetime) -> bool:
    """Is a post of this age still counted, in a window or in what is usual?"""
    return published is not None and now - published <= BASELINE


def using(post: SeenPost, account_id: int) -> Using:
    assert post.published is not None  # no post without a date is ever allowed
    names = _names(post.uri, post.hashtags, post.links, post.in_reply_to)
    return Using(account_id, post.published, post.language, names)


def book(connection: Connection, posts: Sequence[tuple[int, Using | None]], now: datetime) -> None:
    """Instead of whatever was booked for these posts (id, what it uses; None: may not count)."""
    for part in chunks([number for number, _ in posts]):
        forget(connection, part)
    _insert(connection, posts, now)


def book_new(
    connection: Connection, posts: Sequence[tuple[int, Using | None]], now: datetime
) -> None:
    """As `book`, for posts that were written just now."""
    _insert(connection, posts, now)


def book_account(connection: Connection, account_id: int, now: datetime) -> None:
    """All its posts: it may be counted from now on (it is no bot any more)."""
    found = connection.execute(_HELD, {"account": account_id, "since": now - BASELINE}).all()
    posts = []
    for row in found:
        if row.sensitive or row.content_warning:
            continue
        names = _names(row.uri, row.hashtags, read_html(row.html).links, row.in_reply_to)
        posts.append((row.id, Using(account_id, row.published, row.language, names)))
    book(connection, posts, now)


def forget(connection: Connection, post_ids: Any) -> None:
    """These posts (ids, or a SELECT of them) count no more, neither now nor in what is usual."""
    gone = USES.c.post_id.in_(post_ids)
    touched = sa.select(USES.c.kind, USES.c.name).where(gone)
    answered = (
        sa.select(POSTS.c.id)
        .join(USES, sa.and_(USES.c.kind == REPLY, USES.c.name == POSTS.c.uri))
        .where(gone)
    )
    unheard(connection, answered)
    connection.execute(
        sa.delete(LEVELS).where(sa.tuple_(LEVELS.c.kind, LEVELS.c.name).in_(touched))
    )
    kept = connection.execute(
        sa.update(COUNTS)
        .where(sa.tuple_(COUNTS.c.kind, COUNTS.c.name).in_(touched))
        .values(**_EMPTY)
    ).rowcount
    connection.execute(sa.delete(USES).where(gone))
    if kept:
        connection.execute(_NOBODYS)


def forget_all_counts(connection: Connection) -> None:
    """Nobody's consent is fresh: every number is counted anew when it is asked for."""
    connection.execute(sa.update(COUNTS).values(**_EMPTY))


def unheard(connection: Connection, post_ids: Any) -> None:
    """Somebody takes back what they did with these posts (ids, or a SELECT of them), which have to
    be counted anew. Before it is taken back.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(_LEAVING)
    connection.execute(sa.update(COUNTS).where(_counts_of(post_ids)).values(**_EMPTY))


def forget_heard(connection: Connection, post_ids: Any) -> None:
    """These posts go, and what others did with them is no longer counted."""
    connection.execute(sa.delete(COUNTS).where(_counts_of(post_ids)))


def _counts_of(post_ids: Any) -> sa.ColumnElement[bool]:
    names = sa.select(sa.cast(POSTS.c.id, sa.String)).where(POSTS.c.id.in_(post_ids))
    return sa.and_(COUNTS.c.kind == POST, COUNTS.c.name.in_(names))


def wait_for_leavers(database: Database) -> None:
    """Until every `forget` that has begun is committed. (SQLite writes one after the other.)"""
    if not database.sqlite:
        with database.write() as connection:
            keep_leavers_out(connection)


def keep_leavers_out(connection: Connection) -> None:
    """Every `forget` that has begun is committed, and none begins until this transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(_WAIT)


def forget_old(ctx: Context) -> int:
    """Uses that no window and no baseline reaches any more."""
    oldest = hour_of(ctx.clock.now() - BASELINE) - 24
    with ctx.database.write() as connection:
        return sum(
            connection.execute(
                sa.delete(USES).where(USES.c.kind == kind, USES.c.hour < oldest)
            ).rowcount
            for kind in (TAG, LINK, REPLY)
        )


def _insert(
    connection: Connection, posts: Iterable[tuple[int, Using | None]], now: datetime
) -> None:
    rows = [
        {
            "post_id": number,
            "kind": kind,
            "name": name,
            "account_id": one.account_id,
            "hour": hour_of(min(one.published, now)),  # clocks go wrong, the future is never booked
            "language": one.language,
        }
        for number, one in posts
        if one is not None and may_matter(one.published, now)
        for kind, name in one.names
    ]
    _INSERT(connection, rows)


def _names(
    uri: str, tags: Sequence[str], links: Sequence[str], in_reply_to: str | None
) -> tuple[tuple[str, str], ...]:
    home = host_of(uri)
    pages = (page for link in links if (page := page_of(link)) and host_of(page) != home)
    names = [(TAG, tag) for tag in tags[:MOST_TAGS]]
    names += [(LINK, page) for page in list(dict.fromkeys(pages))[:MOST_LINKS]]
    if in_reply_to:
        names.append((REPLY, in_reply_to))
    return tuple(names)
