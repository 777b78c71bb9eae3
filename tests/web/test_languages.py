"""Pages speak the reader's language, without remembering it anywhere."""

from __future__ import annotations

import re

import pytest

from discover.model.words import Counted, Sentence
from web import i18n


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("nl;q=1, fr;q=0.4, es;q=0.7", "es"),
        ("xx, *;q=0.5", "en"),
        ("pt-BR", "pt"),
        ("de;q=0, it", "it"),
        ("not a header;;;q=x", "en"),
    ],
)
def test_the_browser_says_which_language(header, code):
    assert i18n.preferred(header) == code


def test_the_address_says_it_louder_than_the_browser(site):
    page = site.client.get("/?hl=ar", headers={"accept-language": "de"})
    assert '<html lang="ar" dir="rtl">' in page.text
    assert page.headers["content-language"] == "ar"
    assert "accept-language" in page.headers["vary"].lower()
    assert (
        '<html lang="de" dir="ltr">' in site.client.get("/", headers={"accept-language": "de"}).text
    )


def test_a_chosen_language_is_carried_by_every_link_and_form_of_ours(site):
    text = site.client.get("/search?q=astronomy&hl=pl", headers={"accept": "text/html"}).text
    for href in re.findall(r'<a\b[^>]*\shref="([^"]*)"', text):
        if href.startswith("/"):
            assert re.search(r"[?;&]hl=", href), href
    assert '<input type="hidden" name="hl" value="pl">' in text
    assert "set-cookie" not in site.client.get("/?hl=pl").headers


def test_a_form_that_leads_to_a_part_of_a_page_carries_the_language_too(site):
    text = site.page("/servers/add?hl=pl").text
    for form in re.findall(r"<form\b[^>]*>.*?</form>", text, re.DOTALL):
        assert "hl=pl" in form or '<input type="hidden" name="hl" value="pl">' in form, form


def test_a_language_that_the_browser_asked_for_is_not_in_the_addresses(site):
    text = site.client.get("/", headers={"accept-language": "pl"}).text
    assert 'name="hl"' not in text
    assert 'href="/about"' in text


def test_an_unknown_language_changes_nothing(site):
    page = site.client.get('/?hl="><script>', headers={"accept-language": "fr"})
    assert page.headers["content-language"] == "fr"
    assert "<script>" not in page.text


def test_the_switch_keeps_what_was_asked(site):
    text = site.client.get("/search?q=caf%C3%A9+%26+tea&hl=fr").text
    assert 'href="/search?q=caf%C3%A9+%26+tea&amp;hl=de"' in text


def test_carrying_leaves_everybody_elses_addresses_alone():
    html = (
        '<a href="https://a.example/x">a</a> <a href="//b.example">b</a> <a href="#main">c</a>'
        '<a href="/about#who">d</a><form action="/x?a=1" method="post"></form>'
    )
    assert i18n.carry(html, "de") == (
        '<a href="https://a.example/x">a</a> <a href="//b.example">b</a> <a href="#main">c</a>'
        '<a href="/about?hl=de#who">d</a><form action="/x?a=1&hl=de" method="post"></form>'
    )


def test_a_sentence_is_english_until_it_is_said_in_another_language():
    tag = Sentence("Uses #{tag}", tag="astro")
    posts = Counted("{count} post by {who}", "{count} posts by {who}", count=3, who="Marta")
    assert (tag, posts) == ("Uses #astro", "3 posts by Marta")
    assert (i18n.say(tag), i18n.say("Anything else")) == ("Uses #astro", "Anything else")


def test_what_people_write_is_never_taken_for_a_placeholder():
    assert Sentence("Uses #{tag}", tag="{x}") == "Uses #{x}"


@pytest.mark.parametrize("path", ["/nothing", "/topics/nothing", "/packs/make", "/search?q=a&cursor=x", "/packs/search-?lang=toolong"])  # fmt: skip
def test_an_error_page_speaks_the_language_of_its_reader(site, path):
    english = spoken(site.client.get(path, headers={"Accept": "text/html"}).text)
    german = spoken(
        site.client.get(path, headers={"Accept": "text/html", "Accept-Language": "de"}).text
    )
    assert len(english) > 1
    assert not english & german


def spoken(html):
    """The headings and sentences of a page's own part."""
    main = html[html.index("<main") : html.index("</main>")]
    return {
        text for text in re.findall(r"<(?:h1|h2|p)[^>]*>([^<]{4,})<", main) if not text.isdigit()
    }
