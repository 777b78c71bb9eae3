"""Words that name a topic are understood however they are put; anything else stays words."""

from __future__ import annotations

import pytest

from discover.services.topics.catalogue import catalogue, read_telling, telling
from discover.services.topics.search import named


@pytest.mark.parametrize(
    ("typed", "topics", "languages", "words"),
    [
        ("astronomy", ("astronomy",), ("en",), "astronomy"),
        ("people who love astronomy", ("astronomy",), ("en",), "astronomy"),
        ("Leute, die Brettspiele mögen", ("board-games",), ("de",), "Brettspiele"),
        ("des gens qui aiment linux", ("linux",), ("fr",), "linux"),
        ("ludzie, którzy lubią koty", ("cats",), ("pl",), "koty"),
        ("天文が好きな人", ("astronomy",), ("ja",), "天文"),
        ("astronomy photography", ("astronomy", "photography"), ("en",), "astronomy photography"),
    ],
)
def test_topic_is_understood_within_a_sentence(typed, topics, languages, words):
    asked = named(typed)
    assert asked is not None
    assert (asked.topics, asked.languages, asked.words) == (topics, languages, words)
    assert not asked.guessed


@pytest.mark.parametrize("typed", ["astronmy", "astornomy", "people who love astronnomy"])
def test_one_letter_of_a_name_may_be_wrong(typed):
    asked = named(typed)
    assert asked is not None
    assert asked.guessed
    assert asked.topics == ("astronomy",)


@pytest.mark.parametrize(
    "typed", ["", "hello world", "people", "the moon and telescopes", "qstronomy", "bxrd", "!?"]
)
def test_what_says_more_or_nothing_stays_words(typed):
    assert named(typed) is None


def test_gastronomy_is_not_astronomy():
    asked = named("gastronomía")
    assert asked is None or "astronomy" not in asked.topics


@pytest.mark.parametrize(
    ("text", "language", "topics"),
    [
        ("The patients were vaccinated in the hospital", "en", {"health"}),
        ("Badacze ogłosili wyniki eksperymentów w laboratorium", "pl", {"science"}),
        ("الرئيس والبرلمان والانتخابات", "ar", {"politics"}),
        ("大統領の選挙と議会", "ja", {"politics"}),
        ("Wir schwammen im See", "de", {"geography"}),
        ("I see you", "en", set()),
        ("Wir schwammen im See", "und", set()),
    ],
)
def test_running_text_tells_what_it_is_about_in_its_language(text, language, topics):
    assert telling().of(text, language) == topics


def test_telling_words_name_topics_of_the_list():
    assert set(read_telling()) <= set(catalogue().topics)
