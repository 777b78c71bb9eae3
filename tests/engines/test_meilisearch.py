"""What only the server edition's engine promises."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from discover.engines import meilisearch, meilisearch_settings
from discover.engines.meilisearch import MeilisearchEngine
from discover.engines.meilisearch_settings import plain
from discover.model.query import EngineQuery, Kind
from discover.ports import EngineUnavailable
from tests.engines.corpus import POSTS, post
from tests.support.meilisearch import RunningMeilisearch, run_meilisearch
from tests.support.processes import free_port


def test_a_server_that_is_not_there_is_unavailable():
    with closing(MeilisearchEngine(f"http://127.0.0.1:{free_port()}", "key")) as engine:
        for attempt in (
            engine.prepare,
            lambda: engine.upsert(POSTS),
            lambda: engine.search(EngineQuery(Kind.POSTS)),
            lambda: engine.count(Kind.POSTS),
        ):
            with pytest.raises(EngineUnavailable):
                attempt()


def test_a_wrong_key_is_said_plainly(meilisearch_server: RunningMeilisearch):
    with (
        closing(MeilisearchEngine(meilisearch_server.url, "wrong", "key")) as engine,
        pytest.raises(EngineUnavailable, match="API key is invalid"),
    ):
        engine.prepare()


def test_an_index_that_was_never_prepared_is_unavailable(meilisearch_server: RunningMeilisearch):
    with (
        closing(
            MeilisearchEngine(meilisearch_server.url, meilisearch_server.key, "never")
        ) as engine,
        pytest.raises(EngineUnavailable, match="not found"),
    ):
        engine.search(EngineQuery(Kind.POSTS))


def test_a_refused_document_raises_with_the_engines_words(meilisearch_server: RunningMeilisearch):
    with closing(
        MeilisearchEngine(meilisearch_server.url, meilisearch_server.key, "bad")
    ) as engine:
        engine.prepare()
        with pytest.raises(EngineUnavailable, match="identifier"):
            engine.upsert([post(-1.5, "a fraction of a post")])  # type: ignore[arg-type]


def test_what_was_written_survives_a_killed_server(tmp_path: Path):
    with run_meilisearch(tmp_path) as running:
        with closing(MeilisearchEngine(running.url, running.key)) as engine:
            engine.prepare()
            engine.upsert(POSTS)
        os.kill(running.pid, signal.SIGKILL)
    with (
        run_meilisearch(tmp_path) as running,
        closing(MeilisearchEngine(running.url, running.key)) as engine,
    ):
        assert engine.count(Kind.POSTS) == len(POSTS)


def test_a_large_batch_is_sent_in_pieces(
    meilisearch_server: RunningMeilisearch, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(meilisearch, "BATCH_BYTES", 10_000)
    posts = [post(number, "words " * 40) for number in range(1, 301)]
    payloads = list(meilisearch._payloads(posts))
    assert len(payloads) > 5
    assert all(len(payload) < 11_000 for payload in payloads)
    with closing(
        MeilisearchEngine(meilisearch_server.url, meilisearch_server.key, "pieces")
    ) as engine:
        engine.prepare()
        engine.upsert(posts)
        assert engine.count(Kind.POSTS) == 300


def test_other_documents_ask_for_a_rebuild_and_serve_the_old_meanwhile(
    meilisearch_server: RunningMeilisearch, monkeypatch: pytest.MonkeyPatch
):
    with closing(
        MeilisearchEngine(meilisearch_server.url, meilisearch_server.key, "versions")
    ) as engine:
        engine.prepare()
        engine.upsert(POSTS)
        monkeypatch.setattr(
            meilisearch, "DOCUMENT_VERSION", meilisearch_settings.DOCUMENT_VERSION + 1
        )
        engine.prepare()
        assert engine.needs_rebuild()
        assert engine.search(EngineQuery(Kind.POSTS, "observatory ")).hits
        for kind in Kind:
            with engine.rebuild(kind) as rebuild:
                rebuild.add(POSTS if kind is Kind.POSTS else [])
                rebuild.swap()
        assert not engine.needs_rebuild()


def test_settings_that_somebody_changed_are_put_right(meilisearch_server: RunningMeilisearch):
    with closing(
        MeilisearchEngine(meilisearch_server.url, meilisearch_server.key, "settings")
    ) as engine:
        engine.prepare()
        engine.upsert(POSTS)
        http = engine._server.http
        engine._server.wait(
            http.patch("indexes/settings_posts/settings", {"filterableAttributes": []})
        )
        engine.prepare()
        assert not engine.needs_rebuild()
        before = http.get("tasks?limit=1")["total"]
        engine.prepare()
        assert http.get("tasks?limit=1")["total"] == before
        engine.delete_server("garten.test")
        assert engine.count(Kind.POSTS) == 6


def test_plain_letters_stand_beside_those_with_a_stroke():
    assert plain("Łódź i rowery", "plain words", "gårdhøne") == "Lódź gårdhone"
