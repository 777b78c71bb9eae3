"""An operator's journey in a real browser, with the scripts switched off."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from pkgutil import iter_modules

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from discover.services.consent.blocklist_drafts import keep_draft
from discover.services.consent.blocklists import import_list
from discover.services.consent.withdraw import VISITS
from discover.services.console.growth import note_sizes
from discover.services.console.operators import add_operator
from discover.services.find.packs import keep_pack
from discover.services.index.rebuilds import ask
from discover.services.topics.edits import add_edit, list_edits, remove_edit
from discover.store.database import table
from discover.store.tables import Withdrawal
from discover.wire.blocklist import Block
from tests.console.conftest import NAME, PASSWORD, consoled
from tests.console.test_acts import queue, report
from tests.console.test_login import PAGES
from tests.support.chromium import meet
from tests.support.node import npm_folder
from tests.support.site import HOST
from tests.web.test_barriers import RULES, RUN
from web import console

pytestmark = pytest.mark.browser


@pytest.fixture
def visitor(tmp_path):
    with consoled(tmp_path / "home") as one:
        add_operator(one.context, NAME, PASSWORD)
        yield one


def enter(page):
    """By keyboard: the first field has the focus."""
    page.goto("/console")
    page.wait_for_url("**/console/login")
    page.locator("#name:focus").wait_for()
    page.keyboard.type(NAME)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console")


def test_link_from_another_site_leaves_the_operator_logged_in(browser, visitor):
    context = browser.new_context(base_url=visitor.site.base)
    page = context.new_page()
    enter(page)
    other = context.new_page()
    other.route(
        "http://other.test/**",
        lambda route: route.fulfill(
            content_type="text/html",
            body=f'<a href="{visitor.site.base}/console/servers">look</a>',
        ),
    )
    other.goto("http://other.test/")
    other.get_by_role("link", name="look").click()
    other.wait_for_url("**/console/login")
    page.goto("/console/servers")
    assert page.url.endswith("/console/servers")
    context.close()


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
    expect(page.get_by_role("status")).to_contain_text("blocked a server")
    page.get_by_role("link", name="Audit log").click()
    expect(page.locator("tbody tr").first).to_contain_text("spam")

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
    meet(page, "Log in")
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
    expect(page.locator("main")).to_contain_text("Nothing is changed yet")
    page.get_by_role("button", name="Apply it now").click()
    expect(page.get_by_role("status")).to_be_visible()
    page.goto("/search?q=marta")
    assert f"@marta@{HOST}" not in page.content()
    context.close()


@pytest.fixture(scope="module")
def busy(tmp_path_factory):
    """Something on every page: reports, stuck deliveries, failures, edits, a rebuild, growth."""
    with consoled(tmp_path_factory.mktemp("busy") / "home") as one:
        context = one.context
        now = context.clock.now()
        add_operator(context, NAME, PASSWORD)
        keep_pack(context, "night-sky", "Night sky", "Look up")
        add_edit(context, NAME, "astronomy", "tag", "astrum", "la")
        add_edit(context, NAME, "", "banned", "spamtag")
        import_list(context, "theirs", [Block("bad.example", reason="spam")])
        queue(one)
        report(one)
        with context.database.write() as connection:
            connection.execute(sa.update(VISITS).values(failures=2, last_detail="timed out"))
            withdrawal = {"cause": "account", "known_at": now, "hidden_at": now, "gone_at": now}
            connection.execute(sa.insert(table(Withdrawal)).values(**withdrawal))
        note_sizes(context)
        one.clock.ahead += timedelta(days=1)
        note_sizes(context)
        ask(context, NAME)
        one.token = keep_draft(context, NAME, "mine", f"{HOST}\nbad.example")
        yield one
        for edit in list_edits(context):
            remove_edit(context, edit.id)


@pytest.fixture(scope="module")
def axe():
    return (npm_folder("axe") / "node_modules/axe-core/axe.min.js").read_text()


MORE = (
    "/console/login", "/console/reports?show=handled", "/console/packs/night-sky",
    "/console/servers/bad.example", "/console/blocklists/draft/{token}", "/console?did=1",
)  # fmt: skip


def test_every_page_of_the_console_is_looked_at():
    """Those of PAGES and MORE: a new page fails here until it stands among them."""
    modules = [import_module(f"web.console.{one.name}") for one in iter_modules(console.__path__)]
    templates = {
        route.path
        for module in modules
        for route in getattr(getattr(module, "router", None), "routes", ())
        if "GET" in route.methods
    }
    assert {"/console", "/console/packs/{slug}"} <= templates
    looked_at = {path.partition("?")[0] for path in (*PAGES, *MORE)}

    def seen(template: str) -> bool:
        shape = re.sub(r"\{[^}]*\}", "[^/]+", template)
        return any(re.fullmatch(shape, path) for path in looked_at)

    assert not {one for one in templates if not seen(one)}


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [(360, "light", "ar"), (360, "dark", "de"), (1440, "light", "en"), (1440, "dark", "en")],
)
def test_no_page_has_a_barrier(browser, busy, axe, width, scheme, language):
    context = browser.new_context(
        base_url=busy.site.base,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        locale=language,
    )
    page, refused, wrong = context.new_page(), [], {}
    page.on("console", lambda message: refused.append(message.text))

    def look(path):
        page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true; })")
        page.evaluate(axe)
        found = page.evaluate(RUN, RULES)
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append("wider than the screen")
        if found:
            wrong[path] = found

    page.goto("/console/login")
    look("/console/login")
    enter(page)
    for path in (*PAGES, *(one.format(token=busy.token) for one in MORE[1:])):
        page.goto(path)
        look(path)
    context.close()
    assert not wrong, "\n".join(f"{path}: {one}" for path, found in wrong.items() for one in found)
    assert not [text for text in refused if "Content Security Policy" in text]
