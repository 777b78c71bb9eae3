"""Topic pages and trends: who is shown there, and that they leave at once."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from discover.model.actor import Flag, Handle
from discover.services.consent.withdraw import forget_person
from tests.support.site import HOST, MARTA, YES


def handles(html: str) -> set[str]:
    return set(re.findall(r'data-handle="([^"]+)"', html))


def test_topics_stand_in_groups_with_the_people_who_write_about_them(site):
    html = site.page("/topics").text
    assert re.search(r'href="/topics/astronomy">Astronomy <span class="count">6<', html)
    assert "noindex" not in site.page("/topics").headers.get("x-robots-tag", "")


@pytest.mark.parametrize("typed", ["astronomie", "#天文", "Astronom"])
def test_topic_is_found_by_its_name_or_tag_in_any_language(site, typed):
    html = site.get("/topics", params={"q": typed}, headers={"Accept": "text/html"}).text
    assert 'href="/topics/astronomy"' in html


def test_topic_that_is_not_there_leads_on(site):
    assert "No topic of this name" in site.page("/topics?q=zzzzqq").text
    assert site.page("/topics/zzzzqq").status_code == 404


def test_topic_page_shows_listed_people_and_nobody_else(site):
    answer = site.page("/topics/astronomy")
    assert f"marta@{HOST}" in handles(answer.text)
    assert f"shy@{HOST}" not in answer.text
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["cache-control"] == "no-store"


def test_topic_page_can_be_previewed_when_shared_and_names_nobody_there(site):
    html = site.page("/topics/astronomy").text
    shared = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', html))
    assert shared["title"] == "Astronomy"
    assert shared["url"] == "https://waypost.example/topics/astronomy"
    assert "6 people" in shared["description"]
    assert not any("marta" in value.lower() for value in shared.values())


def test_people_of_a_topic_by_language(own_site):
    html = own_site.page("/topics/astronomy?lang=de").text
    assert handles(html) == {f"marta@{HOST}"}  # she wrote in German, too


@pytest.mark.parametrize("left", ["flag", "for good"])
def test_who_leaves_is_gone_from_the_topic_at_once(own_site, left):
    assert f"marta@{HOST}" in handles(own_site.page("/topics/astronomy").text)
    if left == "flag":
        no = replace(YES, discoverable=Flag.FALSE)
        own_site.see(replace(MARTA, actor=replace(MARTA.actor, signals=no)))
    else:
        forget_person(own_site.app.context, Handle("marta", HOST))
    html = own_site.page("/topics/astronomy").text
    assert "marta" not in html.lower()
    assert "5 people" in html


@pytest.mark.parametrize("kind", ["tags", "links", "posts"])
@pytest.mark.parametrize("window", ["hours", "day", "week", "strange"])
def test_trends_answer_whatever_is_asked(site, kind, window):
    answer = site.page(f"/trends?kind={kind}&window={window}&lang=xx")
    assert answer.status_code == 200
    assert answer.text.count("<h1") == 1
    assert "noindex" in answer.headers["x-robots-tag"]


def test_what_many_people_speak_of_trends_with_a_drawing_and_its_words(own_site):
    from discover.services.index.indexing import index_all
    from tests.support.site import actor, post, posts

    context = own_site.app.context
    for number in range(12):
        one = actor(f"fan{number}")
        text = "The #eclipse is near"
        own_site.see(one, posts(one, post(one, 1, text, hashtags=("eclipse",))))
    index_all(context)
    html = own_site.page("/trends?window=week").text
    assert "#eclipse" in html
    assert "12 people" in html
    assert re.search(r'<svg class="spark"[^>]* role="img" aria-label="People on each', html)
    forget_person(context, Handle("fan3", HOST))
    assert "11 people" in own_site.page("/trends?window=week").text
