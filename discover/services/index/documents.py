"""Rows to search documents, for those who may be found at this moment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.frozen import quick
from discover.model.letters import WORD
from discover.model.query import AccountDocument, PostDocument
from discover.model.topics import AccountTopic
from discover.model.verdict import AccountVerdict, Decision
from discover.policy.consent import Author, PostFacts, author_of, decide_account, decide_post
from discover.policy.languages import of_account, primary
from discover.policy.ranking import account_prior
from discover.services.context import Context
from discover.services.facts import (
    ACCOUNT_FACTS,
    ACCOUNTS,
    POST_FACTS,
    POSTS,
    account_facts,
    load_facts,
    post_facts,
)
from discover.services.index.newest import places
from discover.services.topics.catalogue import catalogue, topics_of
from discover.store.lookup import Lookup, among

# An account is also found by the words it keeps using; so many posts and words are looked at.
TERM_POSTS = 20
_TERMS = 30
_WORD = re.compile(f"[{WORD}]{{4,30}}")
# It is found by the names of these topics of its, in every language.
_TOPICS = 5
_TOPIC_WEIGHT = 0.2

# The columns that documents, and what is shown, are made of
ACCOUNT_COLUMNS = (
    *ACCOUNT_FACTS, ACCOUNTS.c.handle, ACCOUNTS.c.username, ACCOUNTS.c.name, ACCOUNTS.c.url,
    ACCOUNTS.c.summary_html, ACCOUNTS.c.featured_tags, ACCOUNTS.c.emojis, ACCOUNTS.c.language,
    ACCOUNTS.c.languages, ACCOUNTS.c.avatar_url, ACCOUNTS.c.header_url, ACCOUNTS.c.followers, ACCOUNTS.c.following,
    ACCOUNTS.c.posts_total, ACCOUNTS.c.published,
)  # fmt: skip
POST_COLUMNS = (
    *POST_FACTS, POSTS.c.title, POSTS.c.text, POSTS.c.language, POSTS.c.media, POSTS.c.in_reply_to,
)  # fmt: skip

# Statements are made once: to make one costs more than to run it.
ACCOUNTS_OF = Lookup(sa.select(*ACCOUNT_COLUMNS).where(among(ACCOUNTS.c.id)))
_places = places()
_NEWEST = Lookup(
    sa.select(*POST_COLUMNS)
    .join(_places, _places.c.id == POSTS.c.id)
    .where(_places.c.place <= sa.bindparam("most"))
)


@quick(frozen=True, slots=True)
class Judged:
    """An account's row with its verdict of this moment, as every door needs it."""

    row: Any
    verdict: AccountVerdict
    author: Author
    software: str | None


@quick(frozen=True, slots=True)
class JudgedPost:
    """A post's row with its facts. It may be found at this moment."""

    row: Any
    facts: PostFacts
    decision: Decision


def judge_accounts(
    ctx: Context, connection: Connection, ids: Iterable[int], now: datetime
) -> dict[int, Judged]:
    """Load accounts and ask consent again. Missing ids are missing in the answer."""
    return judge_rows(ctx, connection, ACCOUNTS_OF(connection, set(ids)), now)


def judge_rows(
    ctx: Context, connection: Connection, rows: Sequence[Any], now: datetime
) -> dict[int, Judged]:
    servers, persons = load_facts(ctx, connection, rows)
    judged = {}
    for row in rows:
        facts = account_facts(row, servers[row.host], persons[row.uri])
        verdict = decide_account(facts, ctx.rules, now)
        author = author_of(row.uri, row.host, facts, verdict, ctx.rules)
        judged[row.id] = Judged(row, verdict, author, servers[row.host].software)
    return judged


def judge_posts(
    ctx: Context, rows: Iterable[Any], authors: Mapping[int, Judged], now: datetime
) -> Iterator[JudgedPost]:
    """Those that may be found, from rows with POST_FACTS."""
    for row in rows:
        if (author := authors.get(row.account_id)) is None:
            continue
        facts = post_facts(row, author.row.uri)
        decision = decide_post(facts, author.author, ctx.rules, now)
        if decision.allowed:
            yield JudgedPost(row, facts, decision)


def newest_posts(
    ctx: Context, connection: Connection, judged: Mapping[int, Judged], most: int, now: datetime
) -> dict[int, list[JudgedPost]]:
    """Of so many newest posts of each account those that may be found, the newest first."""
    posting = [key for key, one in judged.items() if one.verdict.index_posts.allowed]
    rows = _NEWEST(connection, posting, most=most)
    found: dict[int, list[JudgedPost]] = {}
    for post in judge_posts(ctx, rows, judged, now):
        found.setdefault(post.row.account_id, []).append(post)
    for posts in found.values():
        posts.sort(key=lambda one: one.row.published, reverse=True)
    return found


def account_documents(
    ctx: Context, connection: Connection, judged: Mapping[int, Judged], now: datetime
) -> list[AccountDocument]:
    """Documents of those that are listed."""
    listed = {key: one for key, one in judged.items() if one.verdict.list.allowed}
    posts = newest_posts(ctx, connection, listed, TERM_POSTS, now)
    topics = topics_of(connection, listed)
    return [
        account_document(one, posts.get(key, ()), topics.get(key, ()), now)
        for key, one in listed.items()
    ]


def post_documents(
    ctx: Context, rows: Iterable[Any], authors: Mapping[int, Judged], now: datetime
) -> list[PostDocument]:
    """Documents of the posts that may be found, from rows with POST_COLUMNS."""
    return [
        post_document(post, authors[post.row.account_id])
        for post in judge_posts(ctx, rows, authors, now)
    ]


def post_document(post: JudgedPost, author: Judged) -> PostDocument:
    row, account = post.row, author.row
    return PostDocument(
        id=row.id,
        account_id=row.account_id,
        text=post_text(row),
        tags=post.facts.hashtags,
        language=primary(row.language),
        server=account.host,
        media=tuple({item[0] for item in row.media}),
        sensitive=post.facts.sensitive,
        reply=row.in_reply_to is not None,
        bot=account.type in ("Service", "Application"),
        published=int(row.published.timestamp()),
    )


def post_text(row: Any) -> str:
    """All that is searched of a post's words."""
    if not (row.title or row.content_warning):
        return str(row.text)
    return "\n".join(filter(None, (row.title, row.content_warning, row.text)))


def account_document(
    judged: Judged, posts: Sequence[JudgedPost], topics: Sequence[AccountTopic], now: datetime
) -> AccountDocument:
    """`judged` may be listed; its newest posts come first."""
    row = judged.row
    tags = dict.fromkeys([*row.hashtags, *row.featured_tags])
    used: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for post in posts[:TERM_POSTS]:
        used.update(post.facts.hashtags)
        if not post.facts.sensitive:
            words.update(set(_WORD.findall(post.row.text.lower())))
    tags.update(dict.fromkeys(tag for tag, _ in used.most_common(10)))
    terms = [word for word, n in words.most_common(_TERMS) if n > 1]
    return AccountDocument(
        id=row.id,
        handle=row.handle,
        username=row.username,
        name=row.name,
        bio=row.summary,
        fields="\n".join(f"{name} {value}" for name, value in row.fields),
        tags=tuple(tags),
        terms=" ".join(terms),
        languages=of_account(row.languages if posts else (), row.language),
        server=row.host,
        software=judged.software or "",
        bot=row.type in ("Service", "Application"),
        last_active=int((row.last_post_at or row.published or row.evidence_at).timestamp()),
        prior=account_prior(
            last_post_at=row.last_post_at,
            has_name=bool(row.name),
            has_bio=bool(row.summary),
            has_avatar=bool(row.avatar_url),
            has_fields=bool(row.fields),
            followers=row.followers,
            now=now,
        ).value,
        topics=_topic_names(topics),
    )


def _topic_names(topics: Sequence[AccountTopic]) -> tuple[str, ...]:
    known = catalogue()
    return tuple(
        name
        for one in topics[:_TOPICS]
        if one.weight >= _TOPIC_WEIGHT
        for name in known.words(one.topic)
    )
