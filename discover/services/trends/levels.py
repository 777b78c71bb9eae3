"""What is usual: voices by day and week before now, worked out from the uses and kept for a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.languages import primary, spellings
from discover.policy.trends import DAYS, WEEKS, Level, voices
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.trends.uses import (
    LEVELS,
    LINK,
    TAG,
    USES,
    forget_old,
    hour_of,
    keep_leavers_out,
)
from discover.store.database import chunks, upsert
from discover.store.tables import TrendLevel

# Kept for what so many people spoke of within a week; the rest is quickly worked out when asked.
KEPT_FROM_PEOPLE = 3
ALL_LANGUAGES = ""
_CHUNK = 200

_Counts = dict[tuple[str, str], dict[int, list[int]]]  # (name, language) -> slot -> people


def in_language(wanted: str | None) -> sa.ColumnElement[bool]:
    """RFC 4647 basic filtering (policy.trends.matches) of uses; `wanted` has been checked."""
    if wanted is None:
        return sa.true()
    return sa.or_(
        *(
            sa.or_(USES.c.language == one, USES.c.language.like(f"{one}-%"))
            for one in spellings(wanted)
        )
    )


def levels_of(
    connection: Connection, kind: str, names: Collection[str], wanted: str | None, today: int
) -> dict[str, Level]:
    """What is usual for these names in this language. A range finer than its primary subtag is
    held against the whole language.
    """
    language = primary(wanted) if wanted else ALL_LANGUAGES
    found: dict[str, Level] = {}
    for part in chunks(list(names)):
        rows = connection.execute(
            sa.select(LEVELS.c.name, LEVELS.c.daily, LEVELS.c.weekly).where(
                LEVELS.c.kind == kind,
                LEVELS.c.name.in_(part),
                LEVELS.c.language == language,
                # yesterday's will do until today's are there
                LEVELS.c.day >= today - 1,
            )
        )
        found.update({row.name: Level(tuple(row.daily), tuple(row.weekly)) for row in rows})
    missing = [name for name in names if name not in found]
    for part in chunks(missing, _CHUNK):
        worked_out = _work_out(connection, kind, part, language, today)
        found.update({name: level for (name, _), (level, _) in worked_out.items()})
    return found


def refresh_levels(ctx: Context) -> int:
    """Keep today's level of whatever is spoken of. Returns how many names were worked out.

    Safe to stop at any point and to repeat.
    """
    forget_old(ctx)
    now = ctx.clock.now()
    today = hour_of(now) // 24
    done = 0
    for kind in (TAG, LINK):
        for part in chunks(_spoken_of(ctx, kind, today), _CHUNK):
            _keep(ctx, kind, part, today)
            done += len(part)
    with ctx.database.write() as connection:
        connection.execute(sa.delete(LEVELS).where(LEVELS.c.day < today - 1))
    return done


def _spoken_of(ctx: Context, kind: str, today: int) -> list[str]:
    """Names that several people used within a week and that have no level of today."""
    current = sa.select(LEVELS.c.name).where(
        LEVELS.c.kind == kind, LEVELS.c.language == ALL_LANGUAGES, LEVELS.c.day == today
    )
    statement = (
        sa.select(USES.c.name)
        .where(USES.c.kind == kind, USES.c.hour >= (today - 7) * 24, USES.c.name.not_in(current))
        .group_by(USES.c.name)
        .having(sa.func.count(USES.c.account_id.distinct()) >= KEPT_FROM_PEOPLE)
    )
    with ctx.database.read() as connection:
        return list(connection.scalars(statement))


def _keep(ctx: Context, kind: str, names: Collection[str], today: int) -> None:
    """In one writing transaction, so that nobody who leaves meanwhile stays in a mean."""
    with ctx.database.write() as connection:
        keep_leavers_out(connection)
        rows = [
            {
                "kind": kind, "name": name, "language": language, "day": today, "uses": uses,
                "daily": list(level.daily), "weekly": list(level.weekly),
            }
            for wanted in (ALL_LANGUAGES, None)
            for (name, language), (level, uses) in _work_out(
                connection, kind, names, wanted, today
            ).items()
        ]  # fmt: skip
        upsert(
            connection,
            TrendLevel,
            rows,
            key=["kind", "name", "language"],
            update=["day", "uses", "daily", "weekly"],
        )


def _work_out(
    connection: Connection, kind: str, names: Collection[str], language: str | None, today: int
) -> Mapping[tuple[str, str], tuple[Level, float]]:
    """(name, language) to its level and mean uses a day.

    `language`: a primary subtag, '' for all together, None for each by itself.
    """
    day = sa.cast(today, sa.Integer) - USES.c.hour // 24  # days ago
    daily, uses = _counts(connection, kind, names, language, day - 2, today - DAYS - 1, today - 2)
    week = (day - 1) // 7 - 1
    weekly, _ = _counts(connection, kind, names, language, week, today - 7 * (WEEKS + 1), today - 8)
    found = {}
    for key in daily.keys() | weekly.keys():
        level = Level(_voices(daily.get(key, {})), _voices(weekly.get(key, {})))
        found[key] = (level, uses[key] / DAYS)
    if language is not None:
        for name in names:
            found.setdefault((name, language), (Level(), 0.0))
    return found


def _counts(
    connection: Connection,
    kind: str,
    names: Collection[str],
    language: str | None,
    slot: sa.ColumnElement[int],
    first_day: int,
    last_day: int,
) -> tuple[_Counts, dict[tuple[str, str], int]]:
    """People of each server by slot of time, and uses, from one day to another."""
    columns: list[sa.ColumnElement[Any]] = [USES.c.name, slot.label("slot"), ACCOUNTS.c.host]
    if language is None:
        columns.append(USES.c.language)
    statement = (
        sa.select(
            *columns,
            sa.func.count(USES.c.account_id.distinct()).label("people"),
            sa.func.count().label("uses"),
        )
        .join(ACCOUNTS, ACCOUNTS.c.id == USES.c.account_id)
        .where(
            USES.c.kind == kind,
            USES.c.name.in_(names),
            USES.c.hour >= first_day * 24,
            USES.c.hour < (last_day + 1) * 24,
            in_language(language or None),
        )
        .group_by(*columns)
    )
    people: _Counts = defaultdict(lambda: defaultdict(list))
    uses: dict[tuple[str, str], int] = defaultdict(int)
    for row in connection.execute(statement):
        key = (row.name, primary(row.language) if language is None else language)
        people[key][row.slot].append(row.people)
        uses[key] += row.uses
    return people, uses


def _voices(slots: Mapping[int, Iterable[int]]) -> tuple[float, ...]:
    """By slot, up to the last that was not silent."""
    return tuple(round(voices(slots.get(i, ())), 2) for i in range(max(slots, default=-1) + 1))


def window_hours(window: timedelta) -> int:
    return -(-window // timedelta(hours=1))
