"""What accounts are about, measured again when something about them has changed.

It runs in the indexing step, for the accounts whose documents are made anew, so its cost grows
with new posts and profiles. Safe to repeat: rows are replaced by what the account says now, and
rows of accounts that may no longer be listed go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.topics import AccountTopic
from discover.policy.consent import trend_of
from discover.policy.languages import of_account
from discover.policy.topic_growth import CLOSE_POST, CLOSE_PROFILE, GROWN, MOST_PAIRS, MOST_TAGS
from discover.policy.topic_weights import (
    LOOKED_AT,
    STUFFED_POST,
    PostFacts,
    ProfileFacts,
    weigh,
)
from discover.policy.topics import Match
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.index.documents import Judged, JudgedPost, judge_accounts, newest_posts
from discover.services.topics.catalogue import (
    ACCOUNT_TAGS,
    ACCOUNT_TOPICS,
    TAGS,
    TOPIC_DAYS,
    catalogue,
)
from discover.store.bulk import Delete, Insert
from discover.store.database import chunks, table
from discover.store.lookup import Lookup, among
from discover.store.tables import (
    AccountTagRow,
    AccountTopicRow,
    TagBesideRow,
    TagRow,
    TopicDayRow,
    TouchedTag,
)

BESIDE = table(TagBesideRow)
TOUCHED = table(TouchedTag)

# Accounts of one transaction: others wait for it.
_PART = 200
_POSTS_SINCE = timedelta(days=90)
DAYS_KEPT = 14

_GROWN = Lookup(
    sa.select(TAGS.c.tag, TAGS.c.topic, TAGS.c.score).where(
        among(TAGS.c.tag), TAGS.c.topic.is_not(None)
    )
)
_STILL = (
    sa.select(ACCOUNTS.c.id).where(among(ACCOUNTS.c.id)).with_for_update(read=True, key_share=True)
)
_HELD_TOPICS = Lookup(sa.select(ACCOUNT_TOPICS).where(among(ACCOUNT_TOPICS.c.account_id)))
_HELD_TAGS = Lookup(sa.select(ACCOUNT_TAGS).where(among(ACCOUNT_TAGS.c.account_id)))
_HELD_PAIRS = Lookup(sa.select(BESIDE).where(among(BESIDE.c.account_id)))
_HELD_DAYS = Lookup(sa.select(TOPIC_DAYS).where(among(TOPIC_DAYS.c.account_id)))
# What is kept of `_Measured`, by the names of its fields
_TABLES: dict[str, tuple[Delete, Insert]] = {
    name: (Delete(model, "account_id"), Insert(model, ("account_id", *columns)))
    for name, model, columns in (
        ("topics", AccountTopicRow, ("topic", "weight", "languages", "evidence")),
        ("tags", AccountTagRow, ("tag",)),
        ("pairs", TagBesideRow, ("tag", "topic")),
        ("days", TopicDayRow, ("topic", "day")),
    )
}
_UNCOUNTED = {"people": 0, "servers": 0, "score": 0.0}
_KNOW = Insert(TagRow, ("tag", *_UNCOUNTED), unless=("tag",))
_TOUCH = Insert(TouchedTag, ("tag",))


@dataclass(slots=True)
class _Measured:
    """All that is kept about one account; empty for one that may not be listed."""

    topics: dict[str, tuple[float, str, dict[str, Any]]] = field(default_factory=dict)
    weighed: tuple[AccountTopic, ...] = field(default=(), compare=False)
    tags: set[str] = field(default_factory=set)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    days: set[tuple[str, int]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Part:
    """Some accounts as they are at this moment. Their topics are stored."""

    at: datetime
    judged: dict[int, Judged]
    posts: dict[int, list[JudgedPost]]  # the newest that may be found, the newest first
    topics: dict[int, tuple[AccountTopic, ...]]
    changed: int  # accounts whose topics were others


def measure(ctx: Context, account_ids: Iterable[int]) -> int:
    """Bring the topics of these accounts up to date. Returns how many had changed."""
    return sum(part.changed for part in measured(ctx, account_ids))


def measured(ctx: Context, account_ids: Iterable[int]) -> Iterator[Part]:
    """The same, with what was read for it: documents are made of that too."""
    for part in chunks(sorted(account_ids), _PART):
        now = ctx.clock.now()
        with ctx.database.read() as connection:
            judged = judge_accounts(ctx, connection, part, now)
            posts = newest_posts(ctx, connection, judged, LOOKED_AT, now)
            topics = _measure(connection, judged, posts, now)
            measured = {one: topics.get(one) or _Measured() for one in part}
            held = _held(connection, part)
        news = {one: found for one, found in measured.items() if held[one] != found}
        if news:
            with ctx.database.write() as connection:
                # Whoever left meanwhile has no rows, and none are made for them.
                still = set(connection.scalars(_STILL, {"among": list(news)}))
                _store(connection, {one: news[one] for one in still}, held)
        yield Part(
            now, judged, posts, {one: found.weighed for one, found in measured.items()}, len(news)
        )


def forget_counts(connection: Connection, account_ids: Collection[int] | sa.Select[Any]) -> None:
    """Everything that these accounts' posts and profiles have added up to goes at once.

    What their profiles alone say is measured again with the next indexing, if they stay.
    """
    connection.execute(
        sa.insert(TOUCHED).from_select(
            ["tag"],
            sa.select(ACCOUNT_TAGS.c.tag).where(ACCOUNT_TAGS.c.account_id.in_(account_ids)),
        )
    )
    for rows in (ACCOUNT_TOPICS, ACCOUNT_TAGS, BESIDE, TOPIC_DAYS):
        connection.execute(sa.delete(rows).where(rows.c.account_id.in_(account_ids)))


def _measure(
    connection: Connection,
    judged: Mapping[int, Judged],
    posts: Mapping[int, Sequence[JudgedPost]],
    now: datetime,
) -> dict[int, _Measured]:
    listed = {key: one for key, one in judged.items() if one.verdict.list.allowed}
    seen = {tag for key in listed for post in posts.get(key, ()) for tag in post.facts.hashtags}
    for found in listed.values():
        seen.update(found.row.hashtags, found.row.featured_tags)
    known = catalogue()
    grown = {
        row.tag: ((row.topic, GROWN * row.score),)
        for row in _GROWN(connection, [tag for tag in seen if not known.match(tag)])
        if known.by_id(row.topic)
    }
    since = now - _POSTS_SINCE
    return {
        key: _one(
            one, [post for post in posts.get(key, ()) if post.row.published > since], grown, now
        )
        for key, one in listed.items()
    }


def _one(
    judged: Judged,
    posts: Sequence[JudgedPost],
    grown: Mapping[str, tuple[Match, ...]],
    now: datetime,
) -> _Measured:
    account = judged.row
    known = catalogue()
    measured = _Measured()

    def match(tag: str) -> Sequence[Match]:
        return known.match(tag) or grown.get(tag, ())

    profile = ProfileFacts(
        texts=(account.name, account.summary, *(value for _, value in account.fields)),
        tags=tuple(account.hashtags),
        featured=tuple(account.featured_tags),
    )
    # What stands behind a content warning tells nobody what its author is about.
    calm = [post for post in posts if not post.facts.sensitive]
    for post in calm:
        if trend_of(post.decision, post.facts, judged.author).allowed:
            _count_post(measured, post.facts.hashtags, post.row.published, match, now)
    said = [PostFacts(post.facts.hashtags, post.row.published) for post in calm]
    written = account.languages if judged.verdict.index_posts.allowed else ()
    languages = "".join(f",{name}" for name in of_account(written, account.language))
    measured.weighed = weigh(profile, said, known, match, now)
    for topic in measured.weighed:
        evidence = {"tags": list(topic.tags), "words": list(topic.words), "posts": topic.posts}
        measured.topics[topic.topic] = (
            topic.weight,
            f"{languages}," if languages else "",
            {name: value for name, value in evidence.items() if value},
        )
    if judged.verdict.trends.allowed:
        _count_tags(measured, [*account.hashtags, *account.featured_tags])
        if len(account.hashtags) <= CLOSE_PROFILE:
            _count_pairs(measured, account.hashtags)
    return measured


def _count_post(
    measured: _Measured,
    tags: Sequence[str],
    published: datetime,
    match: Any,
    now: datetime,
) -> None:
    if not tags or len(tags) > STUFFED_POST:
        return
    _count_tags(measured, tags)
    if len(tags) <= CLOSE_POST:
        _count_pairs(measured, tags)
    if now - published < timedelta(days=DAYS_KEPT):
        day = int(published.timestamp() // 86_400)
        for tag in tags:
            measured.days.update((topic, day) for topic, _ in match(tag))


def _count_tags(measured: _Measured, tags: Iterable[str]) -> None:
    for tag in tags:
        if len(measured.tags) < MOST_TAGS:
            measured.tags.add(tag)


def _count_pairs(measured: _Measured, tags: Sequence[str]) -> None:
    """Tags that the list does not know beside those that it knows."""
    known = catalogue()
    topics: set[str] = set()
    unlisted = []
    for tag in tags:
        if listed := known.match(tag):
            topics.update(topic for topic, _ in listed)
        else:
            unlisted.append(tag)
    if not topics:
        return
    for tag in unlisted:
        if tag in measured.tags and not known.is_generic(tag):
            for topic in topics:
                if len(measured.pairs) < MOST_PAIRS:
                    measured.pairs.add((tag, topic))


def _held(connection: Connection, ids: Sequence[int]) -> dict[int, _Measured]:
    held = {one: _Measured() for one in ids}
    for row in _HELD_TOPICS(connection, ids):
        held[row.account_id].topics[row.topic] = (row.weight, row.languages, row.evidence)
    for row in _HELD_TAGS(connection, ids):
        held[row.account_id].tags.add(row.tag)
    for row in _HELD_PAIRS(connection, ids):
        held[row.account_id].pairs.add((row.tag, row.topic))
    for row in _HELD_DAYS(connection, ids):
        held[row.account_id].days.add((row.topic, row.day))
    return held


def _store(
    connection: Connection, news: Mapping[int, _Measured], held: Mapping[int, _Measured]
) -> None:
    """Replace what is held, table by table, where it differs."""
    touched: set[str] = set()
    for name, (delete, insert) in _TABLES.items():
        differing = [one for one in news if getattr(news[one], name) != getattr(held[one], name)]
        delete(connection, [one for one in differing if getattr(held[one], name)])
        insert(connection, [row for one in differing for row in _rows(name, one, news[one])])
    for one, found in news.items():
        touched |= found.tags ^ held[one].tags
        touched.update(tag for tag, _ in found.pairs ^ held[one].pairs)
    if touched:
        names = [{"tag": tag, **_UNCOUNTED} for tag in sorted(touched)]
        _TOUCH(connection, names)
        # Known at once, counted later. Sorted, so that two writers meet in one order.
        _KNOW(connection, names)


def _rows(name: str, one: int, found: _Measured) -> list[dict[str, Any]]:
    if name == "topics":
        return [
            {
                "account_id": one,
                "topic": topic,
                "weight": weight,
                "languages": languages,
                "evidence": evidence,
            }
            for topic, (weight, languages, evidence) in found.topics.items()
        ]
    if name == "tags":
        return [{"account_id": one, "tag": tag} for tag in sorted(found.tags)]
    if name == "pairs":
        return [
            {"account_id": one, "tag": tag, "topic": topic} for tag, topic in sorted(found.pairs)
        ]
    return [{"account_id": one, "topic": topic, "day": day} for topic, day in sorted(found.days)]
