"""The benches fill the tables past the services: a new column must not leave them behind."""

from __future__ import annotations

from bench import suggest
from bench.discovery_fill import Size, fill
from discover.bootstrap import open_app
from discover.model.query import EngineQuery, Kind
from discover.model.views import SearchRequest
from discover.services.find.search import search
from discover.settings import Settings


def test_what_the_bench_writes_is_what_the_services_read(tmp_path):
    app = open_app(Settings(_env_file=None, home=tmp_path))
    try:
        app.context.engine.prepare()
        fill(app, Size(suggest.Size(60, 0, 0), 200))
        [first, *_] = app.context.engine.search(EngineQuery(Kind.POSTS, limit=1)).hits
        found = search(app.context, SearchRequest("", kind="posts", limit=40)).posts
        assert first.id in {one.id for one in found}
    finally:
        app.close()
