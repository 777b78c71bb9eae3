"""What a linked page is called, in the words of those who link to it: nothing is fetched for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from html import unescape

from discover.wire.links import page_of
from discover.wire.text import html_text

LONGEST = 300
_SHORTEST = 8  # "this", "here", "link" are no titles
_ANCHOR = re.compile(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL | re.IGNORECASE)
# An address, whole or cut short, and what leads to a person or a hashtag
_NO_TITLE = re.compile(r"^[@#]|://|^[\w-]+(?:\.[\w-]+)+(?:[/?#…:]\S*)?$|^\S*…$")


def anchor_title(html: str, page: str) -> str:
    """The words that lead to this page (`links.page_of`) in a post's HTML; '' for its address."""
    for href, inner in _ANCHOR.findall(html):
        if page_of(unescape(href)) == page:
            text = " ".join(html_text(inner).split())
            if _SHORTEST <= len(text) <= LONGEST and not _NO_TITLE.search(text):
                return text
    return ""


def common_title(said: Iterable[tuple[str, str]], page: str) -> str:
    """Of (title, HTML) of posts by different people: what most of them call the page.

    A post says it by the words of its link, else by its own title (Lemmy, WordPress, PeerTube).
    Of equals the first wins; '' when nobody says it.
    """
    votes = Counter(
        called for title, html in said if (called := anchor_title(html, page) or title.strip())
    )
    return votes.most_common(1)[0][0] if votes else ""
