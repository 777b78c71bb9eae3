"""The benches fill the tables past the services: a new column must not leave them behind."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from bench import discovery, suggest
from bench.discovery_fill import Size, fill
from bench.editions import EDITIONS, Parts, opened
from discover.model.query import EngineQuery, Kind
from discover.model.views import SearchRequest
from discover.services.find.search import search


def test_every_question_of_the_discovery_bench_is_answered():
    with ExitStack() as stack:
        result = discovery.measured(Parts(stack), Size(suggest.Size(300, 0, 0), 1_000), 1)
        assert [row[0] for row in result.rows][:2] == ["search, posts", "search, accounts"]


@pytest.mark.parametrize("edition", EDITIONS)
def test_what_the_bench_writes_is_what_the_services_read(edition):
    with ExitStack() as stack, opened(Parts(stack).settings(edition)) as app:
        fill(app, Size(suggest.Size(60, 0, 0), 200))
        [first, *_] = app.context.engine.search(EngineQuery(Kind.POSTS, limit=1)).hits
        found = search(app.context, SearchRequest("", kind="posts", limit=40)).posts
        assert first.id in {one.id for one in found}
