"""Plain text to the HTML that servers send: paragraphs, links, hashtags, mentions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from discover.model.letters import WORD

_TOKEN = re.compile(rf"https?://[^\s<]+|@[\w.-]+@[\w.-]*\w|#[{WORD}]+")

TagLink = Callable[[str], str]


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def to_html(text: str, tag_link: TagLink, people: Mapping[str, str]) -> str:
    """`people` maps handles in the text to profile addresses; unknown handles stay text."""
    if not text:
        return ""

    def link(match: re.Match[str]) -> str:
        token = match[0]
        if token[0] == "#":
            word = token[1:]
            return (
                f'<a href="{tag_link(word)}" class="mention hashtag" rel="tag">'
                f"#<span>{word}</span></a>"
            )
        if token[0] == "@":
            href = people.get(token[1:])
            if href is None:
                return token
            short = token[1:].split("@")[0]
            return (
                f'<span class="h-card" translate="no"><a href="{href}" class="u-url mention">'
                f"@<span>{short}</span></a></span>"
            )
        return (
            f'<a href="{token}" target="_blank" rel="nofollow noopener" translate="no">{token}</a>'
        )

    marked = _TOKEN.sub(link, escape(text))
    return "<p>" + marked.replace("\n\n", "</p><p>").replace("\n", "<br />") + "</p>"
