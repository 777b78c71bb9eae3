"""What the processes hold in memory at the size of the search bench."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import sqlalchemy as sa

from bench import sample
from bench.editions import EDITIONS, Parts, environment, opened, wide_world
from bench.measure import Result
from bench.search import PIDS, serving, size
from discover.services.consent.withdraw import VISITS
from discover.services.facts import SERVERS
from discover.settings import Settings
from tests.support.processes import answers, free_port, server

SEARCHES = 100


def run(parts: Parts, *, quick: bool) -> Result:
    accounts, posts = size(quick=quick)
    words = sample.words(wide_world(accounts, posts), SEARCHES)
    result = Result(
        "memory",
        f"Resident memory after {SEARCHES} searches at {posts:,} posts (MB)",
        ["process", "its own", "mapped files", "together"],
        unit="MB of its own",
    )

    def note(name: str, pid: int) -> None:
        own, files = _resident(pid)
        result.rows.append([name, f"{own:.0f}", f"{files:.0f}", f"{own + files:.0f}"])
        result.bars[name] = own

    for edition in EDITIONS:
        settings = parts.filled(edition, accounts, posts)
        with serving(settings) as port:
            _search(port, words)
            note(f"API, {edition} edition", PIDS[port])
        if edition == "embedded":
            with _everything(settings) as (port, pid):
                _search(port, words)
                note("waypost up: web, API, worker, crawler, scheduler", pid)
        else:
            note("Meilisearch beside it, without what it maps", parts.meilisearch.pid)
    result.notes += [
        (
            "“Its own” is anonymous memory; “mapped files” are pages of the index, the database and"
            " the programs, which the system takes back when it needs them."
        ),
    ]
    return result


@contextmanager
def _everything(settings: Settings) -> Iterator[tuple[int, int]]:
    """`waypost up` over a filled place, with nothing due for years: nothing leaves."""
    with opened(settings) as app, app.context.database.write() as connection:
        never = app.context.clock.now().replace(year=2100)
        connection.execute(sa.update(SERVERS).values(due_at=never))
        connection.execute(sa.update(VISITS).values(due_at=never))
    port = free_port()
    with server(
        [Path(sys.executable).parent / "waypost", "up"],
        ready=lambda: answers(f"http://127.0.0.1:{port}/healthz"),
        log=settings.home / "up.log",
        env=environment(settings) | {"WAYPOST_PORT": str(port)},
    ) as child:
        yield port, child.pid


def _search(port: int, words: list[str]) -> None:
    api = http.client.HTTPConnection("127.0.0.1", port)
    for word in words:
        api.request("GET", f"/api/v1/search?{urlencode({'q': word})}")
        api.getresponse().read()


def _resident(pid: int) -> tuple[float, float]:
    """(anonymous, of files) in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kb = {
        name: int(rest.split()[0])
        for name, _, rest in (line.partition(":") for line in lines)
        if name.startswith("Rss")
    }
    return kb["RssAnon"] / 1024, (kb["RssFile"] + kb["RssShmem"]) / 1024
