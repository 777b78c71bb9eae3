"""The evidence as strangers get it: over HTTP, on pages, and by the documented commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from discover.model.actor import Flag
from discover.services.index.indexing import index_all
from tests.support.cluster import Cluster
from tests.support.site import HOST, KEPT_OUT, MARTA, YES, filled_site

LOG = "/api/v1/transparency/log"
SCRIPT = re.search(
    r"```python\n(.+?)```",
    (Path(__file__).parents[2] / "docs/transparency.md").read_text(),
    re.DOTALL,
)[1]


@pytest.fixture
def site(tmp_path):
    with filled_site(tmp_path / "home") as made:
        yield made


def withdraw(site):
    no = replace(YES, discoverable=Flag.FALSE)
    site.see(replace(MARTA, actor=replace(MARTA.actor, signals=no)))


def lines(site, query=""):
    return [json.loads(line) for line in site.get(LOG + query).text.splitlines()]


def test_numbers_name_servers_and_nobody_else(site):
    withdraw(site)
    index_all(site.app.context)
    answer = site.get("/api/v1/transparency")
    told = answer.json()
    (server,) = told["servers"]
    assert (server["host"], server["state"]) == (HOST, "in")
    assert server["proofs"][0]["kind"] == "operator"
    assert told["accounts_listed"] == 5
    assert told["withdrawals"]["accounts"] == 1
    assert told["withdrawals"]["hidden"]["count"] == told["withdrawals"]["gone"]["count"] == 1
    assert sum(bucket["count"] for bucket in told["withdrawals"]["gone"]["histogram"]) == 1
    assert {one["reason"]: one["count"] for one in told["refusals"]} == {"not_discoverable": 2}
    assert told["rules"]["retention_days"] == 180
    assert told["crawl"]["delay_seconds"] == 1
    for shown in (answer.text, site.page("/transparency").text, site.get(LOG).text):
        assert "marta" not in shown
        assert KEPT_OUT.actor.username not in shown


def test_the_page_shows_the_head_of_the_log_and_is_linked_from_every_page(site):
    page = site.page("/transparency").text
    assert lines(site)[-1]["digest"] in page
    assert HOST in page
    assert 'href="/transparency"' in site.page("/").text
    assert 'href="/remove"' in site.page("/").text


def test_the_log_is_paged_by_links(site):
    withdraw(site)
    whole = lines(site)
    first = site.get(LOG + "?limit=2")
    assert len(first.text.splitlines()) == 2
    path = re.match(r'<([^>]+)>; rel="next"', first.headers["link"])[1]
    rest = site.get(path)
    assert [json.loads(line) for line in rest.text.splitlines()] == whole[2:4]
    assert "link" not in site.get(LOG).headers


def test_consent_answers_tell_how_it_came_about(site):
    withdraw(site)
    told = site.get(f"/api/v1/accounts/marta@{HOST}/consent").json()["history"]
    assert [change["answers"]["list"] for change in told] == ["no", "yes"]
    page = site.page(f"/why?handle=marta@{HOST}").text
    assert "How it came about" in page
    assert "The account does not say that it may be discovered." in page


def check(site):
    words = [sys.executable, "-c", SCRIPT, site.base + LOG]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_the_documented_script_verifies_and_needs_nothing_of_ours(site):
    assert len([line for line in SCRIPT.splitlines() if line.strip()]) <= 18
    done = check(site)
    assert done.returncode == 0, done.stderr
    assert lines(site)[-1]["digest"] in done.stdout
    with site.app.context.database.write() as connection:
        connection.exec_driver_sql(
            """UPDATE consent_log SET details = '{"count":99}' WHERE id = 2"""
        )
    done = check(site)
    assert done.returncode != 0
    assert "changed" in done.stderr


@pytest.fixture
def fresh(tmp_path):
    return Cluster(tmp_path / "verifier", 1)


def test_the_command_verifies_files_urls_and_its_own_log(site, fresh, tmp_path):
    whole = lines(site)
    saved = tmp_path / "saved.jsonl"
    saved.write_text(site.get(LOG).text)
    done = fresh.run("log", "verify", str(saved), "--contains", whole[1]["digest"])
    assert f"{len(whole)} entries" in done.stdout
    assert whole[-1]["digest"] in done.stdout
    assert "empty" in fresh.run("log", "verify").stdout
    fresh.run("server", "add", "stars.example", "--note", "x")
    assert "1 entries" in fresh.run("log", "verify").stdout
    refused = fresh.run("log", "verify", str(saved), "--contains", "0" * 64, check=False)
    assert refused.returncode == 1
    assert "not in it any more" in refused.stderr
    saved.write_text(saved.read_text().replace('"count":6', '"count":7'))
    broken = fresh.run("log", "verify", str(saved), check=False)
    assert broken.returncode == 1
    assert "was changed" in broken.stderr
    assert fresh.run("log", "verify", str(tmp_path / "none"), check=False).returncode == 2


def test_the_command_reads_a_log_over_http_through_the_guarded_client(site, fresh):
    port = site.base.rpartition(":")[2]
    fresh.environment["WAYPOST_LAB_HOSTS"] = f"index.lab.test=127.0.0.1:{port}"
    done = fresh.run("log", "verify", f"http://index.lab.test{LOG}")
    assert lines(site)[-1]["digest"] in done.stdout
