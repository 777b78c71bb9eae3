"""Which posts were liked, boosted and answered within a window, by whom but their authors.

A post is named by its id as text, as whatever else is counted is named by text.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.consent.withdraw import INTERACTIONS
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POSTS
from discover.services.trends.heard import CANDIDATES, Row, Window, countable
from discover.services.trends.uses import REPLY, USES


def most_heard(connection: Connection, window: Window) -> list[str]:
    """Posts with most likes, boosts and answers of others: candidates."""
    acts = _acts(window)
    language: sa.ColumnElement[bool] = sa.true()
    if window.language is not None:
        language = sa.or_(
            POSTS.c.language == window.language, POSTS.c.language.like(f"{window.language}-%")
        )
    found = connection.scalars(
        sa.select(acts.c.post_id)
        .join(POSTS, POSTS.c.id == acts.c.post_id)
        .where(POSTS.c.account_id != acts.c.account_id, language)
        .group_by(acts.c.post_id)
        .having(sa.func.count() >= 2)
        .order_by(sa.func.count().desc(), acts.c.post_id.desc())
        .limit(CANDIDATES)
    )
    return [str(number) for number in found]


def posts_by_server(
    ctx: Context, connection: Connection, names: Collection[str], window: Window
) -> list[Row]:
    """Distinct people of each server who liked, boosted or answered each post, and how often."""
    acts = _acts(window, [int(name) for name in names])
    rows = connection.execute(
        _of_others(
            ctx,
            acts,
            window,
            acts.c.post_id,
            ACCOUNTS.c.host,
            sa.func.count(acts.c.account_id.distinct()).label("people"),
            sa.func.count().label("uses"),
        ).group_by(acts.c.post_id, ACCOUNTS.c.host)
    )
    return [(str(row.post_id), row.host, row.people, row.uses) for row in rows]


def oldest_consent_of_posts(
    ctx: Context, connection: Connection, names: Collection[str], window: Window
) -> dict[str, datetime]:
    """When the oldest evidence of those who were counted for each post was seen."""
    acts = _acts(window, [int(name) for name in names])
    oldest = sa.func.min(ACCOUNTS.c.evidence_at).label("oldest")
    rows = connection.execute(
        _of_others(ctx, acts, window, acts.c.post_id, oldest).group_by(acts.c.post_id)
    )
    return {str(row.post_id): row.oldest for row in rows}


def _acts(window: Window, only: Collection[int] | None = None) -> sa.Subquery:
    """Who did something with which post within the window, of `only` these posts or of all."""
    since = window.now - window.length
    done = sa.select(INTERACTIONS.c.post_id, INTERACTIONS.c.account_id).where(
        INTERACTIONS.c.at >= since
    )
    answered = (
        sa.select(POSTS.c.id.label("post_id"), USES.c.account_id)
        .join(USES, sa.and_(USES.c.kind == REPLY, USES.c.name == POSTS.c.uri))
        .where(USES.c.hour >= window.since)
    )
    if only is not None:
        done = done.where(INTERACTIONS.c.post_id.in_(only))
        answered = answered.where(POSTS.c.id.in_(only))
    return sa.union_all(done, answered).subquery()


def _of_others(
    ctx: Context, acts: sa.Subquery, window: Window, *columns: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    """Without the author, and of those who may be counted."""
    return (
        sa.select(*columns)
        .select_from(acts)
        .join(POSTS, POSTS.c.id == acts.c.post_id)
        .join(ACCOUNTS, ACCOUNTS.c.id == acts.c.account_id)
        .where(POSTS.c.account_id != acts.c.account_id, countable(ctx, window.now))
    )
