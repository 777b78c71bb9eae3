"""U+0000, which PostgreSQL refuses, neither hides a server's no nor breaks a page."""

from __future__ import annotations

import pytest

from discover.model.instance import RobotsState
from discover.model.observed import ServerSeen
from discover.services.consent.why import explain_server
from discover.store.database import table
from discover.store.tables import Server
from discover.wire.documents import read_document
from discover.wire.nodeinfo import parse_nodeinfo
from tests.support.site import HOST, serving

NODEINFO = rb'{"software": {"name": "masto\u0000don", "version": "4\u0000.5"}, "metadata": {}}'
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}


def test_a_new_no_is_kept_whatever_the_software_calls_itself(home):
    info = parse_nodeinfo(read_document(NODEINFO))
    seen = ServerSeen(HOST, RobotsState.FORBIDDEN, None, info, seen_at=home.clock.now())
    home.see(seen)
    assert not explain_server(home.ctx, HOST).decision.allowed
    (row,) = home.rows(Server, table(Server).c.host == HOST)
    assert "\0" not in row.software + row.version


@pytest.mark.parametrize(
    "body", [rb'{"id": "https://a\u0000.example/x"}', rb'{"id\ud800": {"x": ["\udfff\u0000"]}}']
)
def test_what_no_database_keeps_does_not_come_out_of_a_document(body):
    read = str(read_document(body))
    assert "\ufffd" in read
    assert "\0" not in read
    read.encode()


def test_a_pair_of_surrogates_is_one_character():
    assert read_document(rb'{"name": "\ud83d\ude00"}') == {"name": "\U0001f600"}


@pytest.mark.parametrize(
    "path",
    [
        "/packs/%00", "/topics/a%00b", "/api/v1/suggestions?like=https://a%00b", "/why?handle=%00",
        "/api/v1/accounts/a%00@b.example", "/search?q=%00", "/api/v1/topics/%00",
    ],
)  # fmt: skip
def test_an_address_that_holds_it_is_refused_and_breaks_nothing(home, path):
    with serving(home.app) as site:
        for accept in ("application/json", "text/html"):
            answer = site.client.get(path, headers={"Accept": accept})
            assert 400 <= answer.status_code < 500
            kind = answer.headers["content-type"]
            page = accept == "text/html" and not path.startswith("/api/")
            assert kind.startswith("text/html" if page else "application/problem+json")
        form = site.client.post(
            "/remove", content="handle=a%00@b.example&purpose=remove&way=profile", headers=FORM
        )
        assert form.status_code == 422
