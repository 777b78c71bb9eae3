from __future__ import annotations

import pytest

from tests.support.site import filled_site


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Read only: tests that change something make their own."""
    with filled_site(tmp_path_factory.mktemp("site")) as made:
        yield made


@pytest.fixture
def own_site(tmp_path):
    with filled_site(tmp_path / "home") as made:
        yield made
