"""How values read, and what remote HTML may still do on our pages (nothing)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import words

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=https://evil.example/pixel.png>",
        "<p onclick=alert(1)>x</p>",
        "<a href='javascript:alert(1)'>x</a>",
        "<p style='background:url(https://evil.example)'>x</p>",
        "<iframe src=https://evil.example></iframe>",
        "<svg onload=alert(1)>",
        "<form action=https://evil.example><input></form>",
        "<link rel=stylesheet href=https://evil.example/x.css>",
    ],
)
def test_remote_html_cannot_act_or_load(html):
    cleaned = str(words.clean(html))
    for forbidden in ("script", "onclick", "onload", "style", "src", "<svg", "<form", "<link"):
        assert forbidden not in cleaned
    assert "javascript" not in cleaned


def test_links_carry_nothing_to_the_other_side():
    cleaned = str(words.clean('<a href="https://a.example/x" target="_blank" class="u">x</a>'))
    assert 'rel="nofollow noopener noreferrer ugc"' in cleaned
    assert "target" not in cleaned
    assert "class" not in cleaned


def test_matched_words_are_marked_in_text_and_not_in_addresses():
    html = '<p>star <a href="https://star.example/star">starlight star</a></p>'
    marked = str(words.marked(html, ["a \ue000star\ue001 b"]))
    assert marked.count("<mark>star</mark>") == 3
    assert 'href="https://star.example/star"' in marked


def test_marking_never_breaks_entities():
    marked = str(words.marked("<p>amp &amp; lt &lt;b&gt;</p>", ["\ue000amp\ue001 \ue000lt\ue001"]))
    assert marked == "<p><mark>amp</mark> &amp; <mark>lt</mark> &lt;b&gt;</p>"


@given(st.text(alphabet="<>\"'&; abcp/=amp\ue000\ue001", max_size=60), st.text(max_size=10))
def test_marking_adds_nothing_but_marks(html, word):
    marked = str(words.marked(html, [f"\ue000{word}\ue001"]))
    assert marked.replace("<mark>", "").replace("</mark>", "") == str(words.clean(html))


@given(st.text(max_size=60))
def test_plain_text_is_always_escaped(text):
    shown = str(words.mark(text, f"\ue000{text}\ue001"))
    assert "<" not in shown.replace("<mark>", "").replace("</mark>", "")


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=8), "1 week ago"),
        (timedelta(days=800), "2 years ago"),
        (timedelta(days=-1), "just now"),
    ],
)
def test_times_read_roughly(back, said):
    assert words.ago(NOW - back, NOW) == said


def test_names_lose_pictures_that_are_not_loaded():
    emojis = ((":star:", "https://x/star.png"), ("cat", "https://x/cat.png"))
    assert words.without_emoji("A :star: B :cat:", emojis, "x") == "A B"
    assert words.without_emoji(":star:", emojis, "marta") == "marta"
    assert words.without_emoji(":other:", emojis, "marta") == ":other:"


@pytest.mark.parametrize(
    ("name", "letter"), [("marta", "M"), ("★ ünal", "Ü"), ("天文部", "天"), ("!!", "·"), ("", "·")]
)
def test_avatar_shows_a_letter(name, letter):
    assert words.initial(name) == letter


def test_everybody_keeps_their_colour():
    assert words.tone("A@b.example") == words.tone("a@B.example")
    assert len({words.tone(f"u{number}@x") for number in range(200)}) == words.TONES


@pytest.mark.parametrize(
    ("number", "said"), [(7, "7"), (1000, "1K"), (1240, "1.2K"), (2_000_000, "2M")]
)
def test_numbers_are_short(number, said):
    assert words.short(number) == said


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "", None, "//x.example"]
)
def test_only_web_addresses_become_links(url):
    assert words.web_url(url) is None
