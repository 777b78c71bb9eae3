"""Counts of trends for the windows and languages that are asked for most, kept for minutes.

What is kept is numbers by name and server; the name of a post is its id. When one of the people behind a number leaves, or
changes a post, `trend_uses.forget` takes the numbers of that name away in the same transaction,
and the name is counted anew when it is asked for. Servers are judged when asked.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.languages import primary
from discover.policy.trends import expected
from discover.services.context import Context
from discover.services.trends.heard import (
    Days,
    Heard,
    Row,
    Window,
    by_server,
    candidates,
    history,
    in_reach,
    oldest_consent,
)
from discover.services.trends.heard_posts import (
    most_heard,
    oldest_consent_of_posts,
    posts_by_server,
)
from discover.services.trends.levels import ALL_LANGUAGES, levels_of, window_hours
from discover.services.trends.uses import (
    COUNTS,
    LINK,
    POST,
    REPLY,
    TAG,
    USES,
    hour_of,
    wait_for_leavers,
)
from discover.store.database import upsert
from discover.store.tables import TrendCount

# Six hours, a day, a week: what our pages and Mastodon's clients ask for
WINDOWS = (6, 24, 168)
LANGUAGES = 6  # those that most is written in, besides all together
# A renewal every quarter of an hour is missed twice before everything is counted when asked.
KEPT = timedelta(minutes=45)

_SETTLE = sa.update(COUNTS).where(
    COUNTS.c.kind == sa.bindparam("of_kind"),
    COUNTS.c.hours == sa.bindparam("of_hours"),
    COUNTS.c.language == sa.bindparam("of_language"),
    COUNTS.c.name == sa.bindparam("of_name"),
    COUNTS.c.round == sa.bindparam("of_round"),
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of one window: who was heard, and the days of whatever was kept."""

    heard: dict[str, Heard]
    days: dict[str, Days]


def kept(ctx: Context, connection: Connection, kind: str, window: Window) -> Kept | None:
    """None: this window is not kept, or not lately, and has to be counted."""
    hours, language = window_hours(window.length), window.language or ALL_LANGUAGES
    if hours not in WINDOWS or window.length != timedelta(hours=hours):
        return None
    here = (COUNTS.c.kind == kind, COUNTS.c.hours == hours, COUNTS.c.language == language)
    rows = connection.execute(sa.select(COUNTS).where(*here)).all()
    if not any(row.counted and row.made_at >= window.now - KEPT for row in rows):
        return None
    # a fresh yesterday is no history of today
    good = [
        row
        for row in rows
        if row.counted
        and row.made_at >= window.now - KEPT
        and row.until > window.now
        and (kind == POST or row.days[0][0] == window.today)
    ]
    known = in_reach(
        connection,
        [(row.name, host, people, uses) for row in good for host, people, uses in row.servers],
    )
    days: dict[str, Days] = {}
    for row in good:
        known[row.name].usual = row.usual
        days[row.name] = tuple((day, people, uses) for day, people, uses in row.days)
    left = [row.name for row in rows if row.name not in days]
    if left:
        anew = in_reach(connection, _by_server(ctx, connection, kind, left, window))
        usual = _usual(connection, kind, left, window)
        for name, one in anew.items():
            one.usual = usual[name]
        known.update(anew)
    return Kept(known, days)


def renew_counts(ctx: Context) -> int:
    """Count anew. Returns how many names are kept. Safe to stop at any point and to repeat."""
    done = 0
    for kind in (TAG, LINK, POST):
        languages = [ALL_LANGUAGES, *_spoken(ctx, (TAG, LINK, REPLY) if kind == POST else (kind,))]
        for language in languages:
            done += _renew(ctx, kind, language)
        with ctx.database.write() as connection:
            others = COUNTS.c.language.not_in(languages)
            connection.execute(sa.delete(COUNTS).where(COUNTS.c.kind == kind, others))
    return done


def _usual(
    connection: Connection, kind: str, names: Collection[str], window: Window
) -> dict[str, float]:
    if kind == POST:  # what is new each time has no usual
        return dict.fromkeys(names, 0.0)
    levels = levels_of(connection, kind, names, window.language, window.today)
    return {name: expected(level, window.length) for name, level in levels.items()}


def _spoken(ctx: Context, kinds: Collection[str]) -> list[str]:
    """The languages that most was written in within a week."""
    since = hour_of(ctx.clock.now()) - max(WINDOWS)
    used: Counter[str] = Counter()
    with ctx.database.read() as connection:
        for row in connection.execute(
            sa.select(USES.c.language, sa.func.count().label("uses"))
            .where(USES.c.kind.in_(kinds), USES.c.hour >= since)
            .group_by(USES.c.language)
        ):
            used[primary(row.language)] += row.uses
    del used["und"]
    return [language for language, _ in used.most_common(LANGUAGES)]


def _renew(ctx: Context, kind: str, language: str) -> int:
    """One language. Nobody who leaves meanwhile stays in a number.

    The names are written down first; then everybody is waited for who is leaving just now and
    has not seen them; then they are counted. Whoever leaves from then on ends the round.
    """
    now, number = ctx.clock.now(), time.time_ns()
    windows = [Window(now, timedelta(hours=hours), language or None) for hours in WINDOWS]
    with ctx.database.read() as connection:
        asked = [(window, _candidates(connection, kind, window)) for window in windows]
    with ctx.database.write() as connection:
        for window, names in asked:
            here = _here(kind, window)
            dropped = [COUNTS.c[key] == value for key, value in here.items()]
            connection.execute(sa.delete(COUNTS).where(*dropped, COUNTS.c.name.not_in(names)))
            places = [{**here, "name": name, "round": number, "made_at": now} for name in names]
            upsert(connection, TrendCount, places, key=[*here, "name"], update=["round"])
    wait_for_leavers(ctx.database)
    with ctx.database.read() as connection:
        counted = _count(ctx, connection, kind, asked)
    if counted:
        with ctx.database.write() as connection:
            connection.execute(_SETTLE, [{**one, "of_round": number} for one in counted])
    return len(counted)


def _candidates(connection: Connection, kind: str, window: Window) -> list[str]:
    if kind == POST:
        return most_heard(connection, window)
    return candidates(connection, kind, window)


def _by_server(
    ctx: Context, connection: Connection, kind: str, names: Collection[str], window: Window
) -> list[Row]:
    if kind == POST:
        return posts_by_server(ctx, connection, names, window)
    return by_server(ctx, connection, kind, names, window)


def _here(kind: str, window: Window) -> dict[str, Any]:
    language = window.language or ALL_LANGUAGES
    return {"kind": kind, "hours": window_hours(window.length), "language": language}


def _count(
    ctx: Context, connection: Connection, kind: str, asked: Sequence[tuple[Window, list[str]]]
) -> list[dict[str, Any]]:
    """What `_SETTLE` writes for each window and name. A history knows no window."""
    every = {name for _, names in asked for name in names}
    longest = max((window for window, _ in asked), key=lambda window: window.length)
    if kind == POST:
        days: dict[str, Days] = dict.fromkeys(every, ())
        oldest = oldest_consent_of_posts(ctx, connection, every, longest)
    else:
        days = history(ctx, connection, kind, every, longest)
        oldest = oldest_consent(ctx, connection, kind, every, longest)
    found = []
    for window, names in asked:
        here = {f"of_{key}": value for key, value in _here(kind, window).items()}
        servers: dict[str, list[tuple[str, int, int]]] = {name: [] for name in names}
        for name, host, people, uses in _by_server(ctx, connection, kind, names, window):
            servers[name].append((host, people, uses))
        usual = _usual(connection, kind, names, window)
        found += [
            {
                **here,
                "of_name": name,
                "servers": servers[name],
                "days": days[name],
                "usual": usual[name],
                "until": oldest.get(name, window.now) + ctx.rules.hide_after,
                "made_at": window.now,
                "counted": True,
            }
            for name in names
        ]
    return found
