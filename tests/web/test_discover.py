"""Interests and languages in, people with reasons out, and nothing remembered."""

from __future__ import annotations

import html
import re

CARD = re.compile(r'<article class="card person" data-handle="([^"]+)">(.*?)</article>', re.DOTALL)


def cards(page) -> dict[str, str]:
    return dict(CARD.findall(page.text))


def test_nothing_is_chosen_at_first(crowded):
    page = crowded.page("/discover")
    assert not cards(page)
    assert 'name="topic" value="photography"' in page.text
    assert 'name="lang" value="pl"' in page.text


def test_everybody_suggested_comes_with_a_reason(crowded):
    found = cards(crowded.page("/discover?topic=photography"))
    assert found
    for card in found.values():
        assert re.search(r'<ul class="because"[^>]*><li>', card)
    assert any("Writes about Photography" in card for card in found.values())


def test_reasons_are_in_the_readers_language_with_the_topics_name(crowded):
    page = crowded.page("/discover?topic=photography&hl=de")
    assert "Fotografie" in page.text


def test_who_is_turned_away_stays_away_without_a_script(crowded):
    page = crowded.page("/discover?topic=technology&seed=1")
    handle, card = next(iter(cards(page).items()))
    away = html.unescape(re.search(r'class="away"[^>]* href="([^"]+)"', card)[1])
    assert handle not in cards(crowded.page(away))


def test_the_same_address_gives_the_same_order_and_another_seed_is_another_address(crowded):
    one, two = (list(cards(crowded.page("/discover?topic=technology&seed=5"))) for _ in range(2))
    assert one == two
    assert re.search(
        r'href="/discover\?topic=technology&amp;seed=\d+"',
        crowded.page("/discover?topic=technology").text,
    )


def test_more_like_somebody_leads_to_others(crowded):
    handle = next(iter(cards(crowded.page("/discover?topic=photography"))))
    found = cards(crowded.page(f"/discover?like={handle}"))
    assert found
    assert handle not in found


def test_nonsense_in_the_address_is_left_away(crowded):
    assert crowded.page("/discover?topic=no-such&lang=zz&like=x&away=y&start=-4").status_code == 200
    assert crowded.page("/discover?topic=photography&start=99999").status_code == 200


def test_topics_by_commas_and_by_name_are_understood_as_embeds_say_them(crowded):
    page = crowded.page("/discover?topic=photography,Technology")
    chosen = re.findall(r'name="topic" value="(\w+)" checked', page.text)
    assert sorted(chosen) == ["photography", "technology"]
    assert cards(page)
