"""Posts were seen: judge each, write the allowed ones, remove what is no longer allowed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.observed import Outcome, PostMissing, PostsSeen
from discover.model.post import Post
from discover.policy.consent import (
    RULE_VERSION,
    Author,
    PostFacts,
    author_of,
    decide_account,
    decide_post,
)
from discover.services import outbox
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, account_facts, load_persons, load_servers
from discover.services.withdraw import POSTS, withdraw_post_ids
from discover.store.database import chunks

# How often somebody posts is measured over the newest posts of this long.
_RATE_WINDOW = timedelta(days=30)
# What is compared to tell an edit from a post seen again
_CONTENT = (
    "url", "audience", "updated", "title", "text", "html", "content_warning", "sensitive",
    "language", "hashtags", "media", "emojis", "in_reply_to", "searchable_by", "opt_out_tags",
)  # fmt: skip


def posts_seen(ctx: Context, connection: Connection, seen: PostsSeen, now: datetime) -> Outcome:
    """Store the posts that may be found. Only a listed, consenting author's can be."""
    row = connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.uri == seen.actor_uri)).first()
    if row is None:
        return Outcome(refused=len(seen.posts))
    facts = account_facts(
        row,
        load_servers(connection, [row.host])[row.host],
        load_persons(ctx, connection, {row.uri: row.handle_key})[row.uri],
    )
    verdict = decide_account(facts, ctx.rules, now)
    author = author_of(row.uri, row.host, facts, verdict, ctx.rules)
    held = _held(connection, [post.uri for post in seen.posts])
    new, changed, gone, refused = _sort_out(ctx, seen, author, held, row.id, now)
    if new:
        connection.execute(sa.insert(POSTS), list(new.values()))
        outbox.note_posts_by_uri(connection, list(new), now)
    for post_id, values in changed.items():
        connection.execute(sa.update(POSTS).where(POSTS.c.id == post_id).values(**values))
    outbox.note(connection, outbox.POST, changed, now)
    withdraw_post_ids(connection, gone, now)
    if new or gone:
        _note_activity(connection, row, now)
    return Outcome(
        verdict=verdict, stored=len(new) + len(changed), refused=refused, removed=len(gone)
    )


def post_missing(
    _ctx: Context, connection: Connection, seen: PostMissing, now: datetime
) -> Outcome:
    """Its own server says that it is gone."""
    found = connection.execute(
        sa.select(POSTS.c.id, POSTS.c.account_id).where(POSTS.c.uri == seen.uri)
    ).first()
    if found is None:
        return Outcome()
    withdraw_post_ids(connection, [found.id], now)
    row = connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.id == found.account_id)).first()
    if row is not None:
        _note_activity(connection, row, now)
    return Outcome(removed=1)


def _held(connection: Connection, uris: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in chunks(uris):
        rows = connection.execute(sa.select(POSTS).where(POSTS.c.uri.in_(part)))
        found.update((row.uri, row) for row in rows)
    return found


def _sort_out(
    ctx: Context,
    seen: PostsSeen,
    author: Author,
    held: dict[str, Any],
    account_id: int,
    now: datetime,
) -> tuple[dict[str, dict[str, Any]], dict[int, dict[str, Any]], list[int], int]:
    """(new by URI, changed by id, ids to remove, number refused)"""
    new: dict[str, dict[str, Any]] = {}
    changed: dict[int, dict[str, Any]] = {}
    gone: list[int] = []
    refused = 0
    for post in seen.posts:
        row = held.get(post.uri)
        if row is not None and row.account_id != account_id:
            refused += 1  # an id that is somebody else's
            continue
        if not decide_post(_facts(post), author, ctx.rules, now).allowed:
            refused += 1
            new.pop(post.uri, None)
            if row is not None and row.id not in gone:
                gone.append(row.id)
                changed.pop(row.id, None)
            continue
        values = _values(post, account_id, seen)
        if row is None:
            new[post.uri] = values
        elif any(getattr(row, name) != values[name] for name in _CONTENT):
            changed[row.id] = values
    return new, changed, gone, refused


def _facts(post: Post) -> PostFacts:
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


def _values(post: Post, account_id: int, seen: PostsSeen) -> dict[str, Any]:
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
        "in_reply_to": post.in_reply_to,
        "searchable_by": post.searchable_by.value,
        "opt_out_tags": list(post.opt_out_tags),
        "source_url": seen.source_url,
        "seen_at": seen.seen_at,
        "rule_version": RULE_VERSION,
    }


def _note_activity(connection: Connection, row: Any, now: datetime) -> None:
    """Newest post and rate, which rank the account and plan its next visit."""
    newest, count = connection.execute(
        sa.select(
            sa.func.max(POSTS.c.published),
            sa.func.count().filter(POSTS.c.published > now - _RATE_WINDOW),
        ).where(POSTS.c.account_id == row.id)
    ).one()
    connection.execute(
        sa.update(ACCOUNTS)
        .where(ACCOUNTS.c.id == row.id)
        .values(last_post_at=newest, posts_per_day=count / _RATE_WINDOW.days)
    )
    outbox.note(connection, outbox.ACCOUNT, [row.id], now)
