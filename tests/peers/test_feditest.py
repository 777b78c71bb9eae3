"""FediTest, a program that is not ours, finds that Waypost's WebFinger is as RFC 7033 wants it."""

from __future__ import annotations

import re

import pytest

from discover.bootstrap import open_app
from discover.settings import Settings
from tests.support import feditest
from tests.support.front import front
from tests.support.paths import ROOT
from tests.support.site import serving

pytestmark = pytest.mark.peer

NAME = "waypost.test"


@pytest.fixture(scope="module")
def waypost(tmp_path_factory):
    """A running Waypost that is https://waypost.test to whoever is given its environment."""
    home = tmp_path_factory.mktemp("feditest")
    app = open_app(Settings(_env_file=None, home=home / "data", public_url=f"https://{NAME}"))
    try:
        with serving(app) as site, front(NAME, site.client.base_url.port, home) as at:
            yield at
    finally:
        app.close()


def failed(results):
    return {result.name: result.said for result in results if not result.passed or result.skipped}


def test_waypost_is_found_as_rfc7033_wants_it(waypost, tmp_path):
    written = (feditest.OURS / "tests" / "rfc7033.py").read_text()
    results = feditest.run(feditest.OURS, waypost, tmp_path, only="^rfc7033::")
    assert len(results) == len(re.findall(r"^@test$", written, re.MULTILINE))
    assert failed(results) == {}


def test_feditests_own_suite_passes_or_its_failures_are_explained(waypost, tmp_path):
    root = feditest.suite()
    if root is None:
        pytest.skip(
            "FediTest's suite is in no package registry; WAYPOST_FEDITEST_SUITE names its folder"
        )
    results = feditest.run(root, waypost, tmp_path, only="^webfinger")
    assert len(results) == 18
    explained = (ROOT / "docs" / "federation-tests.md").read_text()
    assert {name for name in failed(results) if f"`{name}`" not in explained} == set()


def test_a_server_without_webfinger_fails(tmp_path):
    """So that a pass means something."""
    app = open_app(
        Settings(_env_file=None, home=tmp_path / "data", public_url="https://somebody.else.test")
    )
    try:
        with serving(app) as site, front(NAME, site.client.base_url.port, tmp_path) as at:
            results = feditest.run(feditest.OURS, at, tmp_path, only="^rfc7033::account")
    finally:
        app.close()
    assert [result.passed for result in results] == [False]
