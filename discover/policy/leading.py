"""What people say first: what a profile leads with, and what its words mean.

What words mean is learnt from whoever writes them: a word that people of one topic write, and
hardly anybody else, tells of that topic, whatever the language. A bio says first what its author
is most about, so each further sentence, hashtag and emoji counts less.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from discover.model.letters import MARKS, NON_JOINER, WORD

# Each further sentence, hashtag or emoji of a profile counts this share of the one before it.
LATER = 0.3
# So many different hashtags are stuffing: they lead nowhere.
MOST_TAGS = 8
MOST_LEADING = 4  # topics that somebody leads with
MOST_MEANINGS = 4  # topics of one word
# A word means a topic when its writers are about it so much more than everybody (0..1) …
LEAST_LIFT = 0.2
# … if so many people write it; of fewer it is chance. So many more are thought not to be about it.
TELLING_PEOPLE = 3
DOUBT = 1

_ADDRESS = re.compile(r"https?://\S+|\S+@\S+")
_HASHTAG = re.compile(rf"[#＃][{WORD}{NON_JOINER}]+")
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？])|\s+[|·•—–/]\s+|\n+")
_UNSPACED = "぀-ヿ一-鿿฀-๿"
_TOKEN = re.compile(
    rf"(?:(?![{_UNSPACED}])[^\W\d_][{MARKS}]*){{3,30}}|[ァ-ヺー]{{3,12}}|[{_UNSPACED}]{{2,}}"
    "|[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]"
)
_KATAKANA = re.compile("[ァ-ヺー]{3,12}")
_RUN = re.compile(f"[{_UNSPACED}]{{2,}}")

Meanings = Mapping[str, float]  # topic -> how much, 0..1


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence, hashtag or emoji of a profile. `place` counts those of its kind before it."""

    place: int
    tokens: tuple[str, ...]
    text: str = ""  # a sentence without its hashtags
    tag: str = ""  # folded


def tokens(text: str) -> list[str]:
    """Words in lower case, emoji, and pairs of characters where no spaces are put; no addresses."""
    found: list[str] = []
    for one in _TOKEN.findall(_ADDRESS.sub(" ", _HASHTAG.sub(" ", text.lower()))):
        if _RUN.fullmatch(one) and not _KATAKANA.fullmatch(one):
            found += [one[place : place + 2] for place in range(len(one) - 1)]
        else:
            found.append(one)
    return found


def tag_token(tag: str) -> str:
    """A hashtag (folded) among words."""
    return f"#{tag}"


def sentences(text: str) -> list[str]:
    return [one for one in _SENTENCE.split(text) if one and not one.isspace()]


def parts(bio: str, tags: Sequence[str], featured: Sequence[str]) -> list[Part]:
    """`tags`: hashtags of the bio; both are folded and in order."""
    found: list[Part] = []
    place = emoji = 0
    for sentence in sentences(bio):
        every = tokens(sentence)
        signs = [one for one in every if _is_emoji(one)]
        words = tuple(one for one in every if not _is_emoji(one))
        if words:
            found.append(Part(place, words, _HASHTAG.sub(" ", sentence)))
            place += 1
        for sign in signs:
            found.append(Part(emoji, (sign,)))
            emoji += 1
    for some in (tags, featured):
        if len(some) <= MOST_TAGS:
            found += [Part(at, (tag_token(tag),), tag=tag) for at, tag in enumerate(some)]
    return found


def leading(
    said: Iterable[Part],
    meanings: Callable[[str], Meanings],
    listed: Callable[[Part], Iterable[tuple[str, float]]],
) -> dict[str, float]:
    """Topics that a profile leads with, of unit length together; {} when it tells of none.

    `meanings` of a token are learnt, the topics that are `listed` for a part are curated.
    """
    found: dict[str, float] = defaultdict(float)
    for part in said:
        told: dict[str, float] = defaultdict(float)
        for token in set(part.tokens):
            _add(told, meanings(token))
        for topic, sure in listed(part):
            told[topic] += sure
        for topic, weight in _unit(told).items():
            found[topic] += LATER**part.place * weight
    heaviest = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_LEADING]
    return _unit(dict(heaviest))


def by_place(bio: str, words_of: Callable[[str], Collection[str]]) -> dict[str, float]:
    """Words of a bio, and how much each counts (0..1) by the sentence it stands in."""
    found: dict[str, float] = {}
    for place, sentence in enumerate(sentences(bio)):
        for word in words_of(sentence):
            found.setdefault(word, LATER**place)
    return found


class Learning:
    """Learns of people of one language what their words mean. Tell everybody twice: which words
    several people write is known only after the first time.
    """

    def __init__(self) -> None:
        self._people: Counter[str] = Counter()
        self._everybody = 0
        self._about: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._base: dict[str, float] = defaultdict(float)

    def count(self, words: Collection[str]) -> None:
        self._people.update(words)

    def add(self, words: Iterable[str], topics: Meanings) -> None:
        """`topics`: what the one who writes these words is about, 0..1 each."""
        self._everybody += 1
        _add(self._base, topics)
        for word in words:
            if self._people[word] >= TELLING_PEOPLE:
                _add(self._about[word], topics)

    def learnt(self) -> Iterator[tuple[str, dict[str, float]]]:
        """Words that tell of topics, with the topics."""
        for word, about in self._about.items():
            people = self._people[word] + DOUBT
            lifts = {
                topic: lift
                for topic, weight in about.items()
                if (lift := weight / people - self._base[topic] / self._everybody) > LEAST_LIFT
            }
            best = sorted(lifts.items(), key=lambda item: (-item[1], item[0]))[:MOST_MEANINGS]
            if best:
                yield word, dict(best)


def _is_emoji(token: str) -> bool:
    return "\u2600" <= token[0] <= "\u2bff" or token[0] >= "\U0001f300"


def _add(into: dict[str, float], more: Meanings) -> None:
    for name, weight in more.items():
        into[name] += weight


def _unit(weights: Meanings) -> dict[str, float]:
    length = math.sqrt(sum(weight * weight for weight in weights.values()))
    return {name: weight / length for name, weight in weights.items()} if length else {}
