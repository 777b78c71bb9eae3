"""A turn that is under way when its host says no."""

from __future__ import annotations

import pytest

from discover.services.consent.blocklists import block_host
from discover.services.consent.servers import add_server
from discover.services.consent.withdraw import forget_server
from discover.services.crawl import turns
from tests.support.town import HOST, housed


@pytest.fixture(params=["sqlite", "postgresql"])
def ctx(request, tmp_path):
    given = {}
    if request.param == "postgresql":
        given["database_url"] = request.getfixturevalue("postgres_url")
    with housed(tmp_path / "home", **given) as house:
        yield house.app.context


@pytest.mark.parametrize("ends", [forget_server, lambda ctx, host: block_host(ctx, host, "spam")])
def test_crawler_leaves_a_host_that_is_out_while_it_is_there(ctx, ends):
    add_server(ctx, HOST, "its admin agreed, in this test")
    (turn,) = turns.claim_turns(ctx, "a crawler", 5, 60)
    assert turns.renew(ctx, [turn], 60) == []
    ends(ctx, HOST)
    assert turns.renew(ctx, [turn], 60) == [HOST]
