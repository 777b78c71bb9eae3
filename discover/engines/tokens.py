"""A text's words as the Tantivy collections hold them, with their places."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from discover.engines.tantivy_schema import analyzer

_ANALYZER = analyzer()
# Letters without marks, punctuation and pictures: there Python and the analyzer agree on what a
# word is, and each word is folded once for all texts. A test asks both about every character.
_ALIKE = re.compile(
    "[\0-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u20cf\u2100-\u245f\u2500-\u2bff\ufe00-\ufe0f"
    "\U0001f300-\U0001faff]*"
)
_WORD = re.compile(r"[^\W_]+")


def tokens(text: str) -> list[tuple[str, int, int]]:
    """(folded word, start, end) with offsets in characters."""
    if not _ALIKE.fullmatch(text):
        return _analyzed(text)
    return [(word, *match.span()) for match in _WORD.finditer(text) if (word := _folded(match[0]))]


def _analyzed(text: str) -> list[tuple[str, int, int]]:
    read: Any = _ANALYZER.pre_tokenize(text)
    return [(one.text, one.char_offset_from, one.char_offset_to) for one in read.tokens]


@lru_cache(maxsize=20_000)
def _folded(word: str) -> str | None:
    """None for one that is too long to be kept."""
    return next(iter(_ANALYZER.analyze(word)), None)
