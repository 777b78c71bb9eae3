"""Proofs, blocks and the audit, as an operator types them."""

from __future__ import annotations

import sqlite3

import pytest

from discover.demo.control import Lab
from discover.demo.server import start_in_thread
from discover.demo.world import World
from tests.proofs.conftest import FILE
from tests.support.cluster import Cluster, until
from tests.support.nameserver import serving_names

IN = "v=waypost1; consent=in"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A world, a name server, and an installation that has crawled one server by its DNS record."""
    world = World(11, 60, gotosocial_crawl_delay=0)
    running = start_in_thread(world)
    host = max(
        (host for host in world.hosts if host.software == "mastodon" and host.directory
         and host.robots not in ("forbids-us", "error")),
        key=lambda one: sum(1 for _ in world.people(one)),
    ).name  # fmt: skip
    with serving_names() as names, Lab(running.port) as lab:
        cluster = Cluster(
            tmp_path_factory.mktemp("proofs") / "home", running.port,
            dns_servers=f"127.0.0.1:{names.port}",
        )  # fmt: skip
        cluster.host, cluster.names, cluster.lab = host, names, lab
        yield cluster
        cluster.stop()
    running.stop()


def status(place):
    return place.json("status", check=False)


def test_from_a_dns_record_to_people_listed_and_out_again(place):
    nothing = place.run("server", "check", place.host, check=False)
    assert nothing.returncode == 1
    assert "consent=in" in nothing.stdout
    place.names.put(f"_waypost.{place.host}", IN)
    assert f"{place.host}: in" in place.run("server", "check", place.host).stdout
    place.run("crawl", place.host)
    assert status(place)["accounts_listed"] > 0
    audited = place.json("consent", "audit", "--each")
    assert audited["clean"]
    assert len(audited["documents"]) == audited["accounts"] + audited["posts"]

    place.names.put(f"_waypost.{place.host}", "v=waypost1; consent=out")
    place.json("server", "check", place.host, check=False)
    assert status(place)["accounts_listed"] == 0
    assert status(place)["engine_accounts"] == 0
    place.names.put(f"_waypost.{place.host}", IN)
    place.run("server", "check", place.host)
    place.run("crawl", place.host)


def test_a_list_is_tried_imported_and_taken_back(place, tmp_path):
    path = tmp_path / "ours.csv"
    path.write_text(
        "#domain,#severity\nlab.test,suspend\nb*d.example,suspend\nloud.example,silence\n"
    )
    tried = place.json("blocklist", "import", str(path), "--dry-run")
    assert tried["dry_run"]
    assert (tried["hosts"], tried["obfuscated"], tried["milder"]) == (1, 1, 1)
    listed = status(place)["accounts_listed"]
    assert tried["accounts"] == listed > 0
    done = place.run("blocklist", "import", str(path), "--silenced-too").stdout
    assert f"{listed} people and {tried['posts']} posts removed" in done
    assert status(place)["accounts_listed"] == 0
    assert [one["name"] for one in place.json("blocklist", "list")] == ["ours"]
    assert "blocked" in place.run("server", "check", place.host, check=False).stdout
    assert place.run("blocklist", "remove", "nobody's", check=False).returncode == 1
    place.run("blocklist", "remove", "ours")
    assert status(place)["accounts_listed"] == 0
    place.run("crawl", place.host)
    assert status(place)["accounts_listed"] == listed


def test_a_list_is_imported_from_an_address(place):
    place.lab.rude(
        "body", host=place.host, path="/list.csv", text="spam.example\n", type="text/csv"
    )
    place.run("blocklist", "import", f"http://{place.host}/list.csv")
    assert [one["name"] for one in place.json("blocklist", "list")] == ["list"]
    place.run("blocklist", "remove", "list")
    missing = place.run("blocklist", "import", f"http://{place.host}/none.csv", check=False)
    assert missing.returncode == 3
    assert "404" in missing.stderr


def test_a_host_is_blocked_and_unblocked_by_hand(place):
    assert "people" in place.run("block", place.host, "--reason", "spam").stdout
    assert status(place)["accounts_listed"] == 0
    why = place.run("why", place.host, check=False)
    assert why.returncode == 1
    place.run("unblock", place.host)
    again = place.run("unblock", place.host, check=False)
    assert again.returncode == 1
    place.run("crawl", place.host)
    assert status(place)["accounts_listed"] > 0


def test_the_audit_removes_what_nothing_allows_and_says_so(place):
    with sqlite3.connect(place.home / "waypost.db") as database:
        database.execute(
            "UPDATE accounts SET noindex_header = 1 WHERE id = (SELECT min(id) FROM accounts)"
        )
    found = place.run("consent", "audit", check=False)
    assert found.returncode == 1
    assert "noindex" in found.stdout
    assert place.run("consent", "audit").returncode == 0


def test_a_running_worker_sees_a_file_that_says_out(place):
    place.start("worker")
    place.lab.rude(
        "body", host=place.host, path=FILE, type="application/json",
        text='{"v": "waypost1", "consent": "out"}',
    )  # fmt: skip
    with sqlite3.connect(place.home / "waypost.db", timeout=30) as database:
        database.execute("UPDATE server_proofs SET checked_at = 0")
    until(lambda: status(place)["accounts_listed"] == 0, 60, "withdrawn by the re-check")
    assert place.stop() == {"worker": 0}


def test_words_that_cannot_be_understood_get_one_plain_line(place, tmp_path):
    empty = tmp_path / "empty.txt"
    empty.write_text("# nobody\n")
    for words in (
        ("server", "check", "not a host"),
        ("block", "not a host"),
        ("blocklist", "import", str(tmp_path / "missing.csv")),
        ("blocklist", "import", str(empty)),
        ("blocklist", "import", str(empty), "--name", "operator"),
    ):
        done = place.run(*words, check=False)
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1
