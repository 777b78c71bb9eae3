"""Marks the words of a search in plain text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from discover.engines.words import misspelt
from discover.model.query import HIGHLIGHT_END, HIGHLIGHT_START

# See discover.engines.tokens.spans
Spans = Callable[[str, Callable[[str], bool], dict[str, bool]], list[tuple[int, int]]]

PIECE = 300  # characters of a longer text that are shown
LEAD = 60  # of these before the first match


@dataclass(frozen=True, slots=True)
class Marker:
    """What a search matched: words with the typos forgiven in each, an unfinished word, runs."""

    spans: Spans
    words: dict[str, int] = field(default_factory=dict)
    prefix: str | None = None
    runs: tuple[str, ...] = ()
    seen: dict[str, bool] = field(default_factory=dict)

    def mark(self, text: str) -> str | None:
        """The text, or a piece of it around its first match; None without a match."""
        spans = self._words_in(text)
        spans += [span for run in self.runs for span in _occurrences(text, run)]
        if not spans:
            return None
        spans.sort()
        first, last = 0, len(text)
        if last > PIECE:
            first = max(0, min(spans[0][0] - LEAD, last - PIECE))
            last = first + PIECE
        pieces, at = [], first
        for start, end in spans:
            if start < at or end > last:
                continue
            pieces += [text[at:start], HIGHLIGHT_START, text[start:end], HIGHLIGHT_END]
            at = end
        return "".join([*pieces, text[at:last]])

    def _words_in(self, text: str) -> list[tuple[int, int]]:
        if text.isascii() and not any(self.words.values()):
            # Folding is lower(), and no typo is forgiven: a pattern does, at a tenth of the time.
            pattern = _pattern(tuple(self.words), self.prefix)
            return [found.span() for found in pattern.finditer(text.lower())]
        return self.spans(text, self._matches, self.seen)

    def _matches(self, word: str) -> bool:
        return (
            word in self.words
            or (self.prefix is not None and word.startswith(self.prefix))
            or any(typos and misspelt(word, want, typos) for want, typos in self.words.items())
        )


@lru_cache(maxsize=256)
def _pattern(words: tuple[str, ...], prefix: str | None) -> re.Pattern[str]:
    """Whole words of letters and digits, or those that begin with the prefix."""
    wanted = [re.escape(word) for word in words]
    if prefix is not None:
        wanted.append(re.escape(prefix) + "[a-z0-9]*")
    wanted.sort(key=len, reverse=True)
    return re.compile(f"(?<![a-z0-9])(?:{'|'.join(wanted) or '(?!)'})(?![a-z0-9])")


def _occurrences(text: str, run: str) -> list[tuple[int, int]]:
    found, at = [], text.find(run)
    while at >= 0:
        found.append((at, at + len(run)))
        at = text.find(run, at + len(run))
    return found
