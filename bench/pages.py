"""Milliseconds that a page takes beyond the bare engine, and its bytes over the wire."""

from __future__ import annotations

import gzip
import http.client
import os
import time
from collections.abc import Callable
from urllib.parse import urlencode

from bench import suggest
from bench.discovery_fill import Size, fill, learn_levels, questions
from bench.editions import Parts, opened
from bench.measure import Goal, Result, median, percentile
from bench.search import PIDS, TYPES, _all, _bare, serving
from discover.services.trends.counts import renew_counts

MOST_MS, MOST_BYTES = 15.0, 60_000
_WARM, _ROUNDS = 20, 3
Ask = Callable[[str], None]


def run(parts: Parts, *, quick: bool) -> Result:
    if quick:
        return measured(parts, Size(suggest.Size(5_000, 0, 0), 20_000), 40)
    return measured(parts, Size(suggest.Size(200_000, 0, 0), 200_000), 100)


def measured(parts: Parts, size: Size, count: int) -> Result:
    """At any size, where a machine or its time is too small for the whole one."""
    result = Result(
        "pages",
        f"Pages over HTTP at {size.people.accounts:,} accounts and {size.posts:,} posts",
        [
            "page", "median, ms", "p95, ms", "engine alone, ms", "above it, ms",
            "processor time above it, ms", "kB over the wire",
        ],
        unit="milliseconds above the engine at the median",
    )  # fmt: skip
    settings = parts.settings("embedded")
    with opened(settings) as app:
        print(f"  filling SQLite and Tantivy with {size.people.accounts:,} accounts …", flush=True)
        fill(app, size)
        learn_levels(app)
        renew_counts(app.context)
    words = questions(size, count)
    with serving(settings) as port:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        bare = _bare(settings)
        pages: dict[str, tuple[list[str], Ask | None]] = {
            f"results, {name}": (
                [f"/search?{urlencode({'q': word, 'type': name})}" for word in words],
                _all(bare, kinds),
            )
            for name, kinds in TYPES.items()
        }
        pages |= {
            name: ([path] * count, None)
            for name, path in (
                ("home", "/"), ("topics", "/topics"), ("servers", "/servers"),
                ("trends of a day", "/trends"), ("trends of a week", "/trends?window=week"),
            )
        }  # fmt: skip
        for name, (paths, engine) in pages.items():
            ours, theirs, spent, sizes = _measure(client, PIDS[port], paths, words, engine)
            added = [one - other for one, other in zip(ours, theirs, strict=True)]
            cpu = spent - (sum(theirs) / len(theirs) if engine else 0.0)
            numbers = (median(ours), percentile(ours, 0.95), median(theirs), median(added), cpu)
            biggest = max(sizes)
            row = [*(f"{one:.1f}" for one in numbers), f"{biggest / 1000:.1f}"]
            result.rows.append([name, *row])
            result.bars[name] = median(added)
            if name.startswith("results"):
                goal = Goal(f"ms above the engine, {name}", MOST_MS, median(added), at_least=False)
                result.goals.append(goal)
            if name == "home" or name.startswith("results"):
                what = f"bytes over the wire, {name}"
                result.goals.append(Goal(what, MOST_BYTES, biggest, at_least=False))
    result.notes += [
        (
            f"Embedded edition, filled directly; the API in a process of its own, asked over one kept"
            f" connection for whole pages with gzip; {count} words, {_ROUNDS} rounds, the page and the"
            " bare engine in turn; each word counts with the median of its rounds."
        ),
        (
            "Processor time is that of the API's process, the mean of a page less what the engine"
            " alone takes. On a machine that does other things at the same time the rest is waiting."
        ),
        "Bytes are those of the biggest page, without style and script, which are kept for ever.",
    ]
    return result


def _measure(
    client: http.client.HTTPConnection,
    pid: int,
    paths: list[str],
    words: list[str],
    engine: Ask | None,
) -> tuple[list[float], list[float], float, list[int]]:
    """Page and engine by word (ms), the process's own time for a page (ms), bytes."""
    for path in paths[:_WARM]:
        _get(client, path)
    ours: list[list[float]] = []
    theirs: list[list[float]] = []
    sizes: list[int] = []
    began = _processor_ms(pid)
    for _ in range(_ROUNDS):
        pages, bare = [], []
        for path, word in zip(paths, words, strict=True):
            start = time.perf_counter()
            sizes.append(_get(client, path))
            between = time.perf_counter()
            if engine is not None:
                engine(word)
            ended = time.perf_counter()
            pages.append((between - start) * 1000)
            bare.append((ended - between) * 1000 if engine is not None else 0.0)
        ours.append(pages)
        theirs.append(bare)
    spent = (_processor_ms(pid) - began) / len(sizes)
    return (
        [median(one) for one in zip(*ours, strict=True)],
        [median(one) for one in zip(*theirs, strict=True)],
        spent,
        sizes,
    )


def _get(client: http.client.HTTPConnection, path: str) -> int:
    client.request("GET", path, headers={"Accept": "text/html", "Accept-Encoding": "gzip"})
    answer = client.getresponse()
    body = answer.read()
    assert answer.status == 200, (path, answer.status)
    assert gzip.decompress(body)
    return len(body)


def _processor_ms(pid: int) -> float:
    """Of all threads of a process since it began (proc(5), fields 14 and 15 of stat)."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:  # noqa: PTH123 -- not a file on a disk
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")
