"""An empty database of either kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from discover.store.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
    opened = Database(url)
    opened.migrate()
    yield opened
    opened.close()
