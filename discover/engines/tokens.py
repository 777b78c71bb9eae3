"""Where words stand in a text, words being what the Tantivy collections take for one."""

from __future__ import annotations

import re
from collections.abc import Callable
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


def spans(text: str, meant: Callable[[str], bool], seen: dict[str, bool]) -> list[tuple[int, int]]:
    """Where the words stand whose folded form is meant, in characters.

    `seen` is kept from text to text: what `meant` said of each word.
    """
    if not _ALIKE.fullmatch(text):
        return [
            (one.char_offset_from, one.char_offset_to)
            for one in _analyzed(text)
            if _is_meant(one.text, one.text, meant, seen)
        ]
    any_meant = False
    for word in set(_WORD.findall(text)):
        known = seen.get(word)
        if known is None:
            known = _is_meant(word, _folded(word), meant, seen)
        any_meant = any_meant or known
    return [one.span() for one in _WORD.finditer(text) if seen[one[0]]] if any_meant else []


def _is_meant(
    word: str, folded: str | None, meant: Callable[[str], bool], seen: dict[str, bool]
) -> bool:
    if word not in seen:
        seen[word] = folded is not None and meant(folded)
    return seen[word]


def _analyzed(text: str) -> Any:
    read: Any = _ANALYZER.pre_tokenize(text)
    return read.tokens


@lru_cache(maxsize=20_000)
def _folded(word: str) -> str | None:
    """None for one that is too long to be kept."""
    return next(iter(_ANALYZER.analyze(word)), None)
