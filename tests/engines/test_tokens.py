"""Words for marking, found fast, are the words that the index holds."""

from __future__ import annotations

import sys

import pytest

from discover.engines.tantivy_schema import LONGEST_WORD
from discover.engines.tokens import _ALIKE, _analyzed, spans

Found = tuple[list[tuple[int, int]], set[str]]


def found(text: str) -> Found:
    words: set[str] = set()

    def heard(word: str) -> bool:
        words.add(word)
        return True

    return spans(text, heard, {}), words


def held(text: str) -> Found:
    words = _analyzed(text)
    places = [(one.char_offset_from, one.char_offset_to) for one in words]
    return places, {one.text for one in words}


def test_every_character_ends_or_joins_a_word_as_it_does_in_the_index() -> None:
    texts = [
        f"ab{chr(code)}Cd {chr(code)}x"
        for code in range(sys.maxunicode + 1)
        if _ALIKE.fullmatch(chr(code))
    ]
    assert len(texts) > 5000
    assert [text for text in texts if found(text) != held(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Zürich, STRASSE und Straße – „grün“!",
        "Привет, Ёлка; Ελλάδα & Ωmega",
        "snake_case and e-mail@example.org 42²",
        f"{'a' * (LONGEST_WORD - 1)} {'b' * LONGEST_WORD} {'ß' * LONGEST_WORD}",
        "ce\u0301dille in two characters",
        "हिन्दी में लिखना",
        "日本語のテキスト",
        "",
    ],
)
def test_words_and_their_places_are_those_of_the_index(text: str) -> None:
    assert found(text) == held(text)


def test_only_words_that_are_meant_are_marked_and_each_is_looked_at_once() -> None:
    asked: list[str] = []

    def meant(word: str) -> bool:
        asked.append(word)
        return word == "zurich"

    seen: dict[str, bool] = {}
    assert spans("Zürich, see Zürich", meant, seen) == [(0, 6), (12, 18)]
    assert spans("see the sea", meant, seen) == []
    assert sorted(asked) == ["sea", "see", "the", "zurich"]
