"""From a hashtag or a word to topics: the curated list, and how loosely a tag may match it.

Tags arrive folded (`wire.hashtags.fold`): NFKC, lower case, Latin letters without accents. Case
has gone by then, so `#AstroPhotography` and `#astrophotography` are one; compounds are taken
apart by the words of the list itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

from discover.model.letters import WORD
from discover.model.topics import Topic

# How surely a tag means a topic, by how it was recognised.
LISTED = 1.0
PLURAL = 0.95
DATED = 0.9  # inktober2026
COMPOUND = 0.7  # wildlifephotography: each part for itself

# A compound is taken apart only into words at least this long, and into so many at most.
SHORTEST_PART = 4
MOST_PARTS = 3
LONGEST_COMPOUND = 40
# A word of a bio counts from this length on; in other scripts words are shorter.
SHORTEST_WORD = 4
SHORTEST_FOREIGN_WORD = 2
# Words of a bio that are looked at together: "open source" is #opensource.
LONGEST_PHRASE = 3
# Letters of a word in a script without spaces.
LONGEST_UNSPACED = 12

# Autocompletion forgives one wrong letter from this length on.
TYPO_FROM = 4
# A search takes a word of this length with one wrong letter for a topic's name.
GUESSED_FROM = 5

_YEAR = re.compile(r"(?<=\D)(?:19|20)?\d\d$")
_WORD = re.compile(f"[{WORD}]+")
_ARABIC = str.maketrans("أإآٱىة", "اااايه", "\u0640" + "".join(map(chr, range(0x64B, 0x653))))
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff々ー]+")

Match = tuple[str, float]  # topic id, how surely (0..1)


def key(folded: str) -> str:
    """Under which a folded tag is looked up: Arabic letters unified, no underscores."""
    plain = folded.replace("_", "")
    if plain.isascii():
        return plain
    return unicodedata.normalize("NFC", plain.translate(_ARABIC))


class Catalogue:
    """The curated topics, and what leads to them. Immutable; made once and shared.

    `modifiers` are words that may stand in a compound and mean no topic themselves ("lovers",
    "daily"); `generic` are tags that stand beside everything and are never grown; `ambiguous` are
    words that mean their topic as a hashtag only.
    """

    def __init__(
        self,
        topics: Iterable[Topic],
        fold: Callable[[str], str],
        *,
        modifiers: Iterable[str] = (),
        generic: Iterable[str] = (),
        ambiguous: Iterable[str] = (),
    ) -> None:
        self.topics: dict[str, Topic] = {topic.id: topic for topic in topics}
        self.modifiers = frozenset(key(fold(word)) for word in modifiers)
        self.generic = frozenset(key(fold(word)) for word in generic)
        self.ambiguous = frozenset(key(fold(word)) for word in ambiguous)
        self._fold = fold
        found: dict[str, dict[str, float]] = {}
        for topic in self.topics.values():
            for tag in _own_tags(topic, fold):
                found.setdefault(key(tag), {})[topic.id] = LISTED
        self._by_tag: dict[str, tuple[Match, ...]] = {
            tag: tuple(matches.items()) for tag, matches in found.items()
        }
        self._known: dict[str, tuple[Match, ...]] = {}

    def __len__(self) -> int:
        return len(self.topics)

    def by_id(self, topic_id: str) -> Topic | None:
        return self.topics.get(topic_id)

    def children(self, topic_id: str) -> tuple[str, ...]:
        return self._children.get(topic_id, ())

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for topic in self.topics.values():
            if topic.parent:
                found.setdefault(topic.parent, []).append(topic.id)
        return {parent: tuple(ids) for parent, ids in found.items()}

    def ancestors(self, topic_id: str) -> tuple[str, ...]:
        """Parents upwards, the nearest first."""
        found: list[str] = []
        topic = self.topics.get(topic_id)
        while topic is not None and topic.parent and topic.parent not in found:
            found.append(topic.parent)
            topic = self.topics.get(topic.parent)
        return tuple(found)

    def tags(self, topic_id: str) -> tuple[str, ...]:
        """Every folded hashtag that the list names for a topic, in all its languages."""
        topic = self.topics.get(topic_id)
        return () if topic is None else _own_tags(topic, self._fold)

    def words(self, topic_id: str) -> tuple[str, ...]:
        """The topic's names in all languages, as a search looks for them."""
        topic = self.topics.get(topic_id)
        return () if topic is None else tuple(dict.fromkeys(topic.names.values()))

    def is_generic(self, tag: str) -> bool:
        """Does this folded tag stand beside everything and tell nothing?"""
        return key(tag) in self.generic

    # Recognising

    def match(self, tag: str) -> tuple[Match, ...]:
        """The topics that a folded hashtag leads to; () for one that the list knows nothing of."""
        known = self._known.get(tag)
        if known is None:
            if len(self._known) > 50_000:  # tags are strangers' words: no memory without an end
                self._known.clear()
            known = self._known[tag] = self._match(key(tag))
        return known

    def _match(self, tag: str) -> tuple[Match, ...]:
        if tag in self.generic:
            return ()
        if found := self._by_tag.get(tag):
            return found
        for variant in _singulars_and_plurals(tag):
            if found := self._by_tag.get(variant):
                return _surely(found, PLURAL)
        undated = _YEAR.sub("", tag)
        if undated != tag and len(undated) >= SHORTEST_PART:
            return _surely(self._match(undated), DATED)
        return self._compound(tag)

    def _compound(self, tag: str) -> tuple[Match, ...]:
        if not (2 * SHORTEST_PART <= len(tag) <= LONGEST_COMPOUND and tag.isalpha()):
            return ()
        parts = self._split(tag, MOST_PARTS)
        found: dict[str, float] = {}
        for part in parts or ():
            for topic, _ in self._part(part) or ():
                found[topic] = COMPOUND
        return tuple(found.items())

    def _split(self, tag: str, most: int) -> tuple[str, ...] | None:
        """Into known words, the longest first; None when something unknown would be left."""
        if len(tag) >= SHORTEST_PART and self._part(tag) is not None:
            return (tag,)
        if most < 2:
            return None
        for length in range(len(tag) - SHORTEST_PART, SHORTEST_PART - 1, -1):
            if self._part(tag[:length]) is not None:
                rest = self._split(tag[length:], most - 1)
                if rest is not None:
                    return (tag[:length], *rest)
        return None

    def _part(self, word: str) -> tuple[Match, ...] | None:
        """What a part of a compound means: () for a mere modifier, None for an unknown word."""
        if found := self._by_tag.get(word):
            return found
        return () if word in self.modifiers else None

    def in_text(self, text: str) -> dict[str, tuple[Match, ...]]:
        """Words of running text (a bio) that are listed, folded, with their topics."""
        found: dict[str, tuple[Match, ...]] = {}
        words = [key(self._fold(word)) for word in _WORD.findall(text)]
        for start in range(len(words)):
            for length in range(LONGEST_PHRASE, 0, -1):
                phrase = "".join(words[start : start + length])
                if start + length <= len(words) and self._is_word(phrase):
                    found[phrase] = self._by_tag[phrase]
                    break
        for run in _UNSPACED.findall(unicodedata.normalize("NFKC", text)):
            for word in self._words_of(run):
                found[word] = self._by_tag[word]
        return found

    def _words_of(self, run: str) -> Iterator[str]:
        """Listed words of a script without spaces: the longest first, none within another."""
        start = 0
        while start < len(run):
            for end in range(min(len(run), start + LONGEST_UNSPACED), start + 1, -1):
                if run[start:end] in self._by_tag and run[start:end] not in self.ambiguous:
                    yield run[start:end]
                    start = end - 1
                    break
            start += 1

    def _is_word(self, phrase: str) -> bool:
        shortest = SHORTEST_WORD if phrase.isascii() else SHORTEST_FOREIGN_WORD
        return len(phrase) >= shortest and phrase in self._by_tag and phrase not in self.ambiguous

    # Finding by name

    def languages_of(self, tag: str, topics: Iterable[str]) -> set[str]:
        """The languages in which a folded tag is a name or a hashtag of any of the topics."""
        found: set[str] = set()
        for topic in filter(None, map(self.topics.get, topics)):
            found |= {
                language for language, name in topic.names.items() if self._joined(name) == tag
            }
            found |= {language for language, tags in topic.hashtags.items() if tag in tags}
        return found

    def misspelt(self, tag: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The listed tags that a folded word is but for one letter, and their topics; nothing when
        there is none, or they mean different things. The first letter is always right.
        """
        if len(tag) < GUESSED_FROM:
            return (), ()
        wanted = key(tag)
        near = [
            known
            for length in (len(wanted) - 1, len(wanted), len(wanted) + 1)
            for known in self._spelt.get((wanted[:1], length), ())
            # Whatever the one letter is, the second or the last stays: nearly all end here.
            if (known[1:2] == wanted[1:2] or known[-1:] == wanted[-1:])
            and one_letter_off(wanted, known)
        ]
        meant = {tuple(topic for topic, _ in self._by_tag[known]) for known in near}
        return (tuple(near), meant.pop()) if len(meant) == 1 else ((), ())

    @cached_property
    def _spelt(self) -> dict[tuple[str, int], list[str]]:
        """Listed tags by first letter and length."""
        found: dict[tuple[str, int], list[str]] = {}
        for tag in self._by_tag:
            found.setdefault((tag[:1], len(tag)), []).append(tag)
        return found

    def _joined(self, name: str) -> str:
        return self._fold("".join(_WORD.findall(name)))

    def search(self, text: str, limit: int = 10) -> tuple[Topic, ...]:
        """Topics by a name or hashtag in any language, best first; a typo is forgiven.

        A whole name goes before the beginning of one, names before hashtags, and misspelt ones
        come last.
        """
        wanted = key(self._fold("".join(_WORD.findall(text))))
        if not wanted:
            return ()
        ranked: dict[str, tuple[int, int]] = {}
        for name, place, topic_id in self._names:
            if name == wanted:
                rank = 0
            elif name.startswith(wanted):
                rank = 2
            elif len(wanted) >= TYPO_FROM and wanted in name:
                rank = 4
            elif len(wanted) >= TYPO_FROM and one_typo(wanted, name):
                rank = 6
            else:
                continue
            better = (rank + place, len(name))
            if topic_id not in ranked or better < ranked[topic_id]:
                ranked[topic_id] = better
        best = sorted(ranked, key=lambda topic_id: (*ranked[topic_id], topic_id))
        return tuple(self.topics[topic_id] for topic_id in best[:limit])

    @cached_property
    def _names(self) -> tuple[tuple[str, int, str], ...]:
        """Each name (place 0) and each hashtag (place 1) with its topic."""
        found: dict[tuple[str, str], int] = {}
        for topic in self.topics.values():
            for tag in _own_tags(topic, self._fold):
                found[key(tag), topic.id] = 1
            for name in (*topic.names.values(), topic.id):
                found[key(self._fold("".join(_WORD.findall(name)))), topic.id] = 0
        return tuple((name, place, topic_id) for (name, topic_id), place in found.items() if name)


def _own_tags(topic: Topic, fold: Callable[[str], str]) -> tuple[str, ...]:
    """Its hashtags, and its names written as one."""
    tags = [tag for some in topic.hashtags.values() for tag in some]
    tags += [fold("".join(_WORD.findall(name))) for name in topic.names.values()]
    return tuple(dict.fromkeys(filter(None, tags)))


def _surely(found: Sequence[Match], share: float) -> tuple[Match, ...]:
    return tuple((topic, share * sure) for topic, sure in found)


def _singulars_and_plurals(tag: str) -> list[str]:
    """Of Latin words that are long enough for an s to be an ending."""
    if len(tag) < SHORTEST_PART + 1 or not tag.isascii():
        return []
    variants = [f"{tag}s"]
    if tag.endswith("ies"):
        variants.append(f"{tag[:-3]}y")
    if tag.endswith("es"):
        variants.append(tag[:-2])
    if tag.endswith("s") and not tag.endswith("ss"):
        variants.append(tag[:-1])
    if tag.endswith("y"):
        variants.append(f"{tag[:-1]}ies")
    return variants


def one_letter_off(typed: str, name: str) -> bool:
    """Does one letter, not the first, tell them apart: wrong, missing, extra, swapped?"""
    place = next(
        (i for i, (a, b) in enumerate(zip(typed, name, strict=False)) if a != b),
        min(len(typed), len(name)),
    )
    left, right = typed[place:], name[place:]
    return (
        place > 0
        and (
            left[1:] == right  # an extra letter
            or right[1:] == left  # a missing one
            or left[1:] == right[1:]  # a wrong one
            or (left[:2] == right[1::-1] and left[2:] == right[2:])  # swapped
        )
    )


def one_typo(typed: str, name: str) -> bool:
    """Is `typed` the name or its beginning but for one letter (wrong, missing, extra, swapped)?"""
    place = next(
        (i for i, (a, b) in enumerate(zip(typed, name, strict=False)) if a != b),
        min(len(typed), len(name)),
    )
    left, right = typed[place:], name[place:]
    return (
        right.startswith(left[1:])  # an extra letter
        or right[1:].startswith(left)  # a missing one
        or right[1:].startswith(left[1:])  # a wrong one
        or (len(right) > 1 and (right[1] + right[0] + right[2:]).startswith(left))  # swapped
    )
