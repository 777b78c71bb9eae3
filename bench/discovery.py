"""Search, suggestions and trends through the API at full size, against what lies below, bare."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from urllib.parse import urlencode

import sqlalchemy as sa

from bench import suggest
from bench.discovery_fill import Size, fill, learn_levels, questions
from bench.editions import Parts, opened
from bench.measure import Result, median, percentile
from bench.memory import _resident as resident
from bench.search import PIDS, _bare, serving
from discover.bootstrap import App
from discover.model.query import Kind
from discover.policy import similarity as policy
from discover.services.consent.withdraw import INTERACTIONS
from discover.services.topics.catalogue import catalogue
from discover.services.trends.counts import renew_counts
from discover.services.trends.uses import LINK, TAG, USES, hour_of

Ask = Callable[[], object]
LIMIT = 20


def run(parts: Parts, *, quick: bool) -> Result:
    if quick:
        return measured(parts, Size(suggest.Size(5_000, 0, 0), 50_000), 40)
    return measured(parts, Size(suggest.Size(200_000, 0, 0), 2_000_000), 100)


def measured(parts: Parts, size: Size, rounds: int) -> Result:
    """At any size, where a machine or its time is too small for the whole one."""
    result = Result(
        "discovery",
        f"Search, suggestions and trends over HTTP at {size.people.accounts:,} accounts and"
        f" {size.posts:,} posts (milliseconds)",
        ["asked for", "median", "p99", "bare, median", "bare, p99", "ratio", "API's own MB"],
        unit="milliseconds at the median",
    )
    settings = parts.settings("embedded")
    with opened(settings) as app:
        print(f"  filling SQLite and Tantivy with {size.posts:,} posts …", flush=True)
        fill(app, size)
        levels = learn_levels(app)
        began = time.perf_counter()
        renew_counts(app.context)
        counts = time.perf_counter() - began
    with (
        opened(settings) as app,
        serving(settings) as port,
        closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as api,
    ):
        bare = _bare(settings)
        for name, (path, below) in _asked(app, bare, size, rounds + 5).items():
            ours, theirs = _measure(api, path, below)
            own, files = resident(PIDS[port])
            numbers = (
                median(ours),
                percentile(ours, 0.99),
                median(theirs),
                percentile(theirs, 0.99),
            )
            ratio = f"{median(ours) / median(theirs):.2f}"
            result.rows.append([name, *(f"{one:.1f}" for one in numbers), ratio, f"{own:.0f}"])
            result.bars[name] = median(ours)
            result.bars[f"bare {name}"] = median(theirs)
    result.notes += [
        (
            "Embedded edition, SQLite and Tantivy, filled directly; the API in a process of its own,"
            f" asked over one kept connection, {rounds} questions of each kind, ours and the bare"
            f" one in turn. At the end the API holds {own:.0f} MB of its own and {files:.0f} MB of"
            " files that it maps, which the system takes back when it needs them."
        ),
        (
            "Bare: for search the engine's own query; for suggestions one statement that adds up the"
            " topic's traits; for trends one statement that counts distinct people of each name (of"
            " each post) in the window and sorts. It knows no consent, no usual level, no server,"
            " loads nobody and shows nothing."
        ),
        (
            f"The first round of the hourly task that keeps the usual levels took {levels:.0f} s;"
            " later rounds of a day work out only what is new. The task that counts the usual windows"
            f" ahead, every quarter of an hour, took {counts:.0f} s."
        ),
    ]
    return result


def _asked(
    app: App, bare: dict[Kind, Callable[[str], None]], size: Size, count: int
) -> dict[str, tuple[list[str], list[Ask]]]:
    """Paths to ask for, and the same question to what lies below."""
    asked: dict[str, tuple[list[str], list[Ask]]] = {}
    words = questions(size, count)
    for kind in (Kind.POSTS, Kind.ACCOUNTS):
        paths = [f"/api/v1/search?{urlencode({'q': one, 'type': kind.value})}" for one in words]
        asked[f"search, {kind.value}"] = (
            paths,
            [partial(bare[kind], one) for one in words],
        )
    topics = sorted(catalogue().topics)
    chosen = [topics[number % len(topics)] for number in range(count)]
    asked["suggestions, a topic"] = (
        [f"/api/v1/suggestions?topic={one}&limit={LIMIT}" for one in chosen],
        [
            partial(suggest._bare, app.context.database, [policy.trait(policy.TOPIC, one)])  # noqa: SLF001
            for one in chosen
        ],
    )
    for name, path, used, hours in (
        ("trending hashtags, 24 h", "hashtags?window=24h", TAG, 24),
        ("trending hashtags, 30 h, counted when asked", "hashtags?window=30h", TAG, 30),
        ("trending hashtags, 7 d", "hashtags?window=7d", TAG, 168),
        ("trending hashtags, 24 h, in German", "hashtags?window=24h&lang=de", TAG, 24),
        ("trending links, 24 h", "links?window=24h", LINK, 24),
    ):
        language = "de" if "lang=de" in path else None
        asked[name] = (
            [f"/api/v1/trending/{path}"] * count,
            [partial(_people, app, used, hours, language)] * count,
        )
    asked["trending posts, 24 h"] = (
        ["/api/v1/trending/posts?window=24h"] * count,
        [partial(_posts, app)] * count,
    )
    return asked


def _measure(
    api: http.client.HTTPConnection, paths: list[str], below: list[Ask]
) -> tuple[list[float], list[float]]:
    ours: list[float] = []
    theirs: list[float] = []
    for number, (path, ask) in enumerate(zip(paths, below, strict=True)):
        began = time.perf_counter()
        api.request("GET", path)
        answer = api.getresponse()
        answer.read()
        between = time.perf_counter()
        ask()
        ended = time.perf_counter()
        assert answer.status == 200, (path, answer.status)
        if number >= 5:  # warm
            ours.append((between - began) * 1000)
            theirs.append((ended - between) * 1000)
    return ours, theirs


def _people(app: App, kind: str, hours: int, language: str | None) -> None:
    people = sa.func.count(USES.c.account_id.distinct())
    since = hour_of(datetime.now(UTC)) - hours
    statement = sa.select(USES.c.name, people).where(USES.c.kind == kind, USES.c.hour >= since)
    if language is not None:
        statement = statement.where(USES.c.language == language)
    with app.context.database.read() as connection:
        connection.execute(
            statement.group_by(USES.c.name).order_by(people.desc()).limit(LIMIT)
        ).all()


def _posts(app: App) -> None:
    people = sa.func.count(INTERACTIONS.c.account_id.distinct())
    since = datetime.now(UTC) - timedelta(days=1)
    with app.context.database.read() as connection:
        connection.execute(
            sa.select(INTERACTIONS.c.post_id, people)
            .where(INTERACTIONS.c.at >= since)
            .group_by(INTERACTIONS.c.post_id)
            .order_by(people.desc())
            .limit(LIMIT)
        ).all()
