"""What a page is called by those who link to it."""

from __future__ import annotations

import pytest

from discover.wire.link_titles import Said, anchor_title, common_title

PAGE = "https://news.example/story"


@pytest.mark.parametrize(
    ("html", "title"),
    [
        (f'<p>Read <a href="{PAGE}">How lighthouses work</a>!</p>', "How lighthouses work"),
        (f'<a href="{PAGE}?utm_source=x" rel="nofollow">How <b>it</b> works</a>', "How it works"),
        (f'<a rel="ugc" href="{PAGE}">Fish &amp; chips</a>', "Fish & chips"),
        (f'<a href="{PAGE}">{PAGE}</a>', ""),
        (f'<a href="{PAGE}">news.example/story</a>', ""),
        (f'<a href="{PAGE}">news.example/sto…</a>', ""),
        (f'<a href="{PAGE}">news.example</a>', ""),
        (f'<a href="{PAGE}">#story</a>', ""),
        (f'<a href="{PAGE}">@ada</a>', ""),
        (f'<a href="{PAGE}">this</a>', ""),
        ('<a href="https://news.example/other">Another story</a>', ""),
        ("How lighthouses work", ""),
    ],
)
def test_the_words_of_a_link_are_its_title_unless_they_are_its_address(html, title):
    assert anchor_title(html, PAGE) == title


def test_what_most_people_call_it_wins_over_one_who_calls_it_otherwise():
    link = '<a href="https://news.example/story">{}</a>'
    said = [
        Said("", link.format("You will not believe this")),
        Said("", link.format("How lighthouses work")),
        Said("How lighthouses work", link.format("news.example/story")),
        Said("", link.format("news.example/story")),
    ]
    assert common_title(said, PAGE) == "How lighthouses work"
    assert common_title(said[3:], PAGE) == ""


def test_the_title_of_an_attachment_goes_before_the_words_of_a_link():
    link = f'<a href="{PAGE}">Read all about it</a>'
    said = Said("My post", link, ((f"{PAGE}?utm_source=x", "How lighthouses work"),))
    assert common_title([said], PAGE) == "How lighthouses work"
    assert common_title([Said("", link, ((PAGE, "news.example/story"),))], PAGE) == (
        "Read all about it"
    )
    assert common_title([Said("", link, (("https://x.example/", "Another"),))], PAGE) == (
        "Read all about it"
    )
