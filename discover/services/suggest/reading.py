"""What may be read of somebody at this moment to know what they are like."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.consent import decide_post
from discover.policy.languages import of_account
from discover.services.context import Context
from discover.services.facts import POST_FACTS, POSTS, post_facts
from discover.services.index.documents import Judged
from discover.services.index.newest import places
from discover.store.database import Lookup

RECENT = 20  # posts of each account that are looked at

_places = places()
# Statements are made once: to make one costs more than to run it.
_RECENT = Lookup(
    sa.select(*POST_FACTS, POSTS.c.text, POSTS.c.language)
    .join(_places, _places.c.id == POSTS.c.id)
    .where(_places.c.place <= RECENT)
)


def newest_posts(
    ctx: Context, connection: Connection, judged: dict[int, Judged], now: datetime
) -> dict[int, list[Any]]:
    """The newest posts that may be found at this moment, by author."""
    posting = [number for number, one in judged.items() if one.verdict.index_posts.allowed]
    found: dict[int, list[Any]] = {}
    for row in _RECENT(connection, posting):
        one = judged[row.account_id]
        if decide_post(post_facts(row, one.row.uri), one.author, ctx.rules, now).allowed:
            found.setdefault(row.account_id, []).append(row)
    return found


def languages_of(one: Judged) -> tuple[str, ...]:
    posts = one.row.languages if one.verdict.index_posts.allowed else ()
    return of_account(posts, one.row.language)


def language_of(one: Judged) -> str:
    return next(iter(languages_of(one)), "und")
