"""The pages as a browser without any script gets them."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.robotparser import RobotFileParser

import pytest
import sqlalchemy as sa

from discover.model.actor import Flag, Handle
from discover.model.instance import RobotsState
from discover.model.observed import ServerSeen
from discover.services.consent.servers import add_server
from discover.services.facts import ACCOUNTS
from discover.services.index.indexing import index_all
from discover.services.suggest import similarity
from discover.services.topics.measure import measure
from tests.support.site import HOST, MARTA, YES, actor, post, posts
from web.assets import asset_url, assets
from web.routes import contact_link, read_who

PEOPLE = ("/search?q=astronomy", f"/account/marta@{HOST}", f"/why?handle=marta@{HOST}")
PAGES = (
    "/", "/search", "/search?q=zzzzqqqq", "/why", "/about", "/api", "/nothing", "/transparency",
    "/remove", *PEOPLE,
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
def test_page_is_whole_and_loads_nothing_from_elsewhere(site, path):
    answer = site.page(path)
    html = answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "set-cookie" not in answer.headers
    assert html.count("<h1") == 1
    assert '<html lang="en" dir="ltr">' in html
    past = re.search(r'class="skip" href="#(\w+)"', html)[1]
    assert html.count(f' id="{past}"') == 1
    assert '<main id="main"' in html
    assert not re.search(r'<script(?! type="module" src="/static/[\w.-]+"></script>)', html)
    assert not re.search(r"<[^>]+ (style|on\w+)=", html)
    for picture in re.findall(r"<img[^>]*>", html):
        assert re.search(r' src="/(media|static)/', picture), picture
        assert " alt=" in picture
        assert ' class="emoji"' in picture or ' width="' in picture, "the layout shifts"
    for loaded in re.findall(r'<link[^>]+href="([^"]+)"', html):
        assert re.match(r"/(static|opensearch|topics)", loaded), loaded
    for action in re.findall(r'<form[^>]+action="([^"]+)"', html):
        assert action.startswith("/")


@pytest.mark.parametrize("path", PEOPLE)
def test_page_about_people_is_not_kept_anywhere(site, path):
    answer = site.page(path)
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert '<meta name="robots" content="noindex' in answer.text


def test_results_show_consenting_people_and_public_posts_only(site):
    html = site.page("/search?q=astronomy").text
    assert f"@marta@{HOST}" in html
    assert f"shy@{HOST}" not in html
    assert "quiet astronomy thought" not in html
    assert "Why listed?" in html


def test_withdrawn_person_is_gone_from_every_page_at_once(own_site):
    no = replace(YES, discoverable=Flag.FALSE)
    own_site.see(replace(MARTA, actor=replace(MARTA.actor, signals=no)))
    assert f"@marta@{HOST}" not in own_site.page("/search?q=marta").text
    assert "Clear skies" not in own_site.page("/search?q=clear+skies").text
    assert own_site.page(f"/account/marta@{HOST}").status_code == 404
    assert "is not listed" in own_site.page(f"/why?handle=marta@{HOST}").text


def test_warned_post_is_folded_and_its_picture_is_told_in_words(site):
    html = site.page("/search?q=spiders&type=posts").text
    begins = html.index('<details class="warned">')
    folded = html[begins : html.index("</details>", begins)]
    assert "Content warning" in folded
    assert "spiders" in folded
    assert "A hairy spider" in folded
    assert "cdn.example" not in html


def test_matches_are_marked(site):
    html = site.page("/search?q=balcony&type=accounts").text
    assert "<mark>balcony</mark>" in html


def test_post_says_its_language(site):
    html = site.page("/search?q=Sternbilder&type=posts").text
    assert re.search(r'<div class="prose"[^>]*lang="de"', html)


def test_filters_and_tab_stay_in_the_form_and_the_links(site):
    html = site.page(f"/search?q=astronomy&type=posts&lang=de&server={HOST}&sort=recent").text
    assert '<option value="de" lang="de" selected>' in html
    assert f'name="server" value="{HOST}"' in html
    assert '<input type="hidden" name="type" value="posts">' in html
    assert f"/search?q=astronomy&amp;lang=de&amp;server={HOST.replace('.', '.')}" in html
    assert "Sternbilder" in html
    assert "Clear skies" not in html


def test_tag_leads_to_its_people(site):
    html = site.page("/search?tag=%23Astronomy").text
    assert f"@marta@{HOST}" in html
    assert 'aria-label="Remove the hashtag astronomy"' in html


def test_pages_lead_on_and_back(own_site):
    many = [actor(f"page{number}") for number in range(25)]
    own_site.see(*many)
    from discover.services.index.indexing import index_all

    index_all(own_site.app.context)
    first = own_site.page("/search?q=astronomy&type=accounts").text
    following = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = own_site.page(following).text
    assert "First page" in second
    names = [
        re.findall(r'<p class="handle"><bdi dir="ltr">@([^<]+)</bdi></p>', html)
        for html in (first, second)
    ]
    assert len(names[0]) == 20
    assert names[1]
    assert not set(names[0]) & set(names[1])


def test_nothing_found_helps_on(site):
    html = site.page("/search?q=zzzzqqqq&lang=de").text
    assert "Nothing found" in html
    assert "without filters" in html


def test_damaged_cursor_is_explained(site):
    answer = site.page("/search?q=x&cursor=abc")
    assert answer.status_code == 422
    assert "cursor" in answer.text


def test_typing_is_shown_and_never_run(site):
    for path in ("/search?q=", "/why?handle=", "/account/", "/search?tag=", "/search?server="):
        html = site.page(f'{path}"><script>alert(1)</script>').text
        assert "<script>" not in html
        assert html.count("<script") == 1  # ours


def test_account_page_shows_fields_and_posts(site):
    html = site.page(f"/account/marta@{HOST}").text
    assert "<title>Marta Estrella (@" in html
    assert re.search(r'Marta <img class="emoji" src="/media/emoji/[^"]+" alt=":star:"', html)
    assert "https://example.org" in html
    assert "Clear skies" in html
    assert site.page("/account/marta").status_code == 404


def test_hostile_profile_is_harmless(own_site):
    bad = actor(
        "mallory",
        name="<b>Mallory</b>",
        summary_html="<p>astronomy<script>alert(1)</script><img src=x onerror=alert(1)></p>",
        url="javascript:alert(1)",
        summary="astronomy",
    )
    own_site.see(bad, posts(bad, post(bad, 1, "x", html="<svg onload=alert(1)>", url="data:x")))
    html = own_site.page(f"/account/mallory@{HOST}").text
    assert "&lt;b&gt;Mallory" in html
    for forbidden in ("<script>", "onerror", "onload", "javascript:", "data:x", "<b>Mallory"):
        assert forbidden not in html


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        (f"@marta@{HOST}", "This account is listed"),
        (f"https://{HOST}/@marta", "This account is listed"),
        (f"shy@{HOST}", "This account is not listed"),
        ("who@elsewhere.example", "This account is not listed"),
        (HOST, "This server is in reach"),
        ("https://elsewhere.example/about", "This server is not in reach"),
    ],
)
def test_am_i_listed(site, typed, verdict):
    answer = site.get("/why", params={"handle": typed}, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert verdict in answer.text


def test_verdict_shows_what_was_seen_and_where(site):
    html = site.page(f"/why?handle=marta@{HOST}").text
    assert MARTA.source_url in html
    assert "discoverable" in html
    assert "The admin of this server has opted it in." in html


@pytest.mark.parametrize("typed", ["nonsense", "a@b@c", "https://", "@", "user@", "<x>"])
def test_what_is_no_handle_is_said_so(site, typed):
    answer = site.get("/why", params={"handle": typed}, headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert "Please give a handle" in answer.text


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("@a@b.example", Handle("a", "b.example")),
        ("https://b.example/users/a", Handle("a", "b.example")),
        ("https://home.example/@a@b.example", Handle("a", "b.example")),
        ("https://home.example/%40a%40b.example/112233", Handle("a", "b.example")),
        ("https://home.example/c/club@b.example", Handle("club", "b.example")),
        ("https://b.example/@a/112233", Handle("a", "b.example")),
        ("https://b.example/about", "b.example"),
        ("https://b.example/", "b.example"),
        (" B.example. ", "b.example"),
        ("localhost:8000", "localhost:8000"),
    ],
)
def test_handles_hosts_and_addresses_are_understood(typed, read):
    assert read_who(typed) == read


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/about", ("Waypost/", "User-agent: Waypost", "Disallow: /", "@waypost@waypost.example",
                    "admin@waypost.example", "/crawling", "/privacy")),
        ("/crawling", ("Waypost/", "User-agent: Waypost", "#nobot", "@waypost@waypost.example",
                       "admin@waypost.example", "Crawl-delay", "180 days")),
        ("/privacy", ("admin@waypost.example", "180 days", "30 days", "/remove")),
    ],
)  # fmt: skip
def test_we_say_how_to_recognise_ask_and_leave_us(site, path, words):
    html = site.page(path).text
    for said in words:
        assert said in html


def test_style_sheet_may_be_kept_for_ever_because_its_name_changes(site):
    answer = site.get(asset_url("style.css"))
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["cache-control"]
    assert re.fullmatch(r"/static/style\.[0-9a-f]{10}\.css", asset_url("style.css"))
    assert len(answer.content) < 40_000
    for asset in assets().values():
        outside = asset.body.replace(b"http://www.w3.org/2000/svg", b"")
        assert not re.search(rb"https?://\w", outside)
        assert b"@import" not in outside


@pytest.mark.parametrize("path", ["/", "/search?q=astronomy"])
def test_page_is_light_over_the_wire(site, path):
    def weight(address: str) -> int:
        with site.client.stream("GET", address, headers={"Accept": "text/html"}) as answer:
            return sum(len(part) for part in answer.iter_raw())

    loaded = [path, *re.findall(r'<link[^>]+href="([^"]+)"', site.page(path).text)]
    assert sum(map(weight, loaded)) < 60_000


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("admin@x.example", "mailto:admin@x.example"),
        ("https://x.example/me", "https://x.example/me"),
        ("@me@x.example", "https://x.example/@me"),
    ],
)
def test_operator_can_be_reached_however_they_named_themselves(contact, link):
    assert contact_link(contact) == link


def test_how_fast_people_got_out_is_drawn_and_said(own_site):
    from discover.services.consent.withdraw import forget_person

    forget_person(own_site.app.context, Handle("marta", HOST))
    html = own_site.page("/transparency").text
    assert re.search(r'<svg class="columns"[^>]* role="img" aria-label="1 withdrawals: ', html)
    assert "1 account has left" in html
    assert "The same as a table" in html


def test_where_nobody_left_nothing_is_drawn(site):
    html = site.page("/transparency").text
    assert "Nobody has left in this time." in html
    assert '<svg class="columns"' not in html


def test_leaving_page_begins_with_who_it_was_about(site):
    html = site.page(f"/why?handle=marta@{HOST}").text
    leave = f"/remove?handle=marta%40{HOST}"
    assert leave in html
    assert f'value="marta@{HOST}"' in site.page(leave).text
    assert '<option value="data" selected>' in site.page("/remove?purpose=data").text


def test_who_is_not_listed_reads_what_to_do_in_both_directions(site):
    html = site.page("/why?handle=who@elsewhere.example").text
    assert "/servers/add?host=elsewhere.example" in html
    assert "write <code>in</code> to <code>@waypost@waypost.example</code>" in html
    assert "#noindex" in html


def test_only_who_says_so_is_shown_to_web_search_engines(own_site):
    yes = replace(YES, noindex=Flag.FALSE)
    own_site.see(actor("open", signals=yes), actor("silent"))
    shown = own_site.page(f"/account/open@{HOST}")
    assert "noindex" not in shown.text + shown.headers["x-robots-tag"]
    hidden = own_site.page(f"/account/silent@{HOST}")
    assert '<meta name="robots" content="noindex' in hidden.text


@pytest.mark.parametrize(
    "typed", ["MÜNCHEN.example", "https://münchen.example/about", "@münchen.example"]
)
def test_server_of_a_search_is_read_as_people_write_it(own_site, typed):
    host = "xn--mnchen-3ya.example"
    context, heidi = own_site.app.context, actor("heidi", host=host)
    add_server(context, host, "its admin wrote to us")
    own_site.see(ServerSeen(host, RobotsState.ALLOWED, None, None, seen_at=heidi.seen_at), heidi)
    index_all(context)
    query = {"type": "accounts", "q": "astronomy", "server": typed}
    text = own_site.get("/search", params=query, headers={"Accept": "text/html"}).text
    assert re.findall(r'data-handle="([^"]*)"', text) == [f"heidi@{host}"]
    found = own_site.get("/api/v1/search", params=query).json()
    assert [one["handle"] for one in found["accounts"]] == [f"heidi@{host}"]


def test_page_kept_by_web_search_engines_shows_nobody_who_did_not_say_so_too(own_site):
    yes = replace(YES, noindex=Flag.FALSE)
    people = [actor("open", signals=yes), actor("wide", signals=yes), actor("silent")]
    own_site.see(*people, *(posts(one, post(one, 7, "Astronomy tonight")) for one in people))
    context = own_site.app.context
    with context.database.read() as connection:
        measure(context, list(connection.scalars(sa.select(ACCOUNTS.c.id))))
    similarity.mark_everybody(context)
    similarity.refresh_all(context)

    def similar(name: str) -> set[str]:
        html = own_site.page(f"/account/{name}@{HOST}").text
        return set(re.findall(r'data-handle="([^"]*)"', html)) - {f"{name}@{HOST}"}

    assert similar("open") == {f"wide@{HOST}"}
    assert len(similar("silent")) == 4


def test_robots_txt_keeps_every_api_from_other_search_engines(site):
    asked = site.get("/robots.txt").text
    robots = RobotFileParser()
    robots.parse(asked.splitlines())
    for path in ("/api/v1/search", "/api/v2/search?q=astronomy", f"/api/v1/accounts/marta@{HOST}"):
        assert not robots.can_fetch("anybot", path), path
    assert robots.can_fetch("anybot", "/api")


def test_the_source_code_is_offered_on_every_page(site):
    assert 'href="/about#source"' in site.page("/").text
    assert 'id="source"' in site.page("/about").text
