from __future__ import annotations

import pytest

from discover.services.suggest.similarity import refresh_all
from tests.support.journey import travelling
from tests.support.site import GENEROUS, filled_site, serving


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Read only: tests that change something make their own."""
    with filled_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def own_site(tmp_path):
    with filled_site(tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="session")
def crowded(tmp_path_factory):
    """A crawled town with topics and suggestions, served; read only."""
    with travelling(tmp_path_factory.mktemp("crowded"), accounts=120) as trip:
        trip.opt_in_all()
        trip.crawl()
        refresh_all(trip.app.context)
        with serving(trip.app, GENEROUS) as made:
            made.trip = trip
            yield made
