"""Hashtags by their beginning, with how much they were used: of people who may be counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.context import Context
from discover.services.index.documents import judge_accounts
from discover.services.topics.catalogue import ACCOUNT_TAGS, TAGS
from discover.services.topics.edits import is_banned
from discover.store.database import table
from discover.store.lookup import Lookup, among
from discover.store.tables import TrendUse
from discover.wire.hashtags import fold

_USES = table(TrendUse)
_DAY, _HOURS, _DAYS = 86400, 24, 7
_LAST = "\U0010ffff"  # behind every tag that begins like this one

_BEGINNING = (
    sa.select(TAGS.c.tag)
    .where(TAGS.c.tag >= sa.bindparam("start"), TAGS.c.tag < sa.bindparam("end"))
    # what was typed comes first, then what most people use
    .order_by((TAGS.c.tag != sa.bindparam("start")), TAGS.c.people.desc(), TAGS.c.tag)
    .limit(sa.bindparam("limit"))
    .offset(sa.bindparam("offset"))
)
# The counts above may be a moment old; nobody's tag outlives them.
_PEOPLE = Lookup(
    sa.select(ACCOUNT_TAGS.c.tag, sa.func.count().label("people"))
    .where(among(ACCOUNT_TAGS.c.tag))
    .group_by(ACCOUNT_TAGS.c.tag)
)
# A tag of so few people tells of them: one of them must be one to be counted at this moment.
_FEW = 5
_WHO = Lookup(
    sa.select(ACCOUNT_TAGS.c.tag, ACCOUNT_TAGS.c.account_id).where(among(ACCOUNT_TAGS.c.tag))
)
# written out: PostgreSQL takes two bound values for two expressions
_DAY_OF_USE = _USES.c.hour // sa.literal_column(str(_HOURS), sa.Integer)
_DAYS_OF = Lookup(
    sa.select(
        _USES.c.name,
        _DAY_OF_USE.label("day"),
        sa.func.count(_USES.c.account_id.distinct()).label("people"),
        sa.func.count().label("uses"),
    )
    .where(_USES.c.kind == "tag", among(_USES.c.name), _USES.c.hour >= sa.bindparam("since"))
    .group_by(_USES.c.name, _DAY_OF_USE)
)


@dataclass(frozen=True, slots=True)
class TagUse:
    """`people` use it; `history`: (day as seconds since 1970 UTC, people, uses), newest first."""

    tag: str  # folded
    people: int
    history: tuple[tuple[int, int, int], ...]


def find_tags(ctx: Context, text: str, *, limit: int, offset: int) -> tuple[list[TagUse], bool]:
    """Hashtags that begin with the words of `text` written as one. Are there more behind them?

    A page is shorter by those that may not be shown: `offset` counts them too.
    """
    start = fold("".join(text.split()))
    if not start or limit < 1:
        return [], False
    with ctx.database.read() as connection:
        asked = {"start": start, "end": start + _LAST, "limit": limit + 1, "offset": offset}
        rows = connection.scalars(_BEGINNING, asked).all()
        found = [one for one in rows[:limit] if not is_banned(one)]
        people = {row.tag: row.people for row in _PEOPLE(connection, found)}
        for tag in nobodys(ctx, connection, people):
            del people[tag]
        days = _days(connection, list(people), ctx.clock.now())
    tags = [TagUse(tag, people[tag], days[tag]) for tag in found if tag in people]
    return tags, len(rows) > limit


def nobodys(ctx: Context, connection: Connection, people: Mapping[str, int]) -> set[str]:
    """Tags of a few people none of whom may be counted now: blocked, or their consent too old."""
    rare = {tag for tag, number in people.items() if number <= _FEW}
    who = _WHO(connection, rare)
    judged = judge_accounts(ctx, connection, {row.account_id for row in who}, ctx.clock.now())
    counted = {number for number, one in judged.items() if one.verdict.trends.allowed}
    return rare - {row.tag for row in who if row.account_id in counted}


def _days(
    connection: Connection, tags: list[str], now: datetime
) -> dict[str, tuple[tuple[int, int, int], ...]]:
    today = int(now.timestamp()) // _DAY
    wanted = range(today, today - _DAYS, -1)
    counted: dict[tuple[str, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in _DAYS_OF(connection, tags, since=wanted[-1] * _HOURS):
        counted[row.name, row.day] = (row.people, row.uses)
    return {tag: tuple((day * _DAY, *counted[tag, day]) for day in wanted) for tag in tags}
