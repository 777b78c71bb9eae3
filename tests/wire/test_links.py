"""One spelling for one page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discover.wire.links import LONGEST, page_of


@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("https://news.example/a", "https://news.example/a"),
        ("http://News.Example:80/a#part", "https://news.example/a"),
        ("https://news.example", "https://news.example/"),
        ("https://news.example/a?utm_source=x&id=7&fbclid=y", "https://news.example/a?id=7"),
        ("https://news.example/a?b=&a=1", "https://news.example/a?b=&a=1"),
        ("https://news.example/a?si=x", "https://news.example/a"),
        ("https://news.example:8443/a", "https://news.example:8443/a"),
        (
            "https://news.example/%E3%81%82?q=%E3%81%82",
            "https://news.example/%E3%81%82?q=%E3%81%82",
        ),
        ("ftp://news.example/a", None),
        ("https://user:secret@news.example/a", None),
        ("mailto:a@news.example", None),
        (f"https://news.example/{'a' * LONGEST}", None),
    ],
)
def test_a_page_without_what_only_tells_where_the_reader_came_from(link, page):
    assert page_of(link) == page


@given(st.text(max_size=80))
def test_whatever_is_sent_a_page_stays_itself(text):
    page = page_of(f"https://news.example/{text}")
    if page is not None:
        assert page_of(page) == page
