"""Alive, ready, measured, and without anybody's name in a label or a log."""

from __future__ import annotations

import logging
import re

from tests.support.site import HOST


def test_process_is_alive_and_ready(site):
    assert site.get("/healthz").json() == {"status": "ok"}
    assert site.get("/readyz").json() == {"status": "ready", "database": "ok", "engine": "ok"}


def test_old_tables_are_not_ready(own_site):
    with own_site.app.context.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    answer = own_site.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


def test_metrics_count_what_is_listed_and_name_nobody(site, caplog):
    with caplog.at_level(logging.DEBUG):
        site.get(f"/api/v1/accounts/marta@{HOST}")
        site.get("/api/v1/search?q=verysecretquery")
        site.get("/somewhere/verysecretpath")
    text = site.get("/metrics").text
    assert "waypost_accounts_listed 6.0" in text
    assert "waypost_posts_indexed 8.0" in text
    assert "waypost_engine_up 1.0" in text
    routes = set(re.findall(r'route="([^"]+)"', text))
    assert "/api/v1/accounts/{handle}" in routes
    assert "/api/v1/search" in routes
    assert "unmatched" in routes
    assert "marta" not in text
    assert "verysecret" not in text
    ours = [record for record in caplog.records if not record.name.startswith("http")]
    assert not [record for record in ours if "verysecret" in record.getMessage()]


def test_every_answer_is_dressed(site):
    for path in ("/", "/api/v1/search?q=x", "/healthz", "/nothing", "/actor", "/robots.txt"):
        headers = site.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["cache-control"]


def test_head_is_answered_as_get_without_the_body(site):
    for path in ("/", "/api/v1/search?q=astronomy", "/actor"):
        answer = site.client.head(path)
        assert answer.status_code == 200
        assert answer.content == b""
        assert answer.headers["content-type"] == site.get(path).headers["content-type"]


def test_any_page_may_ask_before_reading(site):
    answer = site.client.options(
        "/api/v1/search",
        headers={"Origin": "https://x.example", "Access-Control-Request-Method": "GET"},
    )
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    allowed = answer.headers["access-control-allow-headers"].lower().split(", ")
    assert {"*", "authorization"} <= set(allowed)  # a wildcard leaves that one out
    assert "POST" not in answer.headers["access-control-allow-methods"]
    assert "access-control-allow-origin" not in site.get("/").headers


def test_other_search_engines_are_kept_from_people(site):
    text = site.get("/robots.txt").text
    for path in ("/search", "/discover", "/why", "/api/"):
        assert f"Disallow: {path}\n" in text
    # A person's page says itself whether that person wants it (meta robots).
    assert "/account/" not in text
