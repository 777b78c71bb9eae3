"""In a real browser: somebody looks whether they are listed and leaves; an admin adds a server."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from api.routes import checks
from discover.demo.people import Host
from tests.support.chromium import meet
from tests.support.journey import Journey
from tests.support.site import GENEROUS, serving

pytestmark = pytest.mark.browser

FILE = "/.well-known/waypost.json"
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])


def apart(work, *args):
    """In a thread of its own: the browser has the event loop of this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work, *args).result()


def big_mastodon(trip: Journey) -> Host:
    hosts = [
        host
        for host in trip.world.hosts
        if host.software == "mastodon" and host.directory and host.opted_in
        and host.robots not in ("forbids-us", "error")
    ]  # fmt: skip
    return max(hosts, key=lambda host: sum(1 for _ in trip.world.people(host)))


def open_tab(browser: Browser, base: str, scripts: bool) -> Page:
    context = browser.new_context(base_url=base, java_script_enabled=scripts)
    tab = context.new_page()
    tab.asked = []
    tab.on("request", lambda request: tab.asked.append(request.url))
    return tab


def nothing_from_elsewhere(tab: Page, base: str) -> bool:
    hosts = {urlsplit(url).netloc for url in tab.asked}
    return hosts == {urlsplit(base).netloc} and tab.context.cookies() == []


@SCRIPTS
def test_am_i_listed_then_out_then_gone(journey, browser, scripts):
    trip = journey(accounts=40)
    trip.opt_in_all()
    apart(trip.crawl)
    host = big_mastodon(trip).name
    handle = next(one.handle for one in trip.search("", servers=(host,), kind="accounts").accounts)
    with serving(trip.app, GENEROUS) as site:
        tab = open_tab(browser, site.base, scripts)
        tab.goto("/why")
        tab.get_by_label("Handle or server").fill(f"@{handle}")
        tab.get_by_role("button", name="Look").click()
        meet(tab, "This account is listed")
        avatar = tab.request.get(f"/account/{handle}", headers={"Accept": "text/html"}).text()
        picture = re.search(r'src="(/media/avatar/[^"]+)"', avatar)[1]
        assert tab.request.get(picture).status == 200

        tab.get_by_role("link", name="leave for good").click()
        expect(tab.get_by_label("Your handle")).to_have_value(handle)
        tab.get_by_role("button", name="Go on").click()
        code = tab.locator("pre.totake").inner_text().strip()
        assert code.startswith("waypost-")
        apart(lambda: trip.lab.change(handle, bio=f"I am leaving: {code}"))
        tab.get_by_role("button", name="Remove me for good").click()
        meet(tab, "Done")

        tab.get_by_role("link", name="See for yourself").click()
        meet(tab, "This account is not listed")
        assert tab.request.get(picture).status == 404
        assert tab.request.get(f"/account/{handle}").status == 404
        shown = tab.request.get(f"/search?q={handle}", headers={"Accept": "text/html"}).text()
        assert f'data-handle="{handle}"' not in shown
        assert nothing_from_elsewhere(tab, site.base)
        tab.context.close()


@SCRIPTS
def test_admin_adds_a_server_by_a_file_and_sees_it_crawled_and_takes_it_out(
    journey, browser, scripts, monkeypatch
):
    monkeypatch.setattr(checks, "KEPT_SECONDS", 0.5)
    trip = journey(accounts=40)
    host = big_mastodon(trip).name
    with serving(trip.app, GENEROUS) as site:
        tab = open_tab(browser, site.base, scripts)

        def look(expected: str) -> None:
            tab.wait_for_timeout(600)
            tab.get_by_role("button", name="Look now").click()
            meet(tab, expected)

        def publish() -> None:
            """Just what the page says, to where it says."""
            step = tab.locator(".steps > li", has_text="A file on your server")
            address, text = (step.locator("pre").nth(place).inner_text() for place in (0, 1))
            assert urlsplit(address).path == FILE
            assert urlsplit(address).netloc == host

            def put() -> None:
                trip.lab.polite(host)
                trip.lab.rude("body", host=host, path=FILE, text=text, type="application/json")

            apart(put)

        tab.goto("/about")
        tab.get_by_role("main").get_by_role("link", name="Add or remove my server").click()
        tab.get_by_label("Your server").fill(f"https://{host}/about")
        look("This server has not opted in")
        publish()
        look("This server is in")
        apart(trip.crawl)
        tab.goto("/servers")
        card = tab.locator(".card.server", has_text=host)
        assert re.search(r"[1-9]\d* (person|people) listed here", card.inner_text())
        card.get_by_role("link", name="Its people").click()
        expect(tab.locator(".card.person").first).to_be_visible()

        tab.goto(f"/servers/add?host={host}")
        meet(tab, "This server is in")
        tab.get_by_label("My server is").select_option("out")
        tab.get_by_role("button", name="Show me how").click()
        publish()
        look("This server is out")
        tab.goto(f"/search?type=accounts&server={host}")
        assert tab.locator(".card.person").count() == 0
        tab.goto("/servers")
        assert tab.locator(".card.server", has_text=host).count() == 0
        assert nothing_from_elsewhere(tab, site.base)
        tab.context.close()
