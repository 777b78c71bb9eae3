"""The command line as a stranger meets it: plain lines, useful exit codes, no tracebacks."""

from __future__ import annotations

import json
import socket

import pytest

from discover.demo.control import Lab
from discover.demo.server import start_in_thread
from discover.demo.world import World
from tests.support.cluster import Cluster, until


@pytest.fixture(scope="module")
def lab():
    running = start_in_thread(World(7, 60, gotosocial_crawl_delay=0))
    with Lab(running.port) as control:
        yield control
    running.stop()


@pytest.fixture(scope="module")
def crawled(tmp_path_factory, lab):
    """An installation that has crawled one server by the command line alone."""
    cluster = Cluster(tmp_path_factory.mktemp("cli") / "home", lab.port)
    host = max(
        (row["host"] for row in lab.truth()["hosts"] if row["software"] == "mastodon"
         and row["opted_in"] and row["directory"] and row["robots"] not in ("forbids-us", "error")),
        key=lambda name: sum(row["host"] == name for row in lab.truth()["accounts"]),
    )  # fmt: skip
    cluster.host = host
    cluster.run("server", "add", host, "--note", "agreed by mail")
    done = cluster.run("crawl", host)
    assert "people" in done.stdout
    return cluster


@pytest.fixture
def fresh(tmp_path, lab):
    return Cluster(tmp_path / "home", lab.port)


def listed(cluster, lab):
    return next(
        row for row in lab.truth()["accounts"]
        if row["host"] == cluster.host and row["expect"]["posts_indexed"] and row["findable"]
    )  # fmt: skip


def test_help_explains_every_command(fresh):
    text = fresh.run("--help").stdout
    for name in ("up", "demo", "server", "crawl", "search", "why", "forget", "verify", "status"):
        assert name in text
    assert "waypost 0." in fresh.run("--version").stdout


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["server", "add", "not a host", "--note", "x"], 2, "is not a host"),
        (["server", "add", "social.example"], 2, "--note"),
        (["server", "remove", "social.example"], 1, "not on record"),
        (["crawl", "social.example"], 2, "has not opted in"),
        (["crawl", "@broken@"], 2, "is not a handle"),
        (["why", "@@"], 2, "is not a handle"),
        (["search", "x" * 400], 2, "longer than"),
        (["forget", "--undo", "@nobody@social.example"], 1, "was not forgotten"),
    ],
)
def test_wrong_input_is_one_plain_line(fresh, words, code, line):
    done = fresh.run(*words, check=False)
    assert done.returncode == code
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("WAYPOST_PORT", "seventy", "WAYPOST_PORT"),
        ("WAYPOST_POST_RETENTION_DAYS", "400", "WAYPOST_POST_RETENTION_DAYS"),
        ("WAYPOST_LAB_HOSTS", "nonsense", "NAME=ADDRESS:PORT"),
        ("WAYPOST_EVIDENCE_HIDE_DAYS", "30", "WAYPOST_EVIDENCE_HIDE_DAYS"),
    ],
)
def test_a_wrong_setting_is_named(fresh, name, value, line):
    fresh.environment[name] = value
    done = fresh.run("status", check=False)
    assert done.returncode == 2
    assert line in done.stderr
    assert "Traceback" not in done.stderr


def test_an_engine_that_is_not_there_is_told_in_one_line(fresh, postgres_url):
    fresh.environment["WAYPOST_DATABASE_URL"] = postgres_url.replace("+psycopg", "")
    fresh.environment["WAYPOST_SEARCH_URL"] = "http://127.0.0.1:9"
    fresh.environment["WAYPOST_SEARCH_KEY"] = "x"
    done = fresh.run("init", check=False)
    assert done.returncode == 3
    assert "search engine" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_not_there_is_told_in_one_line(fresh):
    fresh.environment["WAYPOST_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/none"
    fresh.environment["WAYPOST_SEARCH_URL"] = "http://127.0.0.1:9"
    done = fresh.run("status", check=False)
    assert done.returncode == 3
    assert "database" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_server_edition_asks_for_its_migration(fresh, postgres_url, meilisearch_server):
    fresh.environment["WAYPOST_DATABASE_URL"] = postgres_url.replace("+psycopg", "")
    fresh.environment["WAYPOST_SEARCH_URL"] = meilisearch_server.url
    fresh.environment["WAYPOST_SEARCH_KEY"] = meilisearch_server.key
    fresh.environment["WAYPOST_SEARCH_PREFIX"] = "climigrate"
    done = fresh.run("status", check=False)
    assert done.returncode == 3
    assert "waypost migrate" in done.stderr
    fresh.run("migrate")
    assert fresh.json("status")["edition"] == "server"


def test_a_taken_port_is_told_before_anything_starts(fresh):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        fresh.environment["WAYPOST_PORT"] = str(taken.getsockname()[1])
        done = fresh.run("up", check=False)
    assert done.returncode == 3
    assert "WAYPOST_PORT" in done.stderr


def test_crawled_people_are_found_and_explained(crawled, lab):
    person = listed(crawled, lab)
    found = crawled.json("search", person["handle"])
    assert person["handle"] in [one["handle"] for one in found["accounts"]]
    why = crawled.json("why", "@" + person["handle"])
    assert why["list"]["answer"] == "yes"
    assert why["evidence"][0]["seen"]["discoverable"] == "true"
    plain = crawled.run("why", "@" + person["handle"]).stdout
    assert "Listed: yes" in plain
    assert "Evidence" in plain


def test_why_tells_what_to_do_about_a_server_that_has_not_opted_in(crawled):
    done = crawled.run("why", "@ada@elsewhere.example", check=False)
    assert done.returncode == 1
    assert "has not opted it in" in done.stdout
    assert "Ask the admin" in done.stdout


def test_why_explains_a_server(crawled):
    done = crawled.run("why", crawled.host)
    assert "Consenting people listed: yes" in done.stdout
    assert "agreed by mail" in done.stdout


def test_nothing_found_is_exit_code_one(crawled):
    assert crawled.run("search", "zzzyzzyxqq", check=False).returncode == 1
    assert json.loads(crawled.run("search", "zzzyzzyxqq", "--json", check=False).stdout) == {
        "accounts": [],
        "posts": [],
    }


def test_status_warns_about_laboratory_settings(crawled):
    assert "WAYPOST_LAB_NETWORKS" in crawled.run("status").stdout
    assert "WAYPOST_LAB_HOSTS" in crawled.json("status")["laboratory"]


def test_verify_finds_and_mends_a_tampered_index(crawled):
    import shutil

    assert crawled.json("verify")["clean"]
    shutil.rmtree(crawled.home / "index")
    done = crawled.run("verify", check=False)
    assert done.returncode == 1
    assert "missing" in done.stdout
    assert "agree" in crawled.run("verify", "--repair").stdout
    shutil.rmtree(crawled.home / "index")
    crawled.run("reindex")
    assert crawled.json("verify")["clean"]


def test_a_handle_can_be_crawled_and_a_refusal_is_explained(crawled, lab):
    refused = next(
        row for row in lab.truth()["accounts"]
        if row["host"] == crawled.host and not row["expect"]["listed"]
        and "not discoverable" in row["expect"]["why_not_listed"]
    )  # fmt: skip
    done = crawled.run("crawl", "@" + refused["handle"], check=False)
    assert done.returncode == 1
    assert "does not say that it may be discovered" in done.stdout
    why = crawled.json("why", "@" + refused["handle"], check=False)
    assert why["known"]
    assert why["list"]["answer"] == "no"
    assert why["evidence"]


def test_the_running_edition_shows_a_withdrawal_at_once(crawled, lab):
    """Across processes: the server runs, the operator's command takes effect in its answers."""
    person = listed(crawled, lab)
    crawled.start("up")
    try:
        until(lambda: _answers(crawled), 30, "the page is served")
        found = crawled.search(person["handle"], "accounts")["accounts"]
        assert person["handle"] in [one["handle"] for one in found]
        crawled.run("forget", "@" + person["handle"])
        found = crawled.search(person["handle"])
        assert person["handle"] not in [one["handle"] for one in found["accounts"]]
        assert person["handle"] not in [one["author"]["handle"] for one in found["posts"]]
        until(lambda: not crawled.json("status")["outbox_waiting"], 15, "the index followed")
    finally:
        codes = crawled.stop()
    assert codes == {"up": 0}
    assert crawled.json("verify")["clean"]


def _answers(cluster):
    import httpx

    try:
        return cluster.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def test_a_file_that_is_no_journal_of_withdrawals_is_refused_in_one_line(fresh, tmp_path):
    (tmp_path / "x").write_text("not a journal\n")
    done = fresh.run("consent", "replay", str(tmp_path / "x"), check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr


def test_operator_picks_a_starter_pack_of_listed_people(crawled, lab):
    someone = next(  # not one of those whom other tests have let go
        row["handle"] for row in lab.truth()["accounts"]
        if row["host"] == crawled.host and row["expect"]["posts_indexed"] and row["findable"]
        and crawled.run("why", "@" + row["handle"], check=False).returncode == 0
    )  # fmt: skip
    made = crawled.run("pack", "keep", "good-people", "Good people", "--note", "Be kind")
    assert made.stdout.strip().endswith("/packs/good-people")
    said = crawled.run("pack", "pick", "good-people", someone, "who@nowhere.test").stdout
    assert "who@nowhere.test: not listed here" in said
    assert "pack in good-people" in said
    assert json.loads(crawled.run("pack", "list", "--json").stdout) == [
        {
            "name": "good-people",
            "title": "Good people",
            "note": "Be kind",
            "hidden": False,
            "proposed": False,
        }
    ]
    assert "taken off: 1" in crawled.run("pack", "unpick", "good-people", someone).stdout
    assert "removed" in crawled.run("pack", "drop", "good-people").stdout
