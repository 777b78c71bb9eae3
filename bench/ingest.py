"""Posts a second through observe, database, outbox and index, against the bare engine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import meilisearch
import orjson
import sqlalchemy as sa

from bench import sample
from bench.editions import Parts, environment, opened
from bench.measure import Goal, Result, median
from discover.bootstrap import App
from discover.cli.running import settle
from discover.engines.meilisearch_settings import account_fields, post_fields, settings
from discover.engines.tantivy import WRITER_HEAP, WRITER_THREADS
from discover.engines.tantivy_schema import account_json, post_json
from discover.engines.tantivy_writing import create_index
from discover.model.query import AccountDocument, Kind, PostDocument
from discover.ports import Document
from discover.services.crawl.observe import observe
from discover.services.index.documents import (
    ACCOUNT_COLUMNS,
    POST_COLUMNS,
    account_documents,
    judge_rows,
    post_documents,
)
from discover.services.index.indexing import BATCH
from discover.services.index.outbox import OUTBOX
from discover.settings import Settings
from discover.worker import work

GOALS = {"embedded": 0.3, "server": 0.8}
ENGINES = {"embedded": "SQLite + Tantivy", "server": "PostgreSQL + Meilisearch"}
# (edition, name): one process is `waypost up`, two are `waypost crawler` and `waypost worker`
WAYS = (("embedded", "one process"), ("embedded", "two processes"), ("server", "two processes"))


def run(parts: Parts, *, quick: bool) -> Result:
    posts, rounds = (4_000, 1) if quick else (50_000, 3)
    result = Result(
        "ingest",
        "Posts a second into store and index, against the bare engine",
        ["edition", "Waypost", "bare engine", "ratio"],
        unit="posts a second",
    )
    wide = sample.world(posts // 20, 46)
    batches = list(sample.batches(wide, posts))
    settle()  # as every Waypost that runs, and a crawler does not hold what it is about to see
    _warm_up(parts.settings("server"))
    rates: dict[tuple[str, str], list[tuple[float, float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for edition, way in WAYS:
            place = parts.settings(edition)
            with opened(place) as app:
                sample.opt_in(app.context, wide)
            with opened(place) as app:  # anew: whoever made the index keeps the right to write it
                ours = (_one_process if way == "one process" else _two_processes)(app, batches)
                documents = _documents(app)
            bare = (_tantivy if edition == "embedded" else _meilisearch)(place, documents)
            rates[edition, way].append((posts / ours, posts / bare))
    for (edition, way), pairs in rates.items():
        name = f"{ENGINES[edition]}, {way}"
        ours, bare = median([a for a, _ in pairs]), median([b for _, b in pairs])
        ratio = median([a / b for a, b in pairs])
        result.rows.append([name, f"{ours:,.0f}", f"{bare:,.0f}", f"{ratio:.2f}"])
        result.bars |= {
            f"Waypost, {name}": ours,
            f"bare {ENGINES[edition].split()[-1]}, {way}": bare,
        }
        result.goals.append(Goal(f"ratio, {name}", GOALS[edition], ratio))
    result.notes += [
        (
            f"{posts:,} public posts of {posts // 20:,} people in the crawler's transactions of about"
            f" {sample.BATCH} observations, while a worker follows the outbox: in the same process as"
            " with `waypost up`, or in its own as with `waypost worker`. The clock stops when the"
            " outbox is empty: accounts' topics and trends are worked out by then, who is like whom"
            " 15 seconds after the last news."
        ),
        (
            f"The bare engine is given the very same finished documents, {BATCH:,} at a time, by"
            " tantivy-py's writer or the official Meilisearch client, with the same fields and settings."
            " Bare Tantivy only adds; ours also takes out what a document replaces."
        ),
        (
            "PostgreSQL runs without fsync here, as in the tests; SQLite with it. Meilisearch has read"
            " its dictionaries before the clock starts, for both."
        ),
    ]
    return result


def _warm_up(place: Settings) -> None:
    """Meilisearch reads its dictionaries at its first documents, for about two seconds."""
    document = PostDocument(
        id=1, account_id=1, text="Ein Wort, 一个词, 言葉, 단어, คำ", tags=(), language="de",
        server="a.test", media=(), sensitive=False, reply=False, bot=False, published=0,
    )  # fmt: skip
    _meilisearch(place, [document])


def _one_process(app: App, batches: list[Any]) -> float:
    """Seconds until everything is searchable."""
    stop = threading.Event()
    worker = threading.Thread(target=work, args=(app, stop))
    began = time.perf_counter()
    worker.start()
    _see(app, batches)
    seconds = time.perf_counter() - began
    stop.set()
    worker.join()
    return seconds


def _two_processes(app: App, batches: list[Any]) -> float:
    command = [sys.executable, "-m", "bench.follower"]
    env = {**os.environ, **environment(app.settings)}
    worker = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdout is not None
        worker.stdout.readline()
        began = time.perf_counter()
        _see(app, batches)
        return time.perf_counter() - began
    finally:
        worker.terminate()
        worker.wait()


def _see(app: App, batches: list[Any]) -> None:
    for batch in batches:
        observe(app.context, batch)
    while True:
        with app.context.database.read() as connection:
            if connection.execute(sa.select(OUTBOX.c.id).limit(1)).first() is None:
                return
        time.sleep(0.02)


def _documents(app: App) -> list[Document]:
    with app.context.database.read() as connection:
        now = app.context.clock.now()
        accounts = connection.execute(sa.select(*ACCOUNT_COLUMNS)).all()
        judged = judge_rows(app.context, connection, accounts, now)
        rows = connection.execute(sa.select(*POST_COLUMNS)).all()
        posts = post_documents(app.context, rows, judged, now)
        return [*account_documents(app.context, connection, judged, now), *posts]


def _tantivy(_place: Settings, documents: list[Document]) -> float:
    lines = {
        Kind.ACCOUNTS: [account_json(one) for one in documents if isinstance(one, AccountDocument)],
        Kind.POSTS: [post_json(one) for one in documents if not isinstance(one, AccountDocument)],
    }
    folder = Path(tempfile.mkdtemp(prefix="waypost-bare-"))
    began = time.perf_counter()
    for kind, group in lines.items():
        (folder / kind.value).mkdir()
        writer = create_index(folder / kind.value, kind).writer(WRITER_HEAP, WRITER_THREADS)
        for at in range(0, len(group), BATCH):
            for line in group[at : at + BATCH]:
                writer.add_json(line)
            writer.commit()
    seconds = time.perf_counter() - began
    shutil.rmtree(folder)
    return seconds


def _meilisearch(place: Settings, documents: list[Document]) -> float:
    rows: dict[str, list[dict[str, Any]]] = {
        "accounts": [account_fields(one) for one in documents if isinstance(one, AccountDocument)],
        "posts": [post_fields(one) for one in documents if not isinstance(one, AccountDocument)],
    }
    plain = orjson.loads(orjson.dumps(rows))  # lists for tuples, as the client wants
    client = meilisearch.Client(place.search_url, place.search_key.get_secret_value())
    names = {kind: f"{place.search_prefix}_bare_{kind.value}" for kind in Kind}
    for kind, name in names.items():
        client.wait_for_task(client.create_index(name, {"primaryKey": "id"}).task_uid, 60_000)
        client.wait_for_task(client.index(name).update_settings(settings(kind)).task_uid, 60_000)
    began = time.perf_counter()
    for kind, name in names.items():
        group = plain[kind.value]
        for at in range(0, len(group), BATCH):
            task = client.index(name).add_documents(group[at : at + BATCH])
            client.wait_for_task(task.task_uid, 600_000, 5)
    seconds = time.perf_counter() - began
    for name in names.values():
        client.wait_for_task(client.delete_index(name).task_uid, 60_000)
    return seconds
