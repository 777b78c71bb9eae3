"""Which posts are each account's newest: chosen in the index, before any post is read."""

from __future__ import annotations

import sqlalchemy as sa

from discover.services.facts import POSTS
from discover.store.lookup import among


def places(*only: sa.ColumnElement[bool]) -> sa.Subquery:
    """`id` and `place` (1: the newest) of the posts `among` some accounts, of `only` these posts."""
    place = sa.func.row_number().over(
        partition_by=POSTS.c.account_id, order_by=POSTS.c.published.desc()
    )
    return (
        sa.select(POSTS.c.id, place.label("place"))
        .where(among(POSTS.c.account_id), *only)
        .subquery()
    )
