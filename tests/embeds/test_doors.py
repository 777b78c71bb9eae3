"""What the embeds are over HTTP: small, open to be framed and loaded, honest to oEmbed."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

LARGEST = 15_000
OWN = "http://127.0.0.1:8000"  # the public address of this fixture's settings


def test_the_component_is_small_may_be_loaded_anywhere_and_is_sent_once(site):
    script = site.get("/embed.js")
    assert len(script.content) < LARGEST
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age=3600" in script.headers["cache-control"]
    again = site.get("/embed.js", headers={"If-None-Match": script.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    first = site.get("/embed/v1.js")
    assert (first.content, first.headers["etag"]) == (script.content, script.headers["etag"])
    packed = site.client.stream("GET", "/embed.js", headers={"Accept-Encoding": "gzip"})
    with packed as answer:
        assert sum(map(len, answer.iter_raw())) < 6000


def test_only_the_frame_may_be_framed_and_it_has_no_script(site):
    frame = site.page("/embed?topic=astronomy")
    policy = frame.headers["content-security-policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "<script" not in frame.text
    assert "set-cookie" not in frame.headers
    assert frame.headers["cache-control"] == "no-store"
    for path in ("/", "/embeds", "/discover", "/topics"):
        assert "frame-ancestors 'none'" in site.page(path).headers["content-security-policy"]


def test_who_has_no_picture_has_an_initial_in_the_frame(site):
    frame = site.page("/embed?topic=astronomy").text
    without = re.findall(r'<span class="face"[^>]*>([^<]*)</span>', frame)
    assert without
    assert all(len(letter) == 1 for letter in without)


def people(answer) -> list[str]:
    return re.findall(r"<bdi[^>]*>@([^<]+)</bdi>", answer.text)


def test_the_frame_shows_whom_its_address_asks_for(site):
    assert len(people(site.page("/embed?topic=astronomy&limit=2"))) == 2
    assert people(site.page("/embed?topic=astronomy&lang=de")) == ["stern@a.example"]
    assert len(people(site.page("/embed?topic=Astronomie"))) == 5
    assert people(site.page("/embed?topic=baking")) == ["baker@a.example"]
    assert people(site.page("/embed?topic=nosuchtopic")) == []
    # What cannot be used is left away.
    assert len(people(site.page("/embed?limit=all&lang=klingon&theme=neon"))) == 6
    assert "Menschen zum Folgen: Astronomie" in site.page("/embed?topic=astronomy&hl=de").text


@pytest.mark.parametrize(
    "path", ["/topics/astronomy", "/discover?topic=astronomy", "/embed?topic=astronomy&limit=6"]
)
def test_oembed_makes_a_frame_of_an_address_here(site, path):
    answer = site.get("/oembed", params={"url": OWN + path})
    assert answer.headers["access-control-allow-origin"] == "*"
    found = answer.json()
    assert (found["type"], found["version"]) == ("rich", "1.0")
    assert found["title"] == "People to follow: Astronomy"
    address = re.search(r'src="([^"]+)"', found["html"])[1].replace("&amp;", "&")
    assert address.startswith(f"{OWN}/embed?")
    assert len(people(site.page(address.removeprefix(OWN)))) == 5


def test_oembed_keeps_within_the_size_it_is_given(site):
    asked = {"url": f"{OWN}/embed?limit=20", "maxwidth": 300, "maxheight": 200}
    found = site.get("/oembed", params=asked).json()
    assert (found["width"], found["height"]) == (300, 200)
    assert 'width="300" height="200"' in found["html"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"url": "https://else.example/topics/astronomy"}, 404),
        ({"url": f"{OWN}/search?q=x"}, 404),
        ({"url": f"{OWN}/topics/nosuchtopic"}, 404),
        ({"url": "http://[bad"}, 404),
        ({"url": ""}, 404),
        ({"url": f"{OWN}/embed", "format": "xml"}, 501),
        ({"url": f"{OWN}/embed", "maxwidth": 0}, 422),
    ],
)
def test_oembed_says_no_as_it_should(site, asked, status):
    assert site.get("/oembed", params=asked).status_code == status


def test_topics_frames_and_examples_lead_to_their_oembed(site):
    for path in ("/topics/astronomy", "/embed?topic=astronomy", "/embeds?topic=astronomy"):
        page = site.page(path).text
        found = re.search(r'type="application/json\+oembed"[^>]* href="([^"]+)"', page)
        address = found[1].replace("&amp;", "&").removeprefix(OWN)
        assert site.get(address).json()["title"] == "People to follow: Astronomy"


def test_nothing_that_is_asked_for_becomes_markup(site):
    for path in ("/embed", "/embeds"):
        for name in ("topic", "lang", "limit", "theme"):
            page = site.page(f'{path}?{name}="><script>alert(1)</script>')
            assert "<script>alert" not in page.text


def test_browsers_learn_where_to_search(site):
    assert 'rel="search"' in site.page("/").text
    answer = site.get("/opensearch.xml")
    assert answer.headers["content-type"] == "application/opensearchdescription+xml"
    spaces = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
    root = ET.fromstring(answer.content)
    assert len(root.findtext("o:ShortName", namespaces=spaces)) <= 16
    addresses = {one.get("type"): one.get("template") for one in root.findall("o:Url", spaces)}
    results = addresses["text/html"].replace("{searchTerms}", "stella").removeprefix(OWN)
    assert "stella@a.example" in site.page(results).text
    suggestions = addresses["application/x-suggestions+json"]
    answer = site.get(suggestions.replace("{searchTerms}", "stel").removeprefix(OWN))
    assert answer.headers["content-type"] == "application/x-suggestions+json"
    typed, words, descriptions, links = answer.json()
    assert typed == "stel"
    assert words.count("@stella@a.example") == 1
    assert len(words) == len(descriptions) == len(links)
    assert f"{OWN}/account/stella@a.example" in links
    assert site.get("/opensearch/suggestions").json() == ["", [], [], []]


def test_oembed_in_one_language_is_not_kept_for_readers_of_another(site):
    answer = site.get("/oembed", params={"url": f"{OWN}/embed?topic=astronomy"})
    assert answer.status_code == 200
    assert "Accept-Language" in answer.headers["vary"]
