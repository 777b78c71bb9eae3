"""The embeds on somebody else's page, in a real browser."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.support.node import npm_folder

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = """rules => axe.run({runOnly: {type: "tag", values: rules}}).then(found => found.violations.map(
  one => [one.id, one.nodes.slice(0, 3).map(node => node.html.slice(0, 160))]))"""


def component(site, **attributes) -> str:
    said = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return (
        f'<script async src="{site.base}/embed.js"></script>'
        f"<waypost-suggestions{said}><a href='https://else.example/'>People</a></waypost-suggestions>"
    )


def frame(site, query: str) -> str:
    return (
        f'<iframe src="{site.base}/embed?{query}" title="People to follow" width="480" '
        'height="600" referrerpolicy="no-referrer" '
        'sandbox="allow-popups allow-popups-to-escape-sandbox" style="border: 0"></iframe>'
    )


@pytest.fixture
def tab(browser):
    context = browser.new_context(viewport={"width": 900, "height": 900})
    page = context.new_page()
    page.requested, page.complaints = [], []
    page.on("request", lambda one: page.requested.append(one))  # noqa: PLW0108 -- not a built-in
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    context.close()


def people(tab) -> list[str]:
    tab.locator("waypost-suggestions li").first.wait_for()
    return sorted(tab.locator("waypost-suggestions li small bdi").all_inner_texts())


def hosts(tab) -> set[str]:
    return {urlsplit(request.url).netloc for request in tab.requested}


def test_component_shows_people_of_a_topic_with_reasons_and_a_way_to_follow(site, tab, write):
    tab.goto(write(component(site, topic="astronomy", limit="10")).base)
    assert people(tab) == [
        "@luna@b.example", "@orion@a.example", "@stella@a.example", "@stern@a.example",
        "@vega@a.example",
    ]  # fmt: skip
    box = tab.get_by_role("region", name="People to follow")
    assert box.get_by_role("link", name="Follow @luna@b.example").is_visible()
    assert "Writes about Astronomy" in box.inner_text()
    name = box.get_by_role("link", name="Luna", exact=True)
    assert name.get_attribute("href") == "https://b.example/@luna"
    assert name.get_attribute("rel") == "noopener noreferrer nofollow"
    assert not tab.get_by_role("link", name="People", exact=True).is_visible()


def test_who_has_no_picture_has_an_initial_in_the_component(site, tab, write):
    tab.goto(write(component(site, topic="astronomy", limit="10")).base)
    people(tab)
    letters = tab.locator("waypost-suggestions span.face").all_inner_texts()
    assert letters
    assert all(len(letter) == 1 and letter.isupper() for letter in letters)


@pytest.mark.parametrize("kind", ["component", "frame"])
def test_embed_asks_nobody_else_and_leaves_nothing_behind(site, tab, write, kind):
    made = (
        component(site, topic="astronomy")
        if kind == "component"
        else frame(site, "topic=astronomy")
    )
    page = write(made)
    tab.goto(page.base, wait_until="networkidle")
    assert hosts(tab) == {urlsplit(site.base).netloc, urlsplit(page.base).netloc}
    ours = [one for one in tab.requested if one.url.startswith(site.base)]
    assert len(ours) >= 2
    for request in ours:
        headers = request.all_headers()
        assert "cookie" not in headers
        # The script itself is asked for by the page, which may say no-referrer, too.
        if not request.url.endswith("/embed.js"):
            assert "referer" not in headers or headers["referer"].startswith(site.base)
        assert "set-cookie" not in request.response().all_headers()
    assert tab.context.cookies() == []
    assert tab.evaluate("localStorage.length + sessionStorage.length") == 0
    assert set(page.asked) <= {"/", "/favicon.ico"}
    assert [text for text in tab.complaints if "favicon" not in text and "404" not in text] == []


def test_component_works_under_a_strict_policy_of_the_page(site, tab, write):
    policy = (
        f"default-src 'none'; script-src {site.base}; connect-src {site.base}; img-src {site.base}"
    )
    tab.goto(write(component(site, topic="astronomy"), policy=policy).base)
    assert people(tab)
    colour = tab.locator("waypost-suggestions section").evaluate(
        "element => getComputedStyle(element).borderTopWidth"
    )
    assert colour == "1px"
    assert not [text for text in tab.complaints if "style" in text.lower()]


def test_component_follows_its_attributes(site, tab, write):
    tab.goto(write(component(site, topic="astronomy", limit="2")).base)
    assert len(people(tab)) == 2
    tab.evaluate("document.querySelector('waypost-suggestions').setAttribute('lang', 'de')")
    expect(tab.locator("waypost-suggestions li")).to_have_count(1)
    assert people(tab) == ["@stern@a.example"]
    tab.evaluate("document.querySelector('waypost-suggestions').remove()")
    assert [text for text in tab.complaints if "404" not in text] == []


def test_component_speaks_the_language_of_the_page_around_it(site, tab, write):
    tab.goto(write(component(site, topic="astronomy"), lang="de").base)
    people(tab)
    assert tab.get_by_role("heading", name="Menschen zum Folgen").is_visible()
    tab.goto(write(component(site, topic="astronomy", hl="ar")).base)
    people(tab)
    section = tab.locator("waypost-suggestions section")
    assert (section.get_attribute("dir"), section.get_attribute("lang")) == ("rtl", "ar")


def test_component_takes_the_colours_of_the_page(site, tab, write):
    head = "<style>waypost-suggestions { --waypost-background: rgb(1, 2, 3); --waypost-radius: 0 }</style>"
    tab.goto(write(component(site, topic="astronomy"), head=head).base)
    people(tab)
    style = tab.locator("waypost-suggestions section").evaluate(
        "element => [getComputedStyle(element).backgroundColor, getComputedStyle(element).borderRadius]"
    )
    assert style == ["rgb(1, 2, 3)", "0px"]


def test_what_stands_in_the_element_is_shown_when_there_is_nobody_or_no_answer(site, tab, write):
    tab.goto(write(component(site, topic="baking", lang="ja")).base)
    tab.get_by_text("Nobody to suggest yet.").wait_for()
    assert tab.get_by_role("link", name="People", exact=True).is_visible()
    tab.goto(write(component(site, topic="nosuchtopic")).base)
    tab.get_by_text("The suggestions could not be loaded.").wait_for()
    assert tab.get_by_role("link", name="People", exact=True).is_visible()


def test_profile_with_a_dangerous_address_is_no_such_link(site, tab, write):
    page = write(component(site, topic="astronomy"))

    def poisoned(route):
        answer = route.fetch()
        document = answer.json()
        document[0]["account"]["url"] = "javascript:alert(1)"
        document[0]["account"]["display_name"] = "<img src=x onerror=alert(1)>"
        document[0]["account"]["avatar"] = "https://tracker.example/pixel.png"
        route.fulfill(response=answer, json=document)

    tab.route("**/api/v2/suggestions*", poisoned)
    tab.goto(page.base)
    people(tab)
    links = tab.locator("waypost-suggestions a").evaluate_all("all => all.map(one => one.href)")
    assert all(link.startswith(("http://", "https://")) for link in links)
    assert tab.get_by_text("<img src=x onerror=alert(1)>").is_visible()
    assert "tracker.example" not in hosts(tab)


def test_frame_shows_people_and_leads_out_of_itself(site, tab, write):
    tab.goto(write(frame(site, "topic=astronomy&limit=3&theme=dark")).base)
    inside = tab.frame_locator("iframe")
    inside.locator("li").first.wait_for()
    expect(inside.locator("li")).to_have_count(3)
    expect(inside.get_by_role("heading", name="People to follow: Astronomy")).to_be_visible()
    # its style is there although it stands in a sandbox
    ground = inside.locator("main").evaluate("main => getComputedStyle(main).backgroundColor")
    assert ground == "rgb(26, 33, 39)"
    assert inside.get_by_role("link", name="Follow").first.get_attribute("target") == "_blank"


def test_no_other_page_of_ours_can_be_framed(site, tab, write):
    tab.goto(write(f'<iframe src="{site.base}/discover" title="x"></iframe>').base)
    for _ in range(100):
        tab.wait_for_timeout(50)
        if any("frame-ancestors" in text for text in tab.complaints):
            return
    pytest.fail(f"it was framed; said was {tab.complaints}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_embed_has_a_barrier(browser, site, write, scheme):
    axe = (npm_folder("axe") / "node_modules/axe-core/axe.min.js").read_text()
    page = write(component(site, topic="astronomy"))
    context = browser.new_context(color_scheme=scheme, viewport={"width": 360, "height": 800})
    tab = context.new_page()
    for address in (page.base, f"{site.base}/embed?topic=astronomy", f"{site.base}/embeds"):
        tab.goto(address)
        if address != f"{site.base}/embed?topic=astronomy":
            tab.locator("waypost-suggestions li").first.wait_for()
        tab.evaluate(axe)
        assert tab.evaluate(AXE, RULES) == [], address
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    context.close()


def test_preview_follows_the_form_and_works_without_scripts_too(browser, site, tab):
    tab.goto(f"{site.base}/embeds")
    tab.get_by_label("Topic").select_option("astronomy")
    tab.get_by_label("How many people").fill("2")
    expect(tab.locator("waypost-suggestions li")).to_have_count(2)
    expect(tab.locator("pre").first).to_contain_text('topic="astronomy" limit="2"')
    tab.frame_locator("iframe").locator("li").nth(1).wait_for()
    assert "topic=astronomy" in tab.url
    plain = browser.new_context(java_script_enabled=False, base_url=site.base)
    page = plain.new_page()
    page.goto("/embeds")
    page.get_by_label("Topic").select_option("astronomy")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("pre").nth(1)).to_contain_text("topic=astronomy")
    plain.close()
