"""The curated list is whole and says nothing twice; tags lead where people mean them to."""

from __future__ import annotations

from itertools import combinations

import pytest

from discover.policy.topic_growth import Beside, grown, relatives
from discover.policy.topics import key
from discover.services.topics.catalogue import catalogue
from discover.wire.hashtags import fold

TEN = {"en", "de", "fr", "es", "pt", "it", "pl", "nl", "ja", "ar"}
# Tags that two topics share although they are no relatives.
SHARED: set[str] = set()


def leads_to(tag: str) -> set[str]:
    return {topic for topic, _ in catalogue().match(fold(tag))}


def test_there_are_many_topics():
    assert len(catalogue()) >= 150


@pytest.mark.parametrize("topic", catalogue().topics.values(), ids=lambda topic: topic.id)
def test_topic_has_names_and_hashtags_in_ten_languages_and_real_relatives(topic):
    assert topic.names.keys() >= TEN
    assert topic.hashtags.keys() >= TEN
    assert all(topic.names.values())
    for tags in topic.hashtags.values():
        assert tags
        assert all(tag == fold(tag) and not any(map(str.isspace, tag)) for tag in tags)
    assert topic.parent is None or catalogue().by_id(topic.parent) is not None
    assert topic.id not in catalogue().ancestors(topic.id)
    assert all(catalogue().by_id(other) for other in topic.related)
    assert topic.id not in topic.related


def test_no_hashtag_is_claimed_by_two_unrelated_topics():
    claimed: dict[str, set[str]] = {}
    for topic in catalogue().topics:
        for tag in catalogue().tags(topic):
            claimed.setdefault(key(tag), set()).add(topic)
    disputed = {
        tag
        for tag, topics in claimed.items()
        for one, other in combinations(sorted(topics), 2)
        if not relatives(catalogue(), one, other)
    }
    assert disputed == SHARED


def test_no_generic_tag_is_a_topic():
    for tag in catalogue().generic:
        assert not catalogue().match(tag)
        assert not any(tag in map(key, catalogue().tags(topic)) for topic in catalogue().topics)


@pytest.mark.parametrize(
    ("tag", "topic"),
    [
        ("#astrodon", "astronomy"),
        ("#Astronomie", "astronomy"),
        ("#天文", "astronomy"),
        ("#astronomía", "astronomy"),
        ("#علم_الفلك", "astronomy"),
        ("#AstroPhotography", "astrophotography"),
        ("#OpenSourceSoftware", "opensource"),
        ("#FotoVorschlag", "photography"),
        ("#Mosstodon", "moss"),
        ("#fountainpens", "fountain-pens"),
        ("#FountainPen", "fountain-pens"),
        ("#Inktober2025", "drawing"),
        ("#GardeningLovers", "gardening"),
        ("#Fußball", "football"),
        ("#Fussball", "football"),
        ("#ﾏﾝｶﾞ", "manga"),
        ("#ねこ", "cats"),
    ],
)
def test_tag_leads_to_its_topic(tag, topic):
    assert topic in leads_to(tag)


def test_compound_leads_to_each_of_its_parts():
    assert leads_to("#CoffeeAndBooks") == set()
    assert leads_to("#CatsBooks") == {"cats", "books"}


@pytest.mark.parametrize("tag", ["#introduction", "#kindergarten", "#conscience", "#2026", "#ff"])
def test_tag_leads_nowhere(tag):
    assert leads_to(tag) == set()


def test_words_of_a_bio_are_found_alone_together_and_in_scripts_without_spaces():
    words = catalogue().in_text("Free and Open Source Software, 東京で天文学を勉強しています")
    assert {topic for found in words.values() for topic, _ in found} == {"opensource", "astronomy"}


@pytest.mark.parametrize("text", ["Morgen weer een dag", "Let's have a chat", "Running a server"])
def test_ambiguous_word_in_a_sentence_says_nothing(text):
    assert catalogue().in_text(text) == {}


def grows(people: int, **beside: tuple[int, int]):
    found = {topic: Beside(*counts) for topic, counts in beside.items()}
    return grown(people, found, catalogue())


def test_tag_grows_into_the_topic_that_people_use_it_beside():
    assert grows(10, astronomy=(8, 4), cats=(1, 1)) == ("astronomy", 0.62)


def test_no_server_teaches_a_tag_alone():
    assert grows(50, astronomy=(50, 2)) is None


def test_few_people_teach_nothing():
    assert grows(4, astronomy=(4, 4)) is None


def test_tag_that_stands_beside_everything_grows_nowhere():
    assert grows(100, astronomy=(20, 10), cats=(18, 9)) is None


def test_relatives_do_not_dispute_a_tag():
    assert grows(10, astronomy=(8, 4), space=(7, 4)) == ("astronomy", 0.62)
