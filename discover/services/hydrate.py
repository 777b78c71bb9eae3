"""Engine ids to what is shown: load from the database and ask consent again, every time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Flag, ProfileField
from discover.model.post import Media, MediaKind
from discover.model.query import HIGHLIGHT_END, HIGHLIGHT_START, Hit
from discover.model.views import AccountView, PostView
from discover.policy.consent import decide_post
from discover.policy.explain import reasons
from discover.policy.languages import of_account
from discover.policy.suggest import may_suggest
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POSTS, post_facts
from discover.services.index.documents import (
    ACCOUNT_COLUMNS,
    ACCOUNTS_OF,
    POST_COLUMNS,
    Judged,
    judge_accounts,
    judge_rows,
    post_text,
)
from discover.store.lookup import Lookup, among, in_parts, together

_SHOWN = Lookup(
    sa.select(
        *POST_COLUMNS, POSTS.c.type, POSTS.c.url, POSTS.c.updated, POSTS.c.html, POSTS.c.emojis,
        POSTS.c.replies, POSTS.c.likes, POSTS.c.shares, POSTS.c.link_titles,
    ).where(among(POSTS.c.id))
)  # fmt: skip
_AUTHORS_OF = Lookup(
    sa.select(*ACCOUNT_COLUMNS).where(
        ACCOUNTS.c.id.in_(sa.select(POSTS.c.account_id).where(among(POSTS.c.id)))
    )
)


def hydrate(
    ctx: Context,
    connection: Connection,
    people: Sequence[Hit],
    posts: Sequence[Hit],
    now: datetime,
    words: Collection[str] = (),
) -> tuple[list[AccountView], list[PostView]]:
    """In the order of the hits; whoever may not be found at this moment is left out.

    `words` are those asked for, folded: they tell why an account is here.
    """
    ids = in_parts(hit.id for hit in posts)
    shown, authors, others = together(
        connection,
        (_SHOWN, ids),
        (_AUTHORS_OF, ids),
        (ACCOUNTS_OF, in_parts({hit.id for hit in people})),
    )
    rows = {row.id: row for row in shown}
    accounts = {row.id: row for row in (*authors, *others)}
    judged = judge_rows(ctx, connection, list(accounts.values()), now)
    return _people(judged, people, now, words), _posts(ctx, judged, rows, posts, now)


def hydrate_accounts(
    ctx: Context, connection: Connection, ids: Sequence[int], now: datetime
) -> list[AccountView]:
    """In the order of the ids, as `hydrate` does."""
    return hydrate(ctx, connection, [Hit(number, 1.0) for number in ids], (), now)[0]


def hydrate_suggestable(
    ctx: Context, connection: Connection, ids: Sequence[int], now: datetime, *, bots: bool = False
) -> list[AccountView]:
    """In the order of the ids, those that may be suggested to others at this moment."""
    judged = {
        number: one
        for number, one in judge_accounts(ctx, connection, ids, now).items()
        if may_suggest(one.verdict, bots=bots)
    }
    return _people(judged, [Hit(number, 1.0) for number in ids], now, ())


def hydrate_posts(
    ctx: Context, connection: Connection, ids: Sequence[int], now: datetime
) -> list[PostView]:
    """In the order of the ids, as `hydrate` does."""
    return hydrate(ctx, connection, (), [Hit(number, 1.0) for number in ids], now)[1]


def _people(
    judged: dict[int, Judged], hits: Sequence[Hit], now: datetime, words: Collection[str]
) -> list[AccountView]:
    views = []
    for hit in hits:
        one = judged.get(hit.id)
        if one is not None and one.verdict.list.allowed:
            views.append(_account_view(one, hit, words, now))
    return views


def _posts(
    ctx: Context,
    judged: dict[int, Judged],
    rows: dict[int, Any],
    hits: Sequence[Hit],
    now: datetime,
) -> list[PostView]:
    authors: dict[int, AccountView] = {}
    views = []
    for hit in hits:
        row = rows.get(hit.id)
        one = judged.get(row.account_id) if row is not None else None
        if row is None or one is None:
            continue
        if not decide_post(post_facts(row, one.row.uri), one.author, ctx.rules, now).allowed:
            continue
        author = authors.get(row.account_id)
        if author is None:
            author = authors[row.account_id] = _account_view(one, Hit(row.account_id, 0.0), (), now)
        views.append(_post_view(row, author, hit))
    return views


def _account_view(judged: Judged, hit: Hit, words: Collection[str], now: datetime) -> AccountView:
    row = judged.row
    highlights = _present(hit.highlights, {"name": row.name, "bio": row.summary})
    tags = tuple(dict.fromkeys([*row.hashtags, *row.featured_tags]))
    # What posts gave away is told only while they may be found.
    posts = row.languages if judged.verdict.index_posts.allowed else ()
    return AccountView(
        id=row.id,
        uri=row.uri,
        handle=row.handle,
        url=row.url,
        name=row.name,
        summary=row.summary,
        summary_html=row.summary_html,
        fields=tuple(ProfileField(name, value) for name, value in row.fields),
        hashtags=tags,
        languages=of_account(posts, row.language),
        server=row.host,
        software=judged.software,
        bot=row.type in ("Service", "Application"),
        locked=bool(row.signals.get("locked")),
        type=row.type,
        avatar_url=row.avatar_url,
        followers=row.followers,
        following=row.following,
        posts=row.posts_total,
        last_post_at=row.last_post_at,
        seen_at=row.evidence_at,
        emojis=tuple((name, url) for name, url in row.emojis),
        header_url=row.header_url,
        created_at=row.published,
        posts_searchable=judged.verdict.index_posts.allowed,
        web_searchable=judged.verdict.index_posts.allowed
        and row.signals.get("noindex") == Flag.FALSE,
        score=hit.score,
        why=reasons(
            words=words,
            highlights=highlights,
            handle=row.handle,
            hashtags=tags,
            last_post_at=row.last_post_at,
            now=now,
        ),
        highlights=highlights,
    )


def _present(marked: dict[str, str], texts: Mapping[str, str]) -> dict[str, str]:
    """The marked pieces that stand in what is said now.

    They come from the index, which may still hold what an edit has taken out.
    """
    return {name: piece for name, piece in marked.items() if _says(texts.get(name, ""), piece)}


def _says(text: str, piece: str) -> bool:
    plain = piece.replace(HIGHLIGHT_START, "").replace(HIGHLIGHT_END, "")
    return plain in text or " ".join(plain.split()) in " ".join(text.split())


def _post_view(row: Any, author: AccountView, hit: Hit) -> PostView:
    return PostView(
        id=row.id,
        uri=row.uri,
        url=row.url,
        author=author,
        type=row.type,
        title=row.title,
        text=row.text,
        html=row.html,
        content_warning=row.content_warning,
        sensitive=row.sensitive or bool(row.content_warning),
        language=row.language,
        hashtags=tuple(row.hashtags),
        media=tuple(
            [
                Media(MediaKind(kind), url, alt or "", blurhash)
                for kind, url, alt, blurhash in row.media
            ]
        ),
        in_reply_to=row.in_reply_to,
        published=row.published,
        updated=row.updated,
        emojis=tuple((name, url) for name, url in row.emojis),
        replies=row.replies,
        likes=row.likes,
        shares=row.shares,
        link_titles=tuple((url, title) for url, title in row.link_titles),
        score=hit.score,
        highlights=_present(hit.highlights, {"text": post_text(row)}) if hit.highlights else {},
    )
