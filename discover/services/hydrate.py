"""Engine ids to what is shown: load from the database and ask consent again, every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import ProfileField
from discover.model.post import Media, MediaKind
from discover.model.query import Hit
from discover.model.views import AccountView, PostView
from discover.policy.consent import decide_post
from discover.services.context import Context
from discover.services.documents import Judged, judge_accounts, primary_language
from discover.services.facts import post_facts
from discover.services.withdraw import POSTS


def hydrate_accounts(
    ctx: Context, connection: Connection, hits: Sequence[Hit], now: datetime
) -> list[AccountView]:
    """In the order of the hits; whoever may not be listed at this moment is left out."""
    judged = judge_accounts(ctx, connection, [hit.id for hit in hits], now)
    views = []
    languages = _languages(connection, list(judged))
    for hit in hits:
        one = judged.get(hit.id)
        if one is None or not one.verdict.list.allowed:
            continue
        view = account_view(one, languages.get(hit.id, ()))
        views.append(replace(view, score=hit.score, highlights=hit.highlights))
    return views


def hydrate_posts(
    ctx: Context, connection: Connection, hits: Sequence[Hit], now: datetime
) -> list[PostView]:
    """In the order of the hits; what may not be found at this moment is left out."""
    rows = {
        row.id: row
        for row in connection.execute(
            sa.select(POSTS).where(POSTS.c.id.in_([hit.id for hit in hits]))
        )
    }
    judged = judge_accounts(ctx, connection, {row.account_id for row in rows.values()}, now)
    authors = {key: account_view(one, ()) for key, one in judged.items()}
    views = []
    for hit in hits:
        row = rows.get(hit.id)
        one = judged.get(row.account_id) if row is not None else None
        if row is None or one is None:
            continue
        if not decide_post(post_facts(row, one.row.uri), one.author, ctx.rules, now).allowed:
            continue
        view = post_view(row, authors[row.account_id])
        views.append(replace(view, score=hit.score, highlights=hit.highlights))
    return views


def account_view(judged: Judged, languages: tuple[str, ...]) -> AccountView:
    row = judged.row
    tags = dict.fromkeys([*row.hashtags, *row.featured_tags])
    own = primary_language(row.language)
    return AccountView(
        id=row.id,
        uri=row.uri,
        handle=row.handle,
        url=row.url,
        name=row.name,
        summary=row.summary,
        summary_html=row.summary_html,
        fields=tuple(ProfileField(name, value) for name, value in row.fields),
        hashtags=tuple(tags),
        languages=languages or ((own,) if own != "und" else ()),
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
    )


def post_view(row: Any, author: AccountView) -> PostView:
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
            Media(MediaKind(kind), url, alt or "", blurhash)
            for kind, url, alt, blurhash in row.media
        ),
        in_reply_to=row.in_reply_to,
        published=row.published,
        updated=row.updated,
        emojis=tuple((name, url) for name, url in row.emojis),
    )


def _languages(connection: Connection, ids: list[int]) -> dict[int, tuple[str, ...]]:
    """The languages that each account posts in, most used first."""
    found: dict[int, list[str]] = {}
    counted = (
        sa.select(POSTS.c.account_id, POSTS.c.language, sa.func.count().label("n"))
        .where(POSTS.c.account_id.in_(ids), POSTS.c.language != "und")
        .group_by(POSTS.c.account_id, POSTS.c.language)
        .order_by(sa.desc("n"))
    )
    for row in connection.execute(counted):
        language = primary_language(row.language)
        languages = found.setdefault(row.account_id, [])
        if language not in languages and len(languages) < 3:
            languages.append(language)
    return {key: tuple(value) for key, value in found.items()}
