"""What a linked page is called, in the words of those who link to it: nothing is fetched for it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Said:
    """What one post says of the pages that it links to; `attached`: addresses and titles."""

    title: str
    html: str
    attached: tuple[tuple[str, str], ...] = ()

    def called(self, page: str) -> str:
        for url, name in self.attached:
            if page_of(url) == page and not _NO_TITLE.search(name):
                return name[:LONGEST]
        return anchor_title(self.html, page) or self.title.strip()


def common_title(said: Iterable[Said], page: str) -> str:
    """Of posts by different people: what most of them call the page.

    A post says it by the title of what is attached to it, else by the words of its link, else by
    its own title (Lemmy, WordPress, PeerTube). Of equals the first wins; '' when nobody says it.
    """
    votes = Counter(called for one in said if (called := one.called(page)))
    return votes.most_common(1)[0][0] if votes else ""
