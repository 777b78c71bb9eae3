"""Marks the words of a search in plain text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from discover.engines.words import distance
from discover.model.query import HIGHLIGHT_END, HIGHLIGHT_START

# (folded word, start, end) with offsets in characters
Tokens = Callable[[str], Sequence[tuple[str, int, int]]]

PIECE = 300  # characters of a longer text that are shown
LEAD = 60  # of these before the first match


@dataclass(frozen=True, slots=True)
class Marker:
    """What a search matched: words with the typos forgiven in each, an unfinished word, runs."""

    tokens: Tokens
    words: dict[str, int] = field(default_factory=dict)
    prefix: str | None = None
    runs: tuple[str, ...] = ()
    seen: dict[str, bool] = field(default_factory=dict)

    def mark(self, text: str) -> str | None:
        """The text, or a piece of it around its first match; None without a match."""
        spans = [(start, end) for word, start, end in self.tokens(text) if self._matches(word)] + [
            span for run in self.runs for span in _occurrences(text, run)
        ]
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

    def _matches(self, word: str) -> bool:
        known = self.seen.get(word)
        if known is None:
            known = self.seen[word] = (
                word in self.words
                or (self.prefix is not None and word.startswith(self.prefix))
                or any(
                    typos and distance(word, want, typos) <= typos
                    for want, typos in self.words.items()
                )
            )
        return known


def _occurrences(text: str, run: str) -> list[tuple[int, int]]:
    found, at = [], text.find(run)
    while at >= 0:
        found.append((at, at + len(run)))
        at = text.find(run, at + len(run))
    return found
