"""An operator's journey in a real browser, with the scripts switched off."""

from __future__ import annotations

import pytest
from playwright.sync_api import sync_playwright

from discover.services.operators import add_operator
from tests.console.conftest import NAME, PASSWORD, consoled
from tests.console.test_login import PAGES
from tests.support.chromium import FLAGS, install_chromium
from tests.support.site import HOST
from tests.web.test_browser import CONTRAST

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=install_chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def visitor(tmp_path):
    with consoled(tmp_path / "home") as one:
        add_operator(one.context, NAME, PASSWORD)
        yield one


def enter(page):
    """By keyboard: the first field has the focus."""
    page.goto("/console")
    page.wait_for_url("**/console/login")
    page.keyboard.type(NAME)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console")


def test_operator_blocks_a_server_and_its_people_vanish(browser, visitor):
    context = browser.new_context(base_url=visitor.site.base, java_script_enabled=False)
    page = context.new_page()
    page.goto("/search?q=marta")
    assert f"@marta@{HOST}" in page.content()
    assert context.cookies() == []

    enter(page)
    page.get_by_role("navigation", name="Console", exact=True).get_by_role(
        "link", name="Servers"
    ).click()
    page.get_by_role("link", name=HOST).click()
    page.get_by_label("Why, for the record").fill("spam")
    page.get_by_role("button", name="Block it and all below it").click()
    assert "blocked a server" in page.get_by_role("status").inner_text()
    page.get_by_role("link", name="Audit log").click()
    assert "spam" in page.locator("tbody tr").first.inner_text()

    page.goto("/search?q=marta")
    assert f"@marta@{HOST}" not in page.content()
    # The console's cookie is out of reach for scripts, and is not sent by foreign pages.
    [cookie] = context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert cookie["path"] == "/console"

    page.goto("/console")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/console/login")
    page.go_back()
    page.reload()
    assert page.get_by_role("heading", name="Log in").is_visible()
    context.close()


def test_blocklist_is_uploaded_looked_at_and_applied(browser, visitor):
    context = browser.new_context(base_url=visitor.site.base, java_script_enabled=False)
    page = context.new_page()
    enter(page)
    page.get_by_role("link", name="Blocklists").first.click()
    page.get_by_label("Under which name").fill("theirs")
    upload = {"name": "list.csv", "mimeType": "text/csv", "buffer": f"{HOST}\n".encode()}
    page.get_by_label("File").set_input_files(upload)
    page.get_by_role("button", name="Show what it would do").click()
    assert "Nothing is changed yet" in page.content()
    page.get_by_role("button", name="Apply it now").click()
    page.goto("/search?q=marta")
    assert f"@marta@{HOST}" not in page.content()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_no_page_is_wider_than_its_screen_and_text_stands_out(browser, visitor, width, scheme):
    context = browser.new_context(
        base_url=visitor.site.base, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page, refused = context.new_page(), []
    page.on("console", lambda message: refused.append(message.text))
    page.goto("/console/login")
    assert page.evaluate(CONTRAST) == []
    enter(page)
    for path in PAGES:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.evaluate(CONTRAST) == [], path
        assert page.evaluate(NAMELESS) == [], path
    assert not [text for text in refused if "Content Security Policy" in text]
    context.close()


# Fields, buttons, links and regions that a screen reader could not name, and repeated ids.
NAMELESS = """() => {
  const bad = [];
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (!e.labels.length) bad.push(e.outerHTML);
  for (const e of document.querySelectorAll("button, a[href], summary"))
    if (!(e.textContent.trim() || e.getAttribute("aria-label"))) bad.push(e.outerHTML);
  for (const e of document.querySelectorAll("[role=region], nav, [role=img], progress"))
    if (!e.getAttribute("aria-label") && !e.labels?.length) bad.push(e.outerHTML);
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  bad.push(...ids.filter((id, place) => ids.indexOf(id) !== place));
  for (const e of document.querySelectorAll("[aria-labelledby]"))
    if (!document.getElementById(e.getAttribute("aria-labelledby"))) bad.push(e.outerHTML);
  return bad;
}"""
