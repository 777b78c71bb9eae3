"""Who spoke of what within a window, of those who may be counted at this moment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.verdict import Reason
from discover.policy.consent import decide_server
from discover.policy.languages import primary
from discover.policy.trends import rise, voices
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, load_servers
from discover.services.trends.levels import ALL_LANGUAGES, in_language, window_hours
from discover.services.trends.uses import LEVELS, USES, hour_of

# Looked at closely, of whatever is used most above its usual
CANDIDATES = 200
HISTORY_DAYS = 7

# (day since 1970 UTC, people, uses), newest first
Days = tuple[tuple[int, int, int], ...]
# name, host, people, uses
Row = tuple[Any, str, int, int]


@dataclass(slots=True)
class Heard:
    """Who spoke of one thing within the window."""

    people: dict[str, int] = field(default_factory=dict)  # by server
    uses: int = 0
    usual: float = 0.0

    @property
    def rise(self) -> float:
        return rise(voices(self.people.values()), self.usual)


@dataclass(frozen=True, slots=True)
class Window:
    """A checked request at one moment."""

    now: datetime
    length: timedelta
    language: str | None
    limit: int = 0
    offset: int = 0

    @property
    def since(self) -> int:
        """The first hour that belongs to it; the running one comes on top."""
        return hour_of(self.now) - window_hours(self.length)

    @property
    def today(self) -> int:
        return hour_of(self.now) // 24

    @property
    def first_day(self) -> int:
        """The first day of a history."""
        return self.today - HISTORY_DAYS + 1


def countable(ctx: Context, now: datetime) -> sa.ColumnElement[bool]:
    """Accounts whose consent to be counted is fresh. (A no takes the uses themselves away.)"""
    return sa.and_(
        ACCOUNTS.c.posts_allowed.is_(True),
        ACCOUNTS.c.hidden.is_(False),
        ACCOUNTS.c.evidence_at >= now - ctx.rules.hide_after,
    )


def candidates(connection: Connection, kind: str, window: Window) -> list[str]:
    """Used most above the usual: uses instead of people, which is much faster to know."""
    uses = sa.func.count().label("uses")
    used = (
        sa.select(USES.c.name, uses)
        .where(USES.c.kind == kind, USES.c.hour >= window.since, in_language(window.language))
        .group_by(USES.c.name)
        .having(uses >= 2)
        .subquery()
    )
    language = primary(window.language) if window.language else ALL_LANGUAGES
    level = sa.and_(
        LEVELS.c.kind == kind, LEVELS.c.name == used.c.name, LEVELS.c.language == language
    )
    above = used.c.uses - sa.func.coalesce(LEVELS.c.uses, 0.0) * (window.length / timedelta(days=1))
    return list(
        connection.scalars(
            sa.select(used.c.name)
            .outerjoin(LEVELS, level)
            .order_by(above.desc(), used.c.name)
            .limit(CANDIDATES)
        )
    )


def by_server(
    ctx: Context, connection: Connection, kind: str, names: Collection[str], window: Window
) -> list[Row]:
    rows = connection.execute(
        sa.select(
            USES.c.name,
            ACCOUNTS.c.host,
            sa.func.count(USES.c.account_id.distinct()).label("people"),
            sa.func.count().label("uses"),
        )
        .join(ACCOUNTS, ACCOUNTS.c.id == USES.c.account_id)
        .where(
            USES.c.kind == kind,
            USES.c.name.in_(names),
            USES.c.hour >= window.since,
            in_language(window.language),
            countable(ctx, window.now),
        )
        .group_by(USES.c.name, ACCOUNTS.c.host)
    )
    return [(row.name, row.host, row.people, row.uses) for row in rows]


def heard(
    ctx: Context, connection: Connection, kind: str, names: Collection[str], window: Window
) -> dict[str, Heard]:
    return in_reach(connection, by_server(ctx, connection, kind, names, window))


def in_reach(connection: Connection, rows: Sequence[Row]) -> dict[Any, Heard]:
    """Without the people of servers that are out, or that we cannot be sure of now."""
    servers = load_servers(connection, {host for _, host, _, _ in rows})
    reached = {host for host, facts in servers.items() if _counts(decide_server(facts).reasons)}
    found: dict[Any, Heard] = defaultdict(Heard)
    for name, host, people, uses in rows:
        if host in reached:
            found[name].people[host] = people
            found[name].uses += uses
    return found


def _counts(reasons: Iterable[Reason]) -> bool:
    """People may have opted in themselves, without their server."""
    return {Reason.SERVER_OPTED_IN, Reason.SERVER_NOT_OPTED_IN}.issuperset(reasons)


def history(
    ctx: Context, connection: Connection, kind: str, names: Collection[str], window: Window
) -> dict[str, Days]:
    """The last seven days of each name."""
    day = (USES.c.hour // 24).label("day")
    rows = connection.execute(
        sa.select(
            USES.c.name,
            day,
            sa.func.count(USES.c.account_id.distinct()).label("people"),
            sa.func.count().label("uses"),
        )
        .join(ACCOUNTS, ACCOUNTS.c.id == USES.c.account_id)
        .where(
            USES.c.kind == kind,
            USES.c.name.in_(names),
            USES.c.hour >= window.first_day * 24,
            in_language(window.language),
            countable(ctx, window.now),
        )
        .group_by(USES.c.name, day)
    )
    days = {(row.name, row.day): (row.people, row.uses) for row in rows}
    return {
        name: tuple(
            (number, *days.get((name, number), (0, 0)))
            for number in range(window.today, window.first_day - 1, -1)
        )
        for name in names
    }


def oldest_consent(
    ctx: Context, connection: Connection, kind: str, names: Collection[str], window: Window
) -> dict[str, datetime]:
    """When the oldest evidence of those who were counted for each name was seen."""
    rows = connection.execute(
        sa.select(USES.c.name, sa.func.min(ACCOUNTS.c.evidence_at).label("oldest"))
        .join(ACCOUNTS, ACCOUNTS.c.id == USES.c.account_id)
        .where(
            USES.c.kind == kind,
            USES.c.name.in_(names),
            USES.c.hour >= min(window.since, window.first_day * 24),
            in_language(window.language),
            countable(ctx, window.now),
        )
        .group_by(USES.c.name)
    )
    return {row.name: row.oldest for row in rows}
