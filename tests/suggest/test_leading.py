"""Whoever says the same first is alike, and what words mean is learnt from those who write them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from discover.model.actor import Flag
from discover.policy import leading
from discover.policy.leading import Learning, parts, tokens
from discover.services.suggest.candidates import sharing
from discover.services.suggest.learning import TELLING, learn_words
from discover.services.suggest.similarity import mark_everybody, refresh_all
from tests.support.crowd import Crowd


def settle(crowd: Crowd) -> None:
    """As after a night: what words mean is known, and everybody is worked out by it."""
    crowd.settle()
    learn_words(crowd.app.context)
    mark_everybody(crowd.app.context)
    refresh_all(crowd.app.context)


def told(crowd: Crowd) -> set[tuple[str, str]]:
    with crowd.app.context.database.read() as connection:
        rows = connection.execute(sa.select(TELLING.c.word, TELLING.c.topic)).all()
    return {(row.word, row.topic) for row in rows}


def stargazers(crowd: Crowd, number: int = 4) -> None:
    for place in range(number):
        crowd.person(f"star{place}", ("#astronomy tonight",) * 3, bio="Dobson #astronomy")
    for place in range(6):
        crowd.person(f"baker{place}", ("#baking today",) * 3, bio="Rye #baking")


def test_whose_bio_begins_with_the_same_come_before_those_who_add_it_later(crowd: Crowd) -> None:
    crowd.person("ada", ("hello",), bio="Astronomy at night. Baking on Sundays.")
    crowd.person("late", ("hello",), bio="Baking on Sundays. Astronomy at night.")
    crowd.person("same", ("hello",), bio="Astronomy, mostly.")
    settle(crowd)
    assert crowd.suggested(like=("ada@a.example",)) == ["same", "late"]


def test_a_word_tells_of_the_topic_of_those_who_write_it(crowd: Crowd) -> None:
    stargazers(crowd)
    crowd.person("nightowl", ("hello",), bio="My Dobson.")
    settle(crowd)
    assert ("dobson", "astronomy") in told(crowd)
    assert crowd.suggested(topics=("baking",)).count("nightowl") == 0
    assert crowd.why("nightowl", like=("star0@a.example",))["topic_like"]["topic"] == "astronomy"


def test_what_two_people_write_is_not_kept(crowd: Crowd) -> None:
    stargazers(crowd, number=2)
    settle(crowd)
    assert not {word for word, _ in told(crowd)} & {"dobson", "#astronomy"}


def test_words_of_posts_that_were_taken_back_are_not_learnt_again(crowd: Crowd) -> None:
    stargazers(crowd)
    settle(crowd)
    assert ("tonight", "astronomy") in told(crowd)
    for place in range(4):
        crowd.person(f"star{place}", (), bio="Dobson #astronomy", indexable=Flag.FALSE)
    settle(crowd)
    assert ("tonight", "astronomy") not in told(crowd)


def test_who_is_further_down_in_a_trait_still_has_it_counted(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only so many of each trait are read; who is found by one is asked about the others."""
    monkeypatch.setattr("discover.services.suggest.candidates.MOST_ROWS", 1)
    for place in range(8):
        crowd.person(f"w{place}", ("#weaving",) * 5)
    crowd.person("both", ("#lighthouses", "#lighthouses", "#weaving"))
    crowd.settle()
    with crowd.app.context.database.read() as connection:
        shared = sharing(
            connection, {"tag:lighthouses": 1.0, "tag:weaving": 0.9}, bots=False, least=2
        )
    assert ["tag:lighthouses", "tag:weaving"] in [sorted(one.traits) for one in shared.values()]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A Dobson at https://a.example #stars 🔭", ["dobson", "🔭"]),
        ("長い道を歩く", ["長い", "い道", "道を", "を歩", "歩く"]),
        ("カメラ", ["カメラ"]),
    ],
)
def test_words_emoji_and_pairs_of_characters_are_read(text: str, found: list[str]) -> None:
    assert tokens(text) == found


def test_each_further_sentence_tag_and_emoji_has_a_later_place() -> None:
    said = parts("Slow bread.\nOld cats 🍞🐈 #bread", ("bread", "cats"), ())
    assert [(part.tokens, part.place) for part in said] == [
        (("slow", "bread"), 0),
        (("old", "cats"), 1),
        (("🍞",), 0),
        (("🐈",), 1),
        (("#bread",), 0),
        (("#cats",), 1),
    ]


def test_stuffed_tags_lead_nowhere() -> None:
    assert parts("", tuple(f"tag{number}" for number in range(leading.MOST_TAGS + 1)), ()) == []


def test_what_everybody_writes_tells_nothing() -> None:
    learning = Learning()
    people = [({"like", "dobson"}, {"astronomy": 0.9})] * 5 + [({"like"}, {"baking": 0.9})] * 20
    for words, _ in people:
        learning.count(words)
    for words, topics in people:
        learning.add(words, topics)
    learnt = dict(learning.learnt())
    assert list(learnt["dobson"]) == ["astronomy"]
    assert "astronomy" not in learnt.get("like", {})
