from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.town import House, housed


@pytest.fixture(params=["sqlite", "postgresql"])
def new_house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Makes a house on either database: `new_house(follow_people=True)`."""
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    given = {}
    if request.param == "postgresql":
        given["database_url"] = request.getfixturevalue("postgres_url")
    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(housed(tmp_path / "home", **given, **more))


@pytest.fixture
def house(new_house: Callable[..., House]) -> House:
    return new_house()


@pytest.fixture
def door(tmp_path: Path) -> Iterator[House]:
    """For what never reaches a database: one edition is enough."""
    with housed(tmp_path / "home") as made:
        yield made
