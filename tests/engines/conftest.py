"""Both real engines, prepared and empty, under one name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from discover.engines.meilisearch import MeilisearchEngine
from discover.engines.tantivy import TantivyEngine
from discover.model.query import EngineQuery, Filters, Kind
from discover.ports import SearchEngine
from tests.engines.corpus import ACCOUNTS, POSTS
from tests.support.meilisearch import RunningMeilisearch

_prefixes = itertools.count(1)
Connect = Callable[[], SearchEngine]


@pytest.fixture(params=["tantivy", "meilisearch"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connect]:
    """Each call is another user of the same collections, as another process would be."""
    if request.param == "tantivy":

        def make() -> SearchEngine:
            return TantivyEngine(tmp_path / "index")

    else:
        running: RunningMeilisearch = request.getfixturevalue("meilisearch_server")
        prefix = f"test{next(_prefixes)}"

        def make() -> SearchEngine:
            return MeilisearchEngine(running.url, running.key, prefix)

    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(make()))


@pytest.fixture
def engine(connect: Connect) -> SearchEngine:
    made = connect()
    made.prepare()
    return made


ACCOUNT_IDS = {one.id for one in ACCOUNTS}
POST_IDS = {one.id for one in POSTS}


@pytest.fixture
def filled(engine: SearchEngine) -> SearchEngine:
    engine.upsert([*ACCOUNTS, *POSTS])
    return engine


def posts(engine: SearchEngine, text: str = "", **more) -> list[int]:
    return [hit.id for hit in engine.search(EngineQuery(Kind.POSTS, text, **more)).hits]


def accounts(engine: SearchEngine, text: str = "", **more) -> list[int]:
    return [hit.id for hit in engine.search(EngineQuery(Kind.ACCOUNTS, text, **more)).hits]


def only(**filters) -> dict[str, Filters]:
    return {"filters": Filters(**filters)}
