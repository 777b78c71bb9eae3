"""Starter packs: who is in them, how one leaves, and every form they take."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from datetime import datetime
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from discover.model.actor import ConsentSignals, Flag, Handle
from discover.model.packs import canonical
from discover.model.views import BadRequest
from discover.services.find import packs
from discover.services.index.indexing import index_all
from discover.wire.commands import parse
from tests.support.site import HOST, actor, filled_site, post, posts

YES = {"discoverable": Flag.TRUE, "indexable": Flag.TRUE}
NO = ConsentSignals(discoverable=Flag.FALSE, indexable=Flag.FALSE)
LOCKED = ConsentSignals(**YES, locked=True)
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def site(tmp_path):
    with filled_site(tmp_path / "home") as made:
        astro, locked = actor("astro"), actor("locked", signals=LOCKED)
        for one in (astro, locked):
            made.see(one)
            made.see(
                posts(
                    one,
                    post(one, 1, "Look <up> & wonder", hashtags=("astrodon",)),
                    post(one, 2, "Spiders", hashtags=("astrodon",), content_warning="spiders"),
                    post(one, 3, "My lunch", hashtags=("lunchtime",)),
                )
            )
        index_all(made.app.context)
        made.astro = astro
        yield made


def handles(site, slug: str = "topic-astronomy", query: str = "") -> list[str]:
    text = site.get(f"/packs/{slug}/following.csv{query}", follow_redirects=True).text
    return [row[0] for row in list(csv.reader(io.StringIO(text)))[1:]]


def leave(site, seen, slug: str = packs.EVERY_PACK) -> None:
    with site.app.context.database.write() as connection:
        packs.leave(site.app.context, connection, seen.actor.uri, slug)


def test_csv_has_exactly_mastodons_columns(site):
    answer = site.get("/packs/topic-astronomy/following.csv")
    lines = answer.text.split("\n")
    assert lines[0] == "Account address,Show boosts,Notify on new posts,Languages"
    assert f"astro@{HOST},true,false," in lines
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]


def test_only_who_may_be_suggested_is_in_a_pack(site):
    found = handles(site)
    assert f"astro@{HOST}" in found
    assert f"locked@{HOST}" not in found


def test_who_takes_back_consent_is_out_of_every_pack_at_once(site):
    assert f"astro@{HOST}" in handles(site, "search-astro")
    site.see(actor("astro", signals=NO))
    assert f"astro@{HOST}" not in handles(site)
    assert f"astro@{HOST}" not in handles(site, "search-astro")


def test_who_is_no_longer_to_be_suggested_is_out_of_a_pack_at_once(site):
    site.see(actor("astro", signals=LOCKED))
    assert f"astro@{HOST}" not in handles(site)


def test_leaving_one_pack_leaves_the_others(site):
    leave(site, site.astro, "topic-astronomy")
    assert f"astro@{HOST}" not in handles(site)
    assert f"astro@{HOST}" in handles(site, "search-astro")


def test_leaving_every_pack_keeps_one_listed(site):
    leave(site, site.astro)
    assert f"astro@{HOST}" not in handles(site)
    assert f"astro@{HOST}" not in handles(site, "search-astro")
    assert site.get(f"/api/v1/accounts/astro@{HOST}").status_code == 200


def test_who_said_no_to_very_many_packs_is_in_none(site, monkeypatch):
    monkeypatch.setattr(packs, "MOST_LEFT", 3)
    for number in range(10):
        leave(site, site.astro, f"nothing-{number}")
    assert f"astro@{HOST}" not in handles(site)
    with site.app.context.database.read() as connection:
        assert len(connection.execute(sa.select(packs.LEFT)).all()) == 4


def test_a_no_to_packs_outlives_the_listing(site):
    leave(site, site.astro)
    site.see(actor("astro", signals=NO))
    site.see(actor("astro"))
    index_all(site.app.context)
    assert f"astro@{HOST}" not in handles(site)


def test_big_pack_is_followed_in_parts_that_say_whom_they_are_of(site):
    context = site.app.context
    many = [actor(f"crowd{number:02}") for number in range(70)]
    site.see(*many, *(posts(one, post(one, 2, "hello stars")) for one in many))
    packs.keep_pack(context, "crowd", "Crowd")
    packs.pick(context, "crowd", [one.handle for one in many])
    with context.database.write() as connection:
        connection.execute(sa.update(packs.MEMBERS).values(joined=True))
    text = site.page("/packs/crowd").text
    links = re.findall(r'href="(/follow\?account=[^"]*)">([^<]*)<', text)
    assert [words for _, words in links[:2]] == ["Follow 1 to 50", "Follow 51 to 70"]
    followed = [re.search(r"<h1>(.*?)</h1>", site.page(link).text)[1] for link, _ in links[:2]]
    assert followed == ["Follow 50 people", "Follow 20 people"]
    assert ">Follow them<" in site.page("/packs/topic-astronomy?lang=en").text


def test_pack_in_one_language(site):
    assert handles(site, query="?lang=en")
    assert handles(site, query="?lang=ja") == []


def test_collection_names_the_members_actors(site):
    for path, accept in (
        ("/packs/topic-astronomy/collection", "*/*"),
        ("/packs/topic-astronomy", "application/activity+json"),
    ):
        answer = site.get(path, headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/activity+json"
        document = answer.json()
        assert document["type"] == "OrderedCollection"
        assert site.astro.actor.uri in document["orderedItems"]
        assert document["totalItems"] == len(document["orderedItems"]) == len(handles(site))
    assert document["id"] == "https://waypost.example/packs/topic-astronomy/collection"


def test_page_of_a_pack_shows_its_people_and_how_to_leave(site):
    page = site.page("/packs/topic-astronomy").text
    assert f"astro@{HOST}" in page
    assert f"locked@{HOST}" not in page
    assert "pack out topic-astronomy" in page
    assert "/packs/topic-astronomy/qr.svg" in page


def test_pack_is_made_without_an_account(site):
    page = site.page("/packs").text
    assert 'action="/packs/make"' in page
    made = site.get("/packs/make", params={"q": "Astro & night"}, follow_redirects=False)
    assert made.status_code == 303
    assert made.headers["location"] == "/packs/search-astro-night"
    made = site.get("/packs/make", params={"topic": "astronomy", "lang": "de"})
    assert made.headers["location"] == "/packs/topic-astronomy?lang=de"
    assert site.get("/packs/make").status_code == 422


@pytest.mark.parametrize("slug", ["topic-nonsense", "nobody-made-this", "search-", "x" * 101])
def test_pack_that_is_not_there_is_a_problem(site, slug):
    for path in ("", "/following.csv", "/collection", "/feed.rss", "/qr.svg"):
        answer = site.get(f"/packs/{slug}{path}", follow_redirects=True)
        assert answer.status_code in (404, 422), path
        assert answer.headers["content-type"] == "application/problem+json"


def test_qr_code_is_a_drawing(site):
    answer = site.get("/packs/topic-astronomy/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert ET.fromstring(answer.content).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize("base", ["/topics/astronomy", "/packs/topic-astronomy"])
def test_feeds_hold_posts_that_may_be_found_and_no_warned_ones(site, base):
    rss = ET.fromstring(site.get(f"{base}/feed.rss").content)
    atom = ET.fromstring(site.get(f"{base}/feed.atom").content)
    feed = site.get(f"{base}/feed.json").json()
    titles = [item.findtext("title") for item in rss.iter("item")]
    assert "Look <up> & wonder" in titles
    assert "Spiders" not in titles
    assert [one.findtext(f"{ATOM}title") for one in atom.iter(f"{ATOM}entry")] == titles
    assert [one["title"] for one in feed["items"]] == titles
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    for entry in atom.iter(f"{ATOM}entry"):
        assert datetime.fromisoformat(entry.findtext(f"{ATOM}updated"))
        assert entry.findtext(f"{ATOM}author/{ATOM}name")


def test_feed_of_a_topic_holds_only_posts_on_it(site):
    titles = [one["title"] for one in site.get("/topics/astronomy/feed.json").json()["items"]]
    assert "My lunch" not in titles
    assert titles


def test_feed_says_what_it_is(site):
    for form, kind in (("rss", "rss+xml"), ("atom", "atom+xml"), ("json", "feed+json")):
        answer = site.get(f"/topics/astronomy/feed.{form}")
        assert kind in answer.headers["content-type"]
        assert answer.headers["cache-control"] == "no-store"
        assert "noindex" in answer.headers["x-robots-tag"]
    assert site.get("/topics/astronomy/feed.xyz").status_code == 422
    assert site.get("/topics/nonsense/feed.rss").status_code == 404


def test_feed_is_empty_of_whoever_took_back_consent(site):
    site.see(actor("astro", signals=NO))
    items = site.get("/topics/astronomy/feed.json").json()["items"]
    assert f"https://{HOST}/@astro" not in {one["authors"][0]["url"] for one in items}


def test_picked_by_hand_shows_nobody_who_did_not_say_yes(site):
    ctx = site.app.context
    packs.keep_pack(ctx, "good-people", "Good people", "Be kind")
    unknown = packs.pick(
        ctx, "good-people", [Handle("astro", HOST), Handle("locked", HOST), Handle("who", "x.test")]
    )
    assert unknown == (Handle("who", "x.test"),)
    assert handles(site, "good-people") == []
    with ctx.database.write() as connection:
        assert packs.join(ctx, connection, site.astro.actor.uri, "good-people")
    assert handles(site, "good-people") == [f"astro@{HOST}"]
    leave(site, site.astro, "good-people")
    assert handles(site, "good-people") == []
    packs.pick(ctx, "good-people", [Handle("astro", HOST)])
    assert handles(site, "good-people") == []


def test_nobody_joins_a_pack_that_they_were_not_picked_for(site):
    ctx = site.app.context
    packs.keep_pack(ctx, "good-people", "Good people")
    with ctx.database.write() as connection:
        assert not packs.join(ctx, connection, site.astro.actor.uri, "good-people")
    assert handles(site, "good-people") == []


def test_dropped_pack_is_gone(site):
    ctx = site.app.context
    packs.keep_pack(ctx, "good-people", "Good people")
    assert "Good people" in site.page("/packs").text
    assert packs.drop_pack(ctx, "good-people")
    assert site.get("/packs/good-people/collection").status_code == 404
    assert not packs.drop_pack(ctx, "good-people")


@pytest.mark.parametrize("slug", ["Loud", "topic-mine", "search-mine", "a--b", "", "a/b"])
def test_hand_picked_pack_needs_a_plain_name(site, slug):
    with pytest.raises(BadRequest):
        packs.keep_pack(site.app.context, slug, "Title")


def test_proposed_pack_is_named_only_while_it_is_a_pack(site):
    ctx = site.app.context
    other = actor("other")
    site.see(other, posts(other, post(other, 1, "Stars")))
    with ctx.database.write() as connection:
        ids = dict(
            connection.execute(sa.select(packs.ACCOUNTS.c.handle, packs.ACCOUNTS.c.id)).all()
        )
        row = {"title": "friends", "note": "", "at": ctx.clock.now(), "proposed": True}
        connection.execute(sa.insert(packs.PACKS).values(slug="friends-of-astro", **row))
        for name in ("astro", "other"):
            member = {"slug": "friends-of-astro", "account_id": ids[f"{name}@{HOST}"]}
            connection.execute(
                sa.insert(packs.MEMBERS).values(joined=True, at=ctx.clock.now(), **member)
            )
    named = site.page("/packs")
    assert "/packs/friends-of-astro" in named.text
    assert named.headers["cache-control"] == "no-cache"
    for signals in (LOCKED, NO):
        site.see(actor("other", signals=signals))
        assert site.get("/packs/friends-of-astro").status_code == 404
        assert "friends-of-astro" not in site.page("/packs").text


SPELLINGS = [
    "search-Astro", "search-astro-", "search--astro", "search-astro!", "search-ａｓｔｒｏ", "search-astro_",
    "SEARCH—astro", "search-as\u00adtro", "search-astro\ufe0f", "search_astro", " search astro ",
    "search-a\u0301stro", "search-ástro",
]  # fmt: skip
FORMS = ("", "/following.csv", "/collection", "/feed.rss", "/feed.json", "/qr.svg")


def test_a_no_holds_for_every_spelling_of_a_pack(site):
    for slug in SPELLINGS:
        assert f"astro@{HOST}" in handles(site, quote(slug)), slug
    leave(site, site.astro, "search-astro")
    for slug in SPELLINGS:
        for form in FORMS[:5]:
            answer = site.get(f"/packs/{quote(slug)}{form}", follow_redirects=True)
            assert answer.status_code == 200
            assert "astro@" not in answer.text, slug


def test_a_no_to_any_spelling_is_a_no_to_the_pack(site):
    for slug in SPELLINGS:
        leave(site, site.astro, slug)
        assert f"astro@{HOST}" not in handles(site, "search-astro"), slug
        with site.app.context.database.write() as connection:
            packs.join(site.app.context, connection, site.astro.actor.uri, slug)
        assert f"astro@{HOST}" in handles(site, "search-astro"), slug


def test_other_spellings_lead_to_the_packs_own_address(site):
    for slug, own in (("search-Astro!", "search-astro"), ("topic-Astronomy", "topic-astronomy")):
        for form in FORMS:
            moved = site.get(f"/packs/{quote(slug)}{form}?lang=en", follow_redirects=False)
            assert moved.status_code == 308
            assert moved.headers["location"] == f"/packs/{own}{form}?lang=en"
            assert site.get(moved.headers["location"]).status_code == 200


SEARCHES = [
    ("हिन्दी साहित्य", "search-हिन्दी-साहित्य"),
    ("বাংলা", "search-বাংলা"),
    ("ดนตรี ไทย", "search-ดนตรี-ไทย"),
    ("مُوسِيقى", "search-مُوسِيقى"),
    ("کتاب\u200cخوانی", "search-کتاب\u200cخوانی"),
    ("Cafe\u0301 Stra\u00dfe", "search-café-straße"),
    ("ΛΌΓΟΣ", "search-λόγος"),
    ("Quartz & zebra_", "search-quartz-zebra"),
]


def test_pack_of_a_search_keeps_words_of_every_script(site):
    for number, (words, slug) in enumerate(SEARCHES):
        made = site.get("/packs/make", params={"q": words}, follow_redirects=False)
        assert made.headers["location"] == f"/packs/{quote(slug)}"
        writer = actor(f"writer{number}", summary=words)
        site.see(writer, posts(writer, post(writer, number, words)))
        index_all(site.app.context)
        assert handles(site, quote(slug)) == [f"writer{number}@{HOST}"]
        said = parse(f"pack out {slug}")
        assert said.topic == slug
        leave(site, writer, said.topic)
        assert handles(site, quote(slug)) == []


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=130))
def test_a_packs_name_is_stable_and_can_be_said(words):
    assert canonical(canonical(words)) == canonical(words)
    if canonical(words):
        slug = packs.search_slug(words)
        assert canonical(slug) == slug
        assert len(slug) <= packs.LONGEST_SLUG
        for said in (f"pack out {slug}", f"leave {slug}", f"pack in {slug}"):
            assert parse(said).topic == slug
