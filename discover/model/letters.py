r"""What words and hashtags are written with, as inner parts of a regular expression's [].

Python's `\w` has letters and digits only: in Devanagari, Thai, vocalised Arabic or decomposed
Latin a word would end at its first vowel sign, accent or other mark.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import chain

# Where Unicode has marks at all; a test looks at every character.
_BLOCKS = ((0x300, 0x3100), (0xA000, 0xAC00), (0xFB00, 0xFE30), (0x10000, 0x1F000))
_SELECTORS = (0xE0100, 0xE01EF)


def _marks() -> Iterator[str]:
    start = last = -1
    for code in chain.from_iterable(range(*block) for block in _BLOCKS):
        if unicodedata.category(chr(code))[0] != "M":
            continue
        if code != last + 1:
            if start >= 0:
                yield f"{chr(start)}-{chr(last)}"
            start = code
        last = code
    yield f"{chr(start)}-{chr(last)}"
    yield "-".join(map(chr, _SELECTORS))


MARKS = "".join(_marks())
# Joins letters in Sinhala or Malayalam.
_JOINER = "\u200d"
WORD = rf"\w{MARKS}{_JOINER}"
# Parts the halves of Persian compounds, which as one hashtag are one (as Mastodon reads it).
NON_JOINER = "\u200c"
# Seen by nobody: direction, soft hyphens, variants of an emoji. The joiners are not among them.
INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0100-\U000e01ef"
)
