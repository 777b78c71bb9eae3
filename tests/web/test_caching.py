"""What a browser may keep, and what it is told when it asks again."""

from __future__ import annotations

import gzip

import httpx
import pytest

from tests.support.site import HOST

SAME_FOR_ALL = (
    "/", "/topics", "/servers", "/about", "/crawling", "/privacy", "/transparency", "/embeds",
    "/api", "/opensearch.xml", "/robots.txt", "/.well-known/nodeinfo",
)  # fmt: skip
ABOUT_PEOPLE = (
    "/search?q=astronomy", f"/account/marta@{HOST}", f"/why?handle=marta@{HOST}", "/discover",
    "/trends", "/topics/astronomy", "/api/v1/search?q=astronomy",
    f"/api/v1/accounts/marta@{HOST}", "/api/v1/suggestions?topic=astronomy",
)  # fmt: skip
MOST_BYTES = 60_000  # on the wire, without pictures


@pytest.mark.parametrize("path", SAME_FOR_ALL)
def test_page_that_did_not_change_is_not_sent_again(site, path):
    first = site.page(path)
    assert first.status_code == 200
    assert "no-store" not in first.headers["cache-control"]
    again = site.get(path, headers={"Accept": "text/html", "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control"):
        assert again.headers[name] == first.headers[name]
    assert "content-length" not in again.headers
    assert "content-encoding" not in again.headers


@pytest.mark.parametrize("path", ABOUT_PEOPLE)
def test_page_about_people_has_no_validator_and_is_never_kept(site, path):
    answer = site.page(path)
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    told = {"Accept": "text/html", "If-None-Match": "*"}
    assert site.get(path, headers=told).status_code == answer.status_code


def test_page_is_sent_again_when_something_else_is_kept(site):
    tag = site.page("/about").headers["etag"]
    for told in ('"other"', 'W/"other", "more"', "nonsense", site.page("/").headers["etag"]):
        assert site.get("/about", headers={"If-None-Match": told}).status_code == 200
    for told in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        assert site.get("/about", headers={"If-None-Match": told}).status_code == 304


def test_validator_tells_languages_apart_and_nobody_else(site):
    def tag(**headers: str) -> str:
        return site.get("/about", headers={"Accept": "text/html", **headers}).headers["etag"]

    english, german = tag(**{"Accept-Language": "en"}), tag(**{"Accept-Language": "de"})
    assert english != german
    assert english == tag(**{"Accept-Language": "en", "User-Agent": "somebody else"})
    told = {"If-None-Match": english, "Accept-Language": "de"}
    assert site.get("/about", headers=told).status_code == 200
    assert "Accept-Language" in site.page("/about").headers["vary"]


def test_head_is_answered_as_get(site):
    tag = site.client.head("/about").headers["etag"]
    assert tag == site.get("/about").headers["etag"]
    assert site.client.head("/about", headers={"If-None-Match": tag}).status_code == 304


def test_refusal_has_no_validator(site):
    answer = site.get("/nothing", headers={"If-None-Match": "*"})
    assert answer.status_code == 404
    assert "etag" not in answer.headers


def test_server_that_is_out_makes_the_directory_another_page(own_site):
    from discover.services.consent.withdraw import forget_server

    tag = own_site.page("/servers").headers["etag"]
    assert own_site.get("/servers", headers={"If-None-Match": tag}).status_code == 304
    forget_server(own_site.app.context, HOST)
    after = own_site.get("/servers", headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert HOST not in after.text


@pytest.mark.parametrize(
    "path", ["/", "/search?q=astronomy", "/search?q=the&type=accounts", "/search?q=the&type=posts"]
)
def test_home_and_results_are_light_on_the_wire(crowded, path):
    told = {"Accept": "text/html", "Accept-Encoding": "gzip"}
    with httpx.stream("GET", f"{crowded.base}{path}", headers=told) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert len(gzip.decompress(raw)) > len(raw)
    page = gzip.decompress(raw).decode()
    loaded = {one for one in _static(page) if one.endswith((".css", ".js"))}
    assert len(loaded) >= 2
    for one in loaded:
        with httpx.stream("GET", f"{crowded.base}{one}", headers=told) as answer:
            raw += b"".join(answer.iter_raw())
    assert len(raw) < MOST_BYTES, "with style and script"


def _static(page: str) -> list[str]:
    return [
        piece.partition('"')[0] for piece in page.split('"')[1::2] if piece.startswith("/static/")
    ]
