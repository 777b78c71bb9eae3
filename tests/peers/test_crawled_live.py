"""Other people's servers, crawled as an operator would: opted in, visited, searched, and obeyed."""

from __future__ import annotations

import copy

import httpx
import pytest

from tests.support.cluster import Cluster, until
from tests.support.peers import (
    FEDIFY_HOST,
    PUBBY_HOST,
    PUBBY_SHY_HOST,
    fedify_world,
    run_fedify,
)

pytestmark = pytest.mark.peer


@pytest.fixture
def cluster(tmp_path):
    """Makes an installation for one peer, with our actor served for whoever checks signatures."""
    made = []

    def make(peer):
        one = Cluster(tmp_path / "home", 0, lab_hosts=peer.hosts_setting)
        one.environment["WAYPOST_PUBLIC_URL"] = one.base
        made.append(one)
        one.start("up")
        until(lambda: _ready(one), 60, "Waypost answers")
        for host in peer.hosts:
            one.run("server", "add", host, "--note", "its admin is this test")
        return one

    yield make
    for one in made:
        one.stop()


def _ready(one):
    try:
        return one.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def crawl(one, *handles):
    """Exit code 1 means that somebody refused, which is what some are there for."""
    done = one.run("crawl", *("@" + handle for handle in handles), check=False)
    assert done.returncode in (0, 1), done.stderr
    until(lambda: _settled(one), 60, "indexed")


def _settled(one):
    now = one.json("status")
    return not (now["outbox_waiting"] or now["visits_due"] or now["hosts_leased"])


def texts(one, words):
    return sorted(post["text"] for post in one.search(words, "posts")["posts"])


def handles(one, words):
    return {account["handle"] for account in one.search(words, "accounts")["accounts"]}


def assert_fedify_is_found_as_it_wants(one, peer):
    crawl(one, *peer.handles)
    assert handles(one, "astronomy") == {f"open@{FEDIFY_HOST}"}
    assert handles(one, "baking") == {f"listed@{FEDIFY_HOST}"}
    assert texts(one, "astronomy") == [
        "open earlier about astronomy",
        "open in public about astronomy",
        "open pinned about astronomy",
    ]
    assert texts(one, "baking") == []
    for topic, name in (("cycling", "unlisted"), ("diving", "private"), ("embroidery", "silent")):
        assert handles(one, topic) == set()
        assert texts(one, topic) == []
        why = one.json("why", f"@{name}@{FEDIFY_HOST}", check=False)
        assert "not_discoverable" in why["list"]["reasons"]
    assert one.json("verify")["clean"]


def test_fedify_people_are_found_as_their_flags_say(cluster, fedify):
    assert_fedify_is_found_as_it_wants(cluster(fedify), fedify)


def test_fedify_with_authorized_fetch_accepts_our_signature(cluster, fedify_signed_only):
    assert_fedify_is_found_as_it_wants(cluster(fedify_signed_only), fedify_signed_only)


def test_a_flag_switched_off_on_fedify_removes_the_person(cluster):
    world = fedify_world()
    with run_fedify(world) as peer:
        one = cluster(peer)
        crawl(one, *peer.handles)
        assert handles(one, "astronomy")
        changed = copy.deepcopy(world)
        changed["actors"][0]["discoverable"] = False
        peer.rewrite(changed)
        crawl(one, f"open@{FEDIFY_HOST}")
        assert handles(one, "astronomy") == set()
        assert texts(one, "astronomy") == []
        assert one.json("verify")["clean"]


def test_pubby_people_are_found_as_their_flags_say(cluster, pubby):
    one = cluster(pubby)
    crawl(one, *pubby.handles)
    assert handles(one, "ships") == {f"harbour@{PUBBY_HOST}"}
    assert texts(one, "harbour") == []  # Pubby never sends indexable, and absent is no
    why = one.json("why", f"@shy@{PUBBY_SHY_HOST}", check=False)
    assert why["list"]["answer"] == "no"
    assert "not_indexable" in one.json("why", f"@harbour@{PUBBY_HOST}")["index_posts"]["reasons"]
