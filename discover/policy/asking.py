"""What somebody asks for who types words: the topics that these name, however they are put.

"people who love astronomy" is astronomy, asked in English; "astronmy" is astronomy with a letter
missing. Anything that is not understood makes the whole an ordinary search for words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from discover.model.letters import WORD
from discover.policy.topics import LONGEST_PHRASE, Catalogue, key

SURELY = 0.9  # listed, a plural, or with a year behind it
MOST_LANGUAGES = 4  # a name that more languages share tells nothing about the one who asks
MOST_TOPICS = 3  # who names more asks for words

_WORD = re.compile(f"[{WORD}]+")
_KANA = re.compile("[\u3041-\u309f]+")  # particles and endings
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff々ー]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """`words` are those that name the topics, without the ones around them. `guessed`: a letter
    was forgiven, so whoever writes the word as typed is meant first.
    """

    topics: tuple[str, ...]
    languages: tuple[str, ...]  # of the one who asks, as far as the words tell
    words: str
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class _Named:
    """Words as typed, and the tags (more than one if guessed) and topics that they may mean."""

    tags: tuple[str, ...]
    typed: str
    topics: tuple[str, ...]


class Asking:
    """`around`: by language, the words with which people ask (discover/topics/asking.toml)."""

    def __init__(
        self,
        catalogue: Catalogue,
        fold: Callable[[str], str],
        around: Mapping[str, Collection[str]],
    ) -> None:
        self._catalogue, self._fold = catalogue, fold
        self._around: dict[str, set[str]] = {}
        for language, words in around.items():
            for word in words:
                self._around.setdefault(key(fold(word)), set()).add(language)

    def read(self, text: str) -> Asked | None:
        """None when the words name no topic, or say more than that."""
        words = _WORD.findall(text)
        whole = self._meant("".join(words))
        if whole:
            return self._asked([_Named(("".join(words),), text.strip(), whole)], Counter())
        named: list[_Named] = []
        around: Counter[str] = Counter()
        guessed = False
        place = 0
        while place < len(words):
            taken = self._phrase(words[place : place + LONGEST_PHRASE])
            if taken:
                named.append(taken[0])
                place += taken[1]
                continue
            word = words[place]
            place += 1
            if languages := self._around.get(self._key(word)):
                around.update(languages)
            elif inside := self._inside(word):
                named += inside
                around.update(("ja",))
            else:
                near, topics = self._catalogue.misspelt(self._fold(word))
                if not near:
                    return None
                named.append(_Named(near, word, topics))
                guessed = True
        if not 0 < len(named) <= MOST_TOPICS:
            return None
        return self._asked(named, around, guessed=guessed)

    def _key(self, word: str) -> str:
        return key(self._fold(word))

    def _meant(self, word: str) -> tuple[str, ...]:
        matches = self._catalogue.match(self._fold(word))
        return tuple(topic for topic, sure in matches if sure >= SURELY)

    def _phrase(self, words: list[str]) -> tuple[_Named, int] | None:
        """The longest name that the words begin with, and how many words it has."""
        for length in range(len(words), 0, -1):
            some = words[:length]
            if all(self._key(word) in self._around for word in some):
                continue  # "fans" is no topic among other words
            if topics := self._meant("".join(some)):
                return _Named(("".join(some),), " ".join(some), topics), length
        return None

    def _inside(self, run: str) -> list[_Named]:
        """Names within a run of a script without spaces, if nothing else is said in it."""
        if not _UNSPACED.fullmatch(run):
            return []
        found = self._catalogue.in_text(run)
        rest = run
        for word in (*found, *sorted(self._around, key=len, reverse=True)):
            rest = rest.replace(word, " ")
        if _KANA.sub("", rest).strip():
            return []
        return [
            _Named((word,), word, tuple(one for one, _ in some)) for word, some in found.items()
        ]

    def _asked(
        self, named: Sequence[_Named], around: Counter[str], *, guessed: bool = False
    ) -> Asked:
        topics = tuple(dict.fromkeys(topic for one in named for topic in one.topics))
        spoken = [self._languages(one) for one in named]
        languages = set.intersection(*spoken) or set.union(*spoken)
        most = max(around.values(), default=0)
        asking = {language for language, number in around.items() if number == most}
        if asking and not languages & asking:
            languages = asking
        elif asking:
            languages &= asking
        if len(languages) > MOST_LANGUAGES:
            languages = set()
        words = " ".join(one.typed for one in named)
        return Asked(topics, tuple(sorted(languages)), words, guessed)

    def _languages(self, named: _Named) -> set[str]:
        """In which of their languages the topics are called so."""
        return {
            language
            for tag in named.tags
            for language in self._catalogue.languages_of(self._fold(tag), named.topics)
        }
