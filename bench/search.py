"""Milliseconds that the API adds to a search, against the bare engine asked the same words."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from tantivy import Searcher

from bench import sample
from bench.editions import EDITIONS, Parts, environment, wide_world
from bench.measure import Goal, Result, median, percentile
from discover.engines.tantivy_folder import Folder
from discover.engines.tantivy_reading import open_index
from discover.engines.weights import ACCOUNT_FIELDS, POST_FIELDS
from discover.model.query import Kind
from discover.settings import Settings
from tests.support.processes import answers, free_port, server

LIMIT = 20
ENGINES = {"embedded": "Tantivy", "server": "Meilisearch"}
TYPES = {"posts": (Kind.POSTS,), "accounts": (Kind.ACCOUNTS,), "all": (Kind.ACCOUNTS, Kind.POSTS)}
Ask = Callable[[str], None]


def size(*, quick: bool) -> tuple[int, int]:
    """(accounts, posts)"""
    return (1_000, 20_000) if quick else (10_000, 200_000)


def run(parts: Parts, *, quick: bool) -> Result:
    accounts, posts = size(quick=quick)
    rounds, count = (2, 40) if quick else (3, 150)
    words = sample.words(wide_world(accounts, posts), count)
    result = Result(
        "search",
        f"GET /api/v1/search over HTTP against the bare engine, {posts:,} posts (milliseconds)",
        ["engine", "type", "API median", "bare median", "added, median", "added, p95"],
        unit="milliseconds added at the median",
    )
    for edition in EDITIONS:
        settings = parts.filled(edition, accounts, posts)
        bare = _bare(settings)
        with serving(settings) as port:
            api = http.client.HTTPConnection("127.0.0.1", port)
            for name, kinds in TYPES.items():
                both = (_asker(api, name), _all(bare, kinds))
                _round(words[:30], both)  # warm
                times = [_round(words, both) for _ in range(rounds)]
                of_api = [median(one) for one in zip(*(ours for ours, _ in times), strict=True)]
                of_bare = [
                    median(one) for one in zip(*(theirs for _, theirs in times), strict=True)
                ]
                added = [a - b for a, b in zip(of_api, of_bare, strict=True)]
                engine = ENGINES[edition]
                numbers = (median(of_api), median(of_bare), median(added), percentile(added, 0.95))
                result.rows.append([engine, name, *(f"{one:.2f}" for one in numbers)])
                result.goals.append(
                    Goal(f"ms added, {engine}, {name}", 3.0, median(added), at_least=False)
                )
                result.bars[f"{engine}, {name}"] = median(added)
    result.notes += [
        (
            f"{count} searches of one or two words, whole and unfinished, {rounds} rounds, the API and"
            " the bare engine in turn for every word; each word counts with the median of its rounds."
        ),
        (
            "The API runs in a process of its own and is asked over one kept connection of"
            " `http.client`; a whole answer of 20 results is read."
        ),
        (
            "Bare Tantivy is `parse_query` and `search` of tantivy-py on the same index, in the same"
            " process as the clock: it loads, marks and forgives nothing. Bare Meilisearch is asked by"
            " the same kind of raw connection for the same number of results."
        ),
    ]
    return result


@contextmanager
def serving(settings: Settings) -> Iterator[int]:
    """The API over a filled place; yields its port."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/healthz"
    with server(
        [sys.executable, "-m", "bench.serve", str(port)],
        ready=lambda: answers(url),
        log=settings.home / "api.log",
        env=environment(settings),
    ) as child:
        PIDS[port] = child.pid
        yield port


PIDS: dict[int, int] = {}


def _round(words: list[str], askers: tuple[Ask, Ask]) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    for word in words:
        for asker, kept in zip(askers, times, strict=True):
            began = time.perf_counter()
            asker(word)
            kept.append((time.perf_counter() - began) * 1000)
    return times


def _asker(api: http.client.HTTPConnection, kind: str) -> Ask:
    def ask(word: str) -> None:
        query = urlencode({"q": word, "type": kind, "limit": LIMIT})
        api.request("GET", f"/api/v1/search?{query}")
        answer = api.getresponse()
        answer.read()
        assert answer.status == 200

    return ask


def _all(bare: dict[Kind, Ask], kinds: tuple[Kind, ...]) -> Ask:
    def ask(word: str) -> None:
        for kind in kinds:
            bare[kind](word)

    return ask


def _bare(settings: Settings) -> dict[Kind, Ask]:
    return {
        kind: (_tantivy if settings.embedded else _meilisearch)(settings, kind) for kind in Kind
    }


def _tantivy(settings: Settings, kind: Kind) -> Ask:
    folder = Folder(settings.home / "index")
    pointer = folder.read(kind)
    assert pointer is not None
    index = open_index(folder.root / pointer.folder)
    searcher: Searcher = index.searcher()
    fields = list(POST_FIELDS if kind is Kind.POSTS else ACCOUNT_FIELDS)

    def ask(word: str) -> None:
        searcher.search(index.parse_query(word, fields), LIMIT)

    return ask


def _meilisearch(settings: Settings, kind: Kind) -> Ask:
    address = urlsplit(settings.search_url).netloc
    connection = http.client.HTTPConnection(address)
    path = f"/indexes/{settings.search_prefix}_{kind.value}/search"
    headers = {
        "Authorization": f"Bearer {settings.search_key.get_secret_value()}",
        "Content-Type": "application/json",
    }

    def ask(word: str) -> None:
        body: Any = orjson.dumps({"q": word, "limit": LIMIT})
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200

    return ask
