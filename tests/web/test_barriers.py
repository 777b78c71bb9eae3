"""axe finds nothing on any page, in light and dark, wide and narrow, left and right to left."""

from __future__ import annotations

import re

import httpx
import pytest

from discover.model.views import SearchRequest
from discover.services.find.search import search
from tests.support.chromium import chromium
from tests.support.node import npm_folder

pytestmark = pytest.mark.browser

PAGES = (
    "/", "/search?q=photography", "/search?q=photography&lang=en&has=image", "/search",
    "/search?q=zzzzqqq", "/discover", "/discover?topic=photography&topic=technology",
    "/account/{handle}", "/follow?account={handle}", "/follow?account={handle},{other}",
    "/follow?account={handle}&home=nowhere.invalid", "/topics", "/topics/photography", "/trends",
    "/servers", "/servers/add", "/why", "/why?handle={handle}", "/remove", "/about",
    "/transparency", "/privacy", "/crawling", "/servers/add?software=mastodon",
    "/trends?window=week", "/api", "/nothing", "/packs", "/packs/topic-photography", "/fasp",
    "/embeds", "/embed?topic=photography", "/imprint",
)  # fmt: skip
# Needs the ticket of a connected server; whoever comes without one sees the error page.
TICKETED = {"/connection/{server_id}/{ticket}"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = """rules => axe.run({runOnly: {type: "tag", values: rules}}).then(found => found.violations.map(
  one => [one.id, one.nodes.slice(0, 3).map(node => node.html.slice(0, 160))]))"""


def test_every_page_is_looked_at(crowded):
    """Those of PAGES: a new page fails here until it stands among them."""
    described = httpx.get(f"{crowded.base}/api/openapi.json", trust_env=False).json()
    templates = {
        path
        for path, methods in described["paths"].items()
        if "text/html"
        in methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
    }
    assert {"/", "/search", "/packs/{slug}"} <= templates
    looked_at = {path.partition("?")[0] for path in PAGES}

    def seen(template: str) -> bool:
        shape = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
        return any(re.fullmatch(shape, path) for path in looked_at)

    assert not {one for one in templates - TICKETED if not seen(one)}


@pytest.fixture(scope="module")
def axe():
    return (npm_folder("axe") / "node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture(scope="module")
def people(crowded):
    request = SearchRequest("photography", kind="accounts", limit=2)
    return [one.handle for one in search(crowded.trip.app.context, request).accounts]


@pytest.mark.parametrize(
    ("scheme", "width", "language"),
    [("light", 1280, "en"), ("dark", 1280, "en"), ("light", 320, "ar"), ("dark", 320, "de")],
)
def test_no_page_has_a_barrier(crowded, people, axe, scheme, width, language):
    wrong = {}
    with chromium() as browser:
        context = browser.new_context(
            base_url=crowded.base,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            locale=language,
            reduced_motion="reduce",
        )
        tab = context.new_page()
        for path in PAGES:
            address = path.format(handle=people[0], other=people[1])
            tab.goto(address)
            tab.evaluate(
                "document.querySelectorAll('main details').forEach(e => { e.open = true; })"
            )
            tab.evaluate(axe)
            found = tab.evaluate(RUN, RULES)
            if not tab.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                found.append(["wider than the screen", []])
            if found:
                wrong[path] = found
    assert not wrong, "\n".join(f"{path}: {one}" for path, found in wrong.items() for one in found)
