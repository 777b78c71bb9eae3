"""Whole journeys in a real browser: what a newcomer does, with and without everything."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def home(crowded):
    """A pretend server that somebody lives on."""
    hosts = crowded.trip.world.hosts
    return next(host.name for host in hosts if host.software == "mastodon" and host.opted_in)


@pytest.fixture
def open_tab(browser, crowded, home):
    """Makes a tab. Requests are recorded; what leads to the pretend home stays in this process."""
    opened = []

    def make(**options):
        context = browser.new_context(base_url=crowded.base, **options)
        opened.append(context)
        tab = context.new_page()
        tab.asked = []
        tab.on("request", lambda request: tab.asked.append(request.url))
        context.route(
            lambda url: urlsplit(url).hostname == home,
            lambda route: route.fulfill(status=200, body="<h1>Your own server</h1>"),
        )
        return tab

    yield make
    for context in opened:
        assert context.cookies() == []
        context.close()


def arrived(tab, home) -> str:
    """The account that the home server is asked to follow."""
    tab.wait_for_url(lambda url: urlsplit(url).hostname == home)
    return parse_qs(urlsplit(tab.url).query)["uri"][0]


def foreign(tab, crowded) -> set[str]:
    return {urlsplit(url).netloc for url in tab.asked} - {urlsplit(crowded.base).netloc}


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without scripts"])
def test_a_newcomer_follows_somebody_in_three_clicks(open_tab, crowded, home, script):
    tab = open_tab(java_script_enabled=script)
    tab.goto("/")
    tab.locator(".topics a").first.click()  # one: a topic
    tab.locator(".card.person a[data-follow]").first.click()  # two: somebody
    assert foreign(tab, crowded) == set()
    tab.locator("input[name=home]").fill(home)
    tab.locator("form.home button[type=submit]").click()  # three: where I am
    assert arrived(tab, home).startswith("http")
    assert foreign(tab, crowded) == {home}


def test_the_second_follow_knows_the_home_without_our_keeping_it(open_tab, home):
    tab = open_tab()
    tab.goto("/search?q=photography&type=accounts")
    tab.locator("a[data-follow]").first.click()
    tab.locator("input[name=home]").fill(home)
    tab.locator("form.home button[type=submit]").click()
    arrived(tab, home)
    tab.goto("/search?q=photography&type=accounts")
    assert tab.evaluate("Object.keys(localStorage)") == ["waypost.home"]
    link = tab.locator("a[data-follow]").nth(1)
    handle = parse_qs(urlsplit(link.get_attribute("href")).query)["account"][0]
    link.click()
    assert handle.partition("@")[0].lower() in arrived(tab, home).lower()


def test_a_home_that_was_remembered_can_be_forgotten(open_tab, crowded):
    tab = open_tab()
    tab.goto("/search?q=photography&type=accounts")
    tab.evaluate("localStorage.setItem('waypost.home', 'nowhere.invalid')")
    tab.reload()
    tab.locator("a[data-follow]").first.click()
    tab.get_by_text("does not answer us").wait_for()
    tab.get_by_role("button", name="Forget it").click()
    tab.wait_for_function("localStorage.length == 0")


def test_a_typing_error_is_forgiven(open_tab):
    tab = open_tab()
    tab.goto("/")
    tab.locator("#q").fill("photograhpy")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search?q=*")
    expect(tab.locator(".card").first).to_be_visible()
    expect(tab.locator("main")).to_contain_text("hotography")


def test_an_arabic_page_runs_from_right_to_left_and_stays_arabic(open_tab):
    tab = open_tab(locale="ar")
    tab.goto("/")
    assert tab.evaluate("getComputedStyle(document.body).direction") == "rtl"
    brand, nav = tab.locator(".brand").bounding_box(), tab.locator(".top nav").bounding_box()
    assert brand["x"] > nav["x"]
    tab.locator(".topics a").first.click()
    expect(tab.locator("html")).to_have_attribute("lang", "ar")


def test_a_language_chosen_below_goes_along(open_tab):
    tab = open_tab(locale="en")
    tab.goto("/")
    tab.get_by_role("link", name="Polski").click()
    tab.locator("#q").fill("fotografia")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**hl=pl**")
    expect(tab.locator("html")).to_have_attribute("lang", "pl")
    tab.locator(".card h3 a").first.click()
    expect(tab.locator("html")).to_have_attribute("lang", "pl")


def test_on_a_phone_nothing_is_cut_off_and_everything_can_be_touched(open_tab):
    tab = open_tab(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    for path in ("/", "/search?q=photography", "/discover", "/discover?topic=photography"):
        tab.goto(path)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 360
        small = tab.evaluate(
            """[...document.querySelectorAll("button, .button, .chip, .pick, .tabs a")]
            .filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24)
            .map(e => e.outerHTML.slice(0, 80))"""
        )
        assert small == [], path


def test_with_the_keyboard_alone_somebody_is_picked_and_followed(open_tab, home):
    tab = open_tab()
    tab.goto("/discover")
    tab.locator("input[name=topic]").first.focus()
    tab.keyboard.press("Space")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/discover?topic=*")
    tab.locator(".card.person a[data-follow]").first.focus()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    tab.keyboard.press("Shift+Tab")
    tab.keyboard.press("Tab")
    assert tab.evaluate(outline) == "solid"
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/follow?account=*")
    tab.locator("input[name=home]").press_sequentially(home)
    tab.keyboard.press("Enter")
    arrived(tab, home)


def test_who_is_turned_away_does_not_come_back_in_this_browser(open_tab, crowded):
    tab = open_tab()
    tab.goto("/discover?topic=photography&topic=technology")
    card = tab.locator(".card.person").first
    handle = card.get_attribute("data-handle")
    before = tab.locator(".card.person").count()
    card.get_by_text("Not this one").click()
    expect(tab.locator(".card.person")).to_have_count(before - 1)
    expect(tab.locator("#said")).to_contain_text("Hidden")
    tab.reload()
    tab.wait_for_load_state("networkidle")
    assert tab.locator(f'.card[data-handle="{handle}"]').count() == 0
    assert handle in json.loads(tab.evaluate("localStorage.getItem('waypost.away')"))
    assert not [url for url in tab.asked if "away" in url and "/discover?" in url]


def test_suggestions_while_typing_are_a_combobox(open_tab):
    tab = open_tab()
    tab.goto("/")
    field = tab.get_by_role("combobox")
    field.press_sequentially("photo", delay=30)
    option = tab.get_by_role("option").first
    option.wait_for()
    expect(field).to_have_attribute("aria-expanded", "true")
    tab.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", option.get_attribute("id"))
    tab.keyboard.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")


def test_nothing_moves_while_a_page_of_people_loads(open_tab):
    tab = open_tab()
    tab.add_init_script(
        """window.moved = 0; new PerformanceObserver(list => { for (const one of list.getEntries())
        if (!one.hadRecentInput) window.moved += one.value; }).observe({type: "layout-shift", buffered: true})"""
    )
    for path in ("/", "/search?q=photography", "/discover?topic=technology"):
        tab.goto(path, wait_until="networkidle")
        assert tab.evaluate("window.moved") < 0.02, path


def test_home_and_results_are_light(crowded):
    for path in ("/", "/search?q=photography", "/discover?topic=technology"):
        total = 0
        page = crowded.page(path)
        import re

        for address in (path, *re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)):
            with crowded.client.stream(
                "GET", address, headers={"accept": "text/html", "accept-encoding": "gzip"}
            ) as answer:
                total += sum(map(len, answer.iter_raw())) + 800  # and its headers
        assert total < 60_000, (path, total)
