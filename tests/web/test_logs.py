"""What people look for, and at whom, is in no log of the web server: asked of the real process."""

from __future__ import annotations

import httpx
import pytest

from tests.support.cluster import Cluster, until

WORD = "zebrafinch"
HANDLE = "marta@hidden.example"
# Pages, the public API, Mastodon's doors, the actor's, FASP's; what is there and what is not.
ASKED = (
    f"/search?q={WORD}", f"/search?q={WORD}&type=posts&hl=de", f"/account/{HANDLE}",
    f"/why?handle={HANDLE}", f"/follow?account={HANDLE}", f"/discover?like={HANDLE}",
    f"/api/v1/search?q={WORD}", f"/api/v1/search?q={WORD}&limit=many",
    f"/api/v1/autocomplete?q={WORD}", f"/api/v1/accounts/{HANDLE}",
    f"/api/v1/accounts/{HANDLE}/similar", f"/api/v2/search?q={WORD}",
    f"/api/v1/accounts/lookup?acct={HANDLE}", f"/api/v1/accounts/search?q={WORD}",
    f"/.well-known/webfinger?resource=acct:{HANDLE}", f"/fasp/account_search/v0/search?term={WORD}",
    f"/nothing/{WORD}?q={HANDLE}", f"/packs/{WORD}", f"/topics/{WORD}",
)  # fmt: skip


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path / "home", 1)
    made.start("api")
    yield made
    made.stop()


def answers(cluster: Cluster) -> bool:
    try:
        return cluster.get("/about").status_code == 200
    except httpx.TransportError:
        return False


def test_no_handle_and_no_query_is_logged(cluster):
    until(lambda: answers(cluster), 120, "the web server answers")
    statuses = {path: cluster.get(path).status_code for path in ASKED}
    assert statuses[f"/search?q={WORD}"] == 200
    assert statuses[f"/api/v1/search?q={WORD}"] == 200
    assert statuses[f"/api/v2/search?q={WORD}"] == 200
    assert not [path for path, status in statuses.items() if status >= 500]
    posted = httpx.post(
        f"{cluster.base}/remove", data={"handle": HANDLE}, trust_env=False, timeout=10
    )
    assert posted.status_code < 500
    cluster.stop()
    log = "".join(path.read_text() for path in cluster.home.rglob("*.log"))
    assert log  # it says that it began: this is where an access log would be
    for word in (WORD, "hidden.example", "marta", "GET /", "POST /"):
        assert word not in log, log
