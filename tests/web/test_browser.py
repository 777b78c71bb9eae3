"""A real browser: what it asks for, what it shows, and that a keyboard is enough."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from discover.services.facts import ACCOUNTS
from discover.services.suggest import similarity
from discover.services.topics.measure import measure
from tests.support.site import HOST

pytestmark = pytest.mark.browser

PATHS = (
    "/", "/search?q=astronomy", f"/account/marta@{HOST}", f"/why?handle=marta@{HOST}", "/about",
    "/api", "/nothing",
)  # fmt: skip


@pytest.fixture
def tab(browser, site):
    context = browser.new_context(base_url=site.base)
    page = context.new_page()
    yield page
    context.close()


def test_no_page_asks_anybody_else_or_leaves_a_cookie(tab, site):
    asked, refused = [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: refused.append(message.text))
    for path in PATHS:
        tab.goto(path)
    assert len(asked) >= 2 * len(PATHS) - 1
    hosts = {urlsplit(url).netloc for url in asked}
    assert hosts == {urlsplit(site.base).netloc}
    assert tab.context.cookies() == []
    assert not [text for text in refused if "Content Security Policy" in text]
    assert tab.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_person_searches_with_the_keyboard_alone(tab):
    tab.goto("/")
    assert tab.evaluate("document.activeElement.name") == "q"
    tab.keyboard.type("balcony")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search?q=balcony")
    assert tab.locator(".card.person h3").first.inner_text().startswith("Marta")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    tab.keyboard.press("Enter")  # past the filters, to the first of the people
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.innerText").startswith("Marta")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.innerText").startswith("Follow")


def test_suggestions_that_come_late_do_not_open_over_the_page(tab):
    tab.route(
        "**/api/v1/autocomplete*",
        lambda route: (tab.wait_for_timeout(400), route.continue_()),
    )
    tab.goto("/search?q=astronomy")
    listed = tab.locator("#q ~ ul.suggested")
    tab.locator("#q").fill("gazer")
    with tab.expect_request("**/api/v1/autocomplete*"):
        pass
    tab.keyboard.press("Tab")
    tab.wait_for_timeout(900)
    assert not listed.is_visible()
    tab.locator("#q").fill("gazer1")  # whoever comes back is told again
    listed.wait_for(state="visible")
    tab.keyboard.press("Escape")
    expect(listed).to_be_hidden()


def test_who_hid_everybody_is_told_so_and_may_have_them_back(browser, own_site):
    context = own_site.app.context
    with context.database.read() as connection:
        measure(context, list(connection.scalars(sa.select(ACCOUNTS.c.id))))
    similarity.mark_everybody(context)
    similarity.refresh_all(context)
    tab = browser.new_context(base_url=own_site.base).new_page()
    tab.goto("/discover?topic=astronomy")
    cards, told = tab.locator(".suggestions .card"), tab.locator("#hidden-all")
    there = cards.count()
    assert there > 1
    assert not told.is_visible()
    while left := cards.count():
        cards.first.locator("a[data-not]").click()
        expect(cards).to_have_count(left - 1)
    expect(told).to_be_focused()
    tab.goto("/discover?topic=astronomy")
    expect(told).to_contain_text("hidden everybody")
    told.get_by_role("button", name="Show them again").click()
    expect(cards).to_have_count(there)
    expect(told).to_be_hidden()
    tab.context.close()


def test_warned_post_opens_only_when_asked(tab):
    tab.goto("/search?q=spiders&type=posts")
    alt = tab.get_by_text("A hairy spider")
    assert not alt.is_visible()
    tab.get_by_text("Content warning").click()
    expect(alt).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_no_page_is_wider_than_its_screen_and_text_stands_out(browser, site, width, scheme):
    context = browser.new_context(
        base_url=site.base, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    for path in PATHS:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate(CONTRAST) == [], path
    context.close()


# Texts whose contrast with the nearest painted background is under WCAG's 4.5 (3 when large).
CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const style = getComputedStyle(e);
      if (style.backgroundImage !== "none") return null;
      const colour = parse(style.backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.closest(".hidden, .skip, svg, option")) continue;
    const style = getComputedStyle(e), back = ground(e);
    if (!back) continue;
    const [a, b] = [light(parse(style.color)), light(back)].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && parseInt(style.fontWeight) >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) bad.push([e.className, e.textContent.trim().slice(0, 30), ratio]);
  }
  return bad;
}"""
