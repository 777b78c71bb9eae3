"""Words as both sides of a search see them: folded, and in pairs of characters where a script
writes no spaces.

Pure; the same functions prepare what is indexed and what is asked.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

# Thai, Lao, Myanmar, Khmer; kana, ideographs (with extensions) and Hangul, whose particles
# cling to the words.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U000323af]+"
)


def compose(text: str) -> str:
    """NFC, so that a letter and its accent are one character wherever they can be."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def runs(text: str) -> list[str]:
    """The stretches of text in scripts without spaces, widths and voicing marks unified."""
    if text.isascii():
        return []
    return _UNSPACED.findall(unicodedata.normalize("NFKC", text))


def without_runs(text: str) -> str:
    """What is left for an ordinary tokenizer."""
    return text if text.isascii() else _UNSPACED.sub(" ", unicodedata.normalize("NFKC", text))


def grams(run: str) -> list[str]:
    """Pairs of neighbours, then the last character: a prefix search finds each character."""
    return [first + second for first, second in pairwise(run)] + [run[-1]]


def gram_text(*texts: str) -> str:
    """The pairs of all runs, separated by spaces; '' for most texts."""
    return " ".join(gram for text in texts for run in runs(text) for gram in grams(run))


def misspelt(word: str, want: str, most: int) -> bool:
    """Is it `want` with at most so many wrong letters? A wrong first one counts as two."""
    wrong = distance(word, want, most)
    return wrong + (wrong > 0 and word[:1] != want[:1]) <= most


def distance(left: str, right: str, most: int) -> int:
    """Letters inserted, removed, changed or swapped with a neighbour; `most + 1` if more."""
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        before, last, row = row, before, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and b == left[i - 2]:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
