"""Posts were seen: judge each, write the allowed ones, remove what is no longer allowed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.observed import Outcome, PostMissing, PostsSeen
from discover.model.post import Post as SeenPost
from discover.policy.consent import (
    RULE_VERSION,
    Author,
    PostFacts,
    author_of,
    decide_account,
    decide_post,
    must_purge,
    trend_of,
)
from discover.policy.languages import written
from discover.services.consent import outs
from discover.services.consent.withdraw import withdraw_post_ids
from discover.services.consent.withdrawals import Because
from discover.services.context import Context
from discover.services.facts import (
    ACCOUNT_FACTS,
    ACCOUNTS,
    POSTS,
    account_facts,
    load_persons,
    load_servers,
)
from discover.services.federation import mentions
from discover.services.index import outbox
from discover.services.trends import uses as trend_uses
from discover.store.bulk import Insert
from discover.store.lookup import Lookup, among
from discover.store.tables import Post

# How often somebody posts is measured over the newest posts of this long.
_RATE_WINDOW = timedelta(days=30)
# What is compared to tell an edit from a post seen again
_CONTENT = (
    "url", "audience", "updated", "title", "text", "html", "content_warning", "sensitive",
    "language", "hashtags", "media", "emojis", "link_titles", "in_reply_to", "searchable_by",
    "opt_out_tags",
)  # fmt: skip
# Others' doing, which says nothing new about the post
_COUNTS = ("replies", "likes", "shares")

# That a post still stands is noted so often, to know which were not seen for long.
_SEEN_AGAIN = timedelta(days=7)

# Statements are made once: to make one costs more than to run it.
_INSERT = Insert(
    Post,
    (
        "uri", "account_id", "type", "url", "audience", "published", "updated", "title", "text",
        "html", "content_warning", "sensitive", "language", "hashtags", "media", "emojis",
        "link_titles", "in_reply_to", "searchable_by", "opt_out_tags", "source_url", "seen_at",
        "rule_version",
        *_COUNTS,
    ),
)  # fmt: skip
_IDS = Lookup(sa.select(POSTS.c.id, POSTS.c.uri).where(among(POSTS.c.uri)))
_AUTHORS = Lookup(sa.select(*ACCOUNT_FACTS).where(among(ACCOUNTS.c.uri)))
_HELD = Lookup(
    sa.select(
        POSTS.c.id,
        POSTS.c.uri,
        POSTS.c.account_id,
        POSTS.c.seen_at,
        *(POSTS.c[name] for name in (*_CONTENT, *_COUNTS)),
    ).where(among(POSTS.c.uri))
)
_UPDATE = sa.update(POSTS).where(POSTS.c.id == sa.bindparam("post"))
_ONE = sa.select(POSTS.c.id, POSTS.c.account_id).where(POSTS.c.uri == sa.bindparam("uri"))
_ACTIVITY = Lookup(
    sa.select(
        POSTS.c.account_id,
        POSTS.c.language,
        sa.func.max(POSTS.c.published).label("newest"),
        sa.func.count().label("number"),
        sa.func.count()
        .filter(POSTS.c.published > sa.bindparam("since", type_=POSTS.c.published.type))
        .label("recent"),
    )
    .where(among(POSTS.c.account_id))
    .group_by(POSTS.c.account_id, POSTS.c.language)
)
_NOTE_ACTIVITY = sa.update(ACCOUNTS).where(ACCOUNTS.c.id == sa.bindparam("account"))


@dataclass(slots=True)
class _Sorted:
    """What is to be written for a group of observations."""

    new: dict[str, dict[str, Any]] = field(default_factory=dict)  # by URI
    changed: dict[int, dict[str, Any]] = field(default_factory=dict)  # by id
    # By id: nothing but counts changed, or it was last seen long ago
    counted: dict[int, dict[str, Any]] = field(default_factory=dict)
    gone: dict[int, None] = field(default_factory=dict)  # ids
    using: dict[str, trend_uses.Using] = field(default_factory=dict)  # by URI
    saying: dict[str, mentions.Said] = field(default_factory=dict)  # by URI
    touched: dict[int, None] = field(default_factory=dict)  # ids of accounts


def posts_seen(
    ctx: Context, connection: Connection, group: Sequence[PostsSeen], now: datetime
) -> list[Outcome]:
    """Store the posts that may be found. Only a listed, consenting author's can be.

    Facts are loaded and rows written once for the whole group; outcomes are in its order.
    """
    authors = _authors(ctx, connection, {seen.actor_uri for seen in group}, now)
    uris = [post.uri for seen in group if seen.actor_uri in authors for post in seen.posts]
    held = {row.uri: row for row in _HELD(connection, uris)}
    todo = _Sorted()
    outcomes = [_sort_out(ctx, seen, authors, held, todo, now) for seen in group]
    if todo.new:
        _INSERT(connection, list(todo.new.values()))
        new = _IDS(connection, todo.new)
        trend_uses.book_new(connection, [(one.id, todo.using.get(one.uri)) for one in new], now)
        outbox.note(connection, outbox.POST, [one.id for one in new], now)
    if todo.changed:
        connection.execute(_UPDATE, [{**row, "post": key} for key, row in todo.changed.items()])
        edited = [(key, todo.using.get(row["uri"])) for key, row in todo.changed.items()]
        trend_uses.book(connection, edited, now)
    if todo.counted:
        connection.execute(_UPDATE, [{**row, "post": key} for key, row in todo.counted.items()])
    _note_mentions(ctx, connection, todo, held, now)
    outbox.note(connection, outbox.POST, todo.changed, now)
    known_at = min((seen.seen_at for seen in group), default=now)
    outs.note_posts(ctx, (uri for uri, row in held.items() if row.id in todo.gone), now)
    withdraw_post_ids(connection, list(todo.gone), now, Because("post", known_at))
    _note_activity(connection, list(todo.touched), now)
    return outcomes


def post_missing(ctx: Context, connection: Connection, seen: PostMissing, now: datetime) -> Outcome:
    """Its own server says that it is gone."""
    found = connection.execute(_ONE, {"uri": seen.uri}).first()
    if found is None:
        return Outcome()
    outs.note_posts(ctx, [seen.uri], now)
    withdraw_post_ids(connection, [found.id], now, Because("post", seen.seen_at))
    _note_activity(connection, [found.account_id], now)
    return Outcome(removed=1)


def _authors(
    ctx: Context, connection: Connection, uris: Iterable[str], now: datetime
) -> dict[str, tuple[int, Author]]:
    rows = _AUTHORS(connection, uris)
    servers = load_servers(connection, {row.host for row in rows})
    persons = load_persons(ctx, connection, {row.uri: row.handle_key for row in rows})
    authors = {}
    for row in rows:
        facts = account_facts(row, servers[row.host], persons[row.uri])
        verdict = decide_account(facts, ctx.rules, now)
        authors[row.uri] = (row.id, author_of(row.uri, row.host, facts, verdict, ctx.rules))
    return authors


def _sort_out(
    ctx: Context,
    seen: PostsSeen,
    authors: dict[str, tuple[int, Author]],
    held: dict[str, Any],
    todo: _Sorted,
    now: datetime,
) -> Outcome:
    if seen.actor_uri not in authors:
        return Outcome(refused=len(seen.posts))
    account_id, author = authors[seen.actor_uri]
    stored = refused = removed = 0
    for post in seen.posts:
        row = held.get(post.uri)
        waiting = todo.new.get(post.uri)
        if (row is not None and row.account_id != account_id) or (
            waiting is not None and waiting["account_id"] != account_id
        ):
            refused += 1  # an id that is somebody else's
            continue
        facts = _facts(post)
        decision = decide_post(facts, author, ctx.rules, now)
        if not decision.allowed:
            refused += 1
            todo.saying.pop(post.uri, None)
            stored -= todo.new.pop(post.uri, None) is not None
            if row is not None and row.id not in todo.gone and must_purge(decision):
                todo.gone[row.id] = None
                todo.counted.pop(row.id, None)
                stored -= todo.changed.pop(row.id, None) is not None
                removed += 1
            continue
        counts = trend_of(decision, facts, author).allowed
        values = _values(post, account_id, seen)
        _note_mention(post, account_id, todo, counts=counts)
        if row is None:
            stored += waiting is None
            todo.new[post.uri] = values
            _note_use(post, account_id, todo, now, counts=counts)
        elif any(getattr(row, name) != values[name] for name in _CONTENT):
            stored += row.id not in todo.changed
            todo.changed[row.id] = values
            todo.counted.pop(row.id, None)
            _note_use(post, account_id, todo, now, counts=counts)
        elif seen.seen_at - row.seen_at > _SEEN_AGAIN or any(
            getattr(row, name) != values[name] for name in _COUNTS
        ):
            todo.counted[row.id] = {name: values[name] for name in (*_COUNTS, "seen_at")}
    if stored or removed:
        todo.touched[account_id] = None
    return Outcome(author.verdict, max(stored, 0), refused, removed)


def _note_use(
    post: SeenPost, account_id: int, todo: _Sorted, now: datetime, *, counts: bool
) -> None:
    """What it uses, if it `counts` in trends as it is now."""
    todo.using.pop(post.uri, None)
    if counts and trend_uses.may_matter(post.published, now):
        todo.using[post.uri] = trend_uses.using(post, account_id)


def _note_mention(post: SeenPost, account_id: int, todo: _Sorted, *, counts: bool) -> None:
    """Also of posts that are known: whom they mention may be listed since."""
    todo.saying.pop(post.uri, None)
    if counts and post.mentions:
        todo.saying[post.uri] = mentions.Said(account_id, post.mentions)


def _note_mentions(
    ctx: Context, connection: Connection, todo: _Sorted, held: dict[str, Any], now: datetime
) -> None:
    ids = {uri: row.id for uri, row in held.items() if row.id not in todo.gone}
    if wanted := [uri for uri in todo.saying if uri in todo.new]:
        ids.update((row.uri, row.id) for row in _IDS(connection, wanted))
    said = {ids[uri]: one for uri, one in todo.saying.items() if uri in ids}
    mentions.note(ctx, connection, said, todo.changed, now)


def _facts(post: SeenPost) -> PostFacts:
    return PostFacts(
        uri=post.uri,
        author=post.author,
        audience=post.audience,
        published=post.published,
        searchable_by=post.searchable_by,
        opt_out_tags=post.opt_out_tags,
        hashtags=post.hashtags,
        sensitive=post.sensitive or bool(post.content_warning),
    )


def _values(post: SeenPost, account_id: int, seen: PostsSeen) -> dict[str, Any]:
    return {
        "uri": post.uri,
        "account_id": account_id,
        "type": post.type,
        "url": post.url,
        "audience": post.audience.value,
        "published": post.published,
        "updated": post.updated,
        "title": post.title,
        "text": post.text,
        "html": post.html,
        "content_warning": post.content_warning,
        "sensitive": post.sensitive,
        "language": post.language,
        "hashtags": list(post.hashtags),
        "media": [[item.kind.value, item.url, item.alt, item.blurhash] for item in post.media],
        "emojis": [list(pair) for pair in post.emojis],
        "link_titles": [list(pair) for pair in post.link_titles],
        "in_reply_to": post.in_reply_to,
        "replies": post.replies,
        "likes": post.likes,
        "shares": post.shares,
        "searchable_by": post.searchable_by.value,
        "opt_out_tags": list(post.opt_out_tags),
        "source_url": seen.source_url,
        "seen_at": seen.seen_at,
        "rule_version": RULE_VERSION,
    }


def _note_activity(connection: Connection, account_ids: list[int], now: datetime) -> None:
    """Newest post, rate and languages, which rank an account and plan its next visit."""
    if not account_ids:
        return
    counted: dict[int, list[Any]] = {account_id: [] for account_id in account_ids}
    for row in _ACTIVITY(connection, account_ids, since=now - _RATE_WINDOW):
        counted[row.account_id].append(row)
    connection.execute(
        _NOTE_ACTIVITY,
        [
            {
                "account": account_id,
                "last_post_at": max((row.newest for row in rows), default=None),
                "posts_per_day": sum(row.recent for row in rows) / _RATE_WINDOW.days,
                "languages": list(written({row.language: row.number for row in rows})),
            }
            for account_id, rows in counted.items()
        ],
    )
    outbox.note(connection, outbox.ACCOUNT, account_ids, now)
