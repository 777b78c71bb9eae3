"""What a running text is about, by beginnings of words that tell of a topic (topics/telling.toml).

A text is of one language: German "See" is a lake, English "see" is none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping

from discover.policy.topics import key

SHORTEST_BEGINNING = 4  # letters; shorter words must stand as they are
SHORTEST_FOREIGN = 3  # in other than Latin letters
SHORTEST_INSIDE = 2  # of a script without spaces, anywhere in the text

_WORD = re.compile(r"[^\W\d_]{2,}")
_ARTICLE = re.compile("^(?:[وبكف]?ال|لل)(?=.{2})")
_UNSPACED = frozenset(("ja", "zh"))


class Telling:
    """`words`: by topic and language, beginnings of words with spaces between them."""

    def __init__(self, words: Mapping[str, Mapping[str, str]], fold: Callable[[str], str]) -> None:
        self._fold = fold
        self._topics: dict[str, dict[str, list[str]]] = {}  # language, beginning, topics
        for topic, told in words.items():
            for language, beginnings in told.items():
                known = self._topics.setdefault(language, {})
                for one in beginnings.split():
                    known.setdefault(key(fold(one)), []).append(topic)

    def of(self, text: str, language: str) -> set[str]:
        """The topics that the most words tell of; none without such a word, or in a language that
        is not known (`language`: primary subtag).
        """
        known = self._topics.get(language)
        if not known:
            return set()
        found: Counter[str] = Counter()
        for beginning in self._inside(text, known) if language in _UNSPACED else ():
            found.update(known[beginning])
        if language not in _UNSPACED:
            for word in set(_WORD.findall(text)):
                found.update(self._begins(key(self._fold(word)), known))
        most = max(found.values(), default=0)
        return {topic for topic, number in found.items() if number == most}

    @staticmethod
    def _inside(text: str, known: Mapping[str, list[str]]) -> list[str]:
        return [one for one in known if len(one) >= SHORTEST_INSIDE and one in text]

    @staticmethod
    def _begins(word: str, known: Mapping[str, list[str]]) -> list[str]:
        """The topics of the longest beginning of a word."""
        shortest = SHORTEST_BEGINNING
        if not word.isascii():
            word, shortest = _ARTICLE.sub("", word), SHORTEST_FOREIGN
        if word in known:
            return known[word]
        for length in range(len(word) - 1, shortest - 1, -1):
            if topics := known.get(word[:length]):
                return topics
        return []
