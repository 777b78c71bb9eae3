"""Both real engines, prepared and empty, under one name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from discover.engines.meilisearch import MeilisearchEngine
from discover.engines.tantivy import TantivyEngine
from discover.ports import SearchEngine
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
