"""Rows to search documents, for those who may be found at this moment."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.query import AccountDocument, PostDocument
from discover.model.verdict import AccountVerdict
from discover.policy.consent import Author, author_of, decide_account, decide_post
from discover.policy.ranking import account_prior
from discover.services.context import Context
from discover.services.facts import (
    ACCOUNTS,
    account_facts,
    load_persons,
    load_servers,
    post_facts,
)
from discover.services.withdraw import POSTS
from discover.store.database import chunks

# An account is also found by the words it keeps using; so many posts and words are looked at.
_TERM_POSTS = 20
_TERMS = 30
_WORD = re.compile(r"\w{4,30}")
_LANGUAGE_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Judged:
    """An account's row with its verdict of this moment, as every door needs it."""

    row: Any
    verdict: AccountVerdict
    author: Author
    software: str | None


def judge_accounts(
    ctx: Context, connection: Connection, ids: Iterable[int], now: datetime
) -> dict[int, Judged]:
    """Load accounts and ask consent again. Missing ids are missing in the answer."""
    rows: list[Any] = []
    for part in chunks(list(set(ids))):
        rows += connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.id.in_(part))).all()
    return judge_rows(ctx, connection, rows, now)


def judge_rows(
    ctx: Context, connection: Connection, rows: Sequence[Any], now: datetime
) -> dict[int, Judged]:
    servers = load_servers(connection, {row.host for row in rows})
    persons = load_persons(ctx, connection, {row.uri: row.handle_key for row in rows})
    judged = {}
    for row in rows:
        facts = account_facts(row, servers[row.host], persons[row.uri])
        verdict = decide_account(facts, ctx.rules, now)
        author = author_of(row.uri, row.host, facts, verdict, ctx.rules)
        judged[row.id] = Judged(row, verdict, author, servers[row.host].software)
    return judged


def account_documents(
    connection: Connection, judged: Iterable[Judged], now: datetime
) -> list[AccountDocument]:
    """Documents of those that are listed."""
    listed = [one for one in judged if one.verdict.list.allowed]
    posting = [one.row.id for one in listed if one.verdict.index_posts.allowed]
    recent = _recent_posts(connection, posting)
    return [_account_document(one, recent.get(one.row.id, []), now) for one in listed]


def post_documents(
    ctx: Context, rows: Iterable[Any], authors: dict[int, Judged], now: datetime
) -> list[PostDocument]:
    """Documents of the posts that may be found."""
    documents = []
    for row in rows:
        judged = authors.get(row.account_id)
        if (
            judged is None
            or not decide_post(
                post_facts(row, judged.row.uri), judged.author, ctx.rules, now
            ).allowed
        ):
            continue
        account = judged.row
        documents.append(
            PostDocument(
                id=row.id,
                account_id=row.account_id,
                text="\n".join(filter(None, (row.title, row.content_warning, row.text))),
                tags=tuple(row.hashtags),
                language=primary_language(row.language),
                server=account.host,
                media=tuple({item[0] for item in row.media}),
                sensitive=row.sensitive or bool(row.content_warning),
                reply=row.in_reply_to is not None,
                bot=account.type in ("Service", "Application"),
                published=int(row.published.timestamp()),
            )
        )
    return documents


def primary_language(tag: str) -> str:
    """`pt-br` → `pt`; filters and facets know primary subtags only."""
    return tag.partition("-")[0]


def account_languages(row: Any, posts: Iterable[Any]) -> tuple[str, ...]:
    """The languages that an account really writes, most used first."""
    counts = Counter(primary_language(post.language) for post in posts)
    counts.pop("und", None)
    total = sum(counts.values())
    languages = [language for language, n in counts.most_common(3) if n >= _LANGUAGE_SHARE * total]
    bio = primary_language(row.language)
    if bio != "und" and bio not in languages:
        languages.append(bio)
    return tuple(languages)


def _recent_posts(connection: Connection, account_ids: list[int]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for part in chunks(account_ids):
        place = (
            sa.func.row_number()
            .over(partition_by=POSTS.c.account_id, order_by=POSTS.c.published.desc())
            .label("place")
        )
        ranked = (
            sa.select(
                POSTS.c.account_id, POSTS.c.hashtags, POSTS.c.text, POSTS.c.language,
                POSTS.c.content_warning, POSTS.c.sensitive, place,
            )
            .where(POSTS.c.account_id.in_(part))
            .subquery()
        )  # fmt: skip
        for row in connection.execute(sa.select(ranked).where(ranked.c.place <= _TERM_POSTS)):
            found.setdefault(row.account_id, []).append(row)
    return found


def _account_document(judged: Judged, posts: list[Any], now: datetime) -> AccountDocument:
    row = judged.row
    tags = dict.fromkeys([*row.hashtags, *row.featured_tags])
    used: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for post in posts:
        used.update(post.hashtags)
        if not post.sensitive and not post.content_warning:
            words.update(set(_WORD.findall(post.text.lower())))
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
        languages=account_languages(row, posts),
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
    )
