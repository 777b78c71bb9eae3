"""Every failure is a problem document (RFC 9457), and none of them tells too much."""

from __future__ import annotations

import logging

import pytest

from discover.bootstrap import open_app
from discover.settings import Settings
from tests.support.site import HOST, serving


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/nothing", 404),
        ("POST", "/api/v1/search", 405),
        ("DELETE", f"/api/v1/accounts/marta@{HOST}", 405),
        ("POST", "/inbox", 415),
        ("GET", "/nodeinfo/3.0", 422),
        ("GET", "/static/style.css", 404),
        ("GET", "/static/..%2fpages.py", 404),
    ],
)
def test_failure_is_a_problem_document(site, method, path, status):
    answer = site.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


def test_refused_method_names_the_allowed_ones(site):
    assert "GET" in site.client.post("/api/v1/search").headers["allow"]


def test_person_gets_a_page_instead(site):
    answer = site.page("/nothing")
    assert answer.status_code == 404
    assert "text/html" in answer.headers["content-type"]
    assert "Nothing here" in answer.text


def test_failure_inside_tells_the_client_nothing_and_the_log_no_query(own_site, caplog):
    with own_site.app.context.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE accounts RENAME TO accounts_gone")
    with caplog.at_level(logging.DEBUG):
        answer = own_site.get("/api/v1/accounts/secretname@stars.example")
        page = own_site.page("/account/secretname@stars.example")
    assert answer.status_code == page.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    for told in (answer.text, page.text):
        assert "accounts_gone" not in told
        assert "sqlite" not in told.lower()
        assert "Traceback" not in told
    ours = [record for record in caplog.records if not record.name.startswith("http")]
    logged = "\n".join(record.getMessage() for record in ours)
    assert "/api/v1/accounts/{handle}" in logged
    assert "secretname" not in logged


def test_silent_engine_is_said_to_be_back_soon(tmp_path):
    app = open_app(Settings(home=tmp_path, search_url="http://127.0.0.1:9", search_key="x"))
    try:
        with serving(app) as site:
            answer = site.get("/api/v1/search?q=astronomy")
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) > 0
            assert site.get("/readyz").status_code == 503
            assert site.get("/healthz").status_code == 200
            assert "waypost_engine_up 0.0" in site.get("/metrics").text
            page = site.page("/search?q=astronomy")
            assert page.status_code == 503
            assert "try again" in page.text
    finally:
        app.close()
