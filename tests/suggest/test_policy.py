"""The rules by which people are suggested, without a database."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from discover.model.suggestions import Reason
from discover.model.verdict import AccountVerdict, Answer, Decision
from discover.model.verdict import Reason as Why
from discover.policy import similarity
from discover.policy.ranking import topical_score
from discover.policy.suggest import (
    FAIR_EVERY,
    PRIOR_PUSH,
    REASONS,
    Candidate,
    activity_reason,
    is_new_voice,
    may_suggest,
    mostly_warned,
    rank,
    score,
    sentence,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
DAY = timedelta(days=1)
YES = Decision(Answer.YES, (Why.DISCOVERABLE,))


def no(*reasons: Why) -> Decision:
    return Decision(Answer.NO, reasons)


def verdict(suggest: Decision, listed: Decision = YES) -> AccountVerdict:
    return AccountVerdict(listed, suggest, YES, YES, "1")


def candidate(number: int, relevance: float = 1.0, **more) -> Candidate:
    given = {"server": f"s{number}", "language": "en", "topic": "", "prior": 0.5, **more}
    return Candidate(id=number, relevance=relevance, **given)


def crowd(seed: int) -> list[Candidate]:
    chance = random.Random(seed)
    return [
        candidate(
            number,
            chance.random(),
            server=f"s{chance.randrange(4)}",
            language=chance.choice(("en", "de", "")),
            topic=chance.choice(("cats", "jazz")),
            prior=chance.random(),
            fair=chance.random() < 0.2,
        )
        for number in range(40)
    ]


@pytest.mark.parametrize(
    ("decision", "bots", "may"),
    [
        (YES, False, True),
        (no(Why.BOT), False, False),
        (no(Why.BOT), True, True),
        (no(Why.BOT, Why.LOCKED), True, False),
        (no(Why.LOCKED), True, False),
        (no(Why.INACTIVE), True, False),
        (Decision(Answer.UNKNOWN, (Why.EVIDENCE_EXPIRED,)), True, False),
    ],
)
def test_only_bots_are_a_matter_of_asking(decision: Decision, bots: bool, may: bool) -> None:
    assert may_suggest(verdict(decision), bots=bots) is may


def test_who_is_not_listed_is_never_suggested() -> None:
    hidden = verdict(YES, listed=no(Why.PERSON_OPTED_OUT))
    assert not may_suggest(hidden, bots=True)


@pytest.mark.parametrize(
    ("posts", "warned", "mostly"), [(0, 0, False), (4, 2, False), (4, 3, True), (1, 1, True)]
)
def test_more_than_half_behind_warnings_is_mostly(posts: int, warned: int, mostly: bool) -> None:
    assert mostly_warned(posts, warned) is mostly


@pytest.mark.parametrize(
    ("created", "followers", "new"),
    [
        (NOW - 10 * DAY, 5000, True),
        (NOW - 900 * DAY, 5000, False),
        (NOW - 900 * DAY, 99, True),
        (None, None, False),
    ],
)
def test_a_new_voice_is_young_or_little_followed(created, followers, new: bool) -> None:
    assert is_new_voice(created, followers, NOW) is new


@pytest.mark.parametrize("seed", range(20))
def test_ranking_drops_and_repeats_nobody(seed: int) -> None:
    some = crowd(seed)
    assert sorted(one.id for one in rank(some, 100)) == [one.id for one in some]


@pytest.mark.parametrize("seed", range(20))
def test_a_shorter_page_is_the_beginning_of_a_longer_one(seed: int) -> None:
    some = crowd(seed)
    assert rank(some, 7, seed) == rank(some, 30, seed)[:7]


@pytest.mark.parametrize("seed", range(20))
def test_the_prior_never_lifts_by_more_than_its_bound(seed: int) -> None:
    for one in crowd(seed):
        assert one.relevance / (1 + PRIOR_PUSH) - 1e-9 <= score(one) <= one.relevance + 1e-9


def test_relevance_beats_any_reach() -> None:
    loud = candidate(1, 0.6, prior=1.0)
    fitting = candidate(2, 0.9, prior=0.0)
    assert rank([loud, fitting], 2)[0] is fitting


def test_one_server_does_not_fill_the_page() -> None:
    big = [candidate(number, 0.9, server="big") for number in range(20)]
    small = [candidate(100 + number, 0.6) for number in range(5)]
    servers = [one.server for one in rank([*big, *small], 10)]
    assert servers.count("big") < 8


def test_every_few_places_go_to_the_small_and_new_when_they_fit() -> None:
    many = [candidate(number, 0.9) for number in range(20)]
    fair = [candidate(100 + number, 0.5, fair=True) for number in range(20)]
    first = rank([*many, *fair], 2 * FAIR_EVERY)
    assert sum(one.fair for one in first) == 2


def test_the_small_and_new_that_do_not_fit_take_nobodys_place() -> None:
    many = [candidate(number, 0.9) for number in range(20)]
    fair = [candidate(100 + number, 0.1, fair=True) for number in range(20)]
    assert not any(one.fair for one in rank([*many, *fair], 2 * FAIR_EVERY))


def test_near_equals_change_places_with_the_seed_and_only_they() -> None:
    equals = [candidate(number, 0.5) for number in range(12)]
    best = candidate(99, 0.9)
    orders = {tuple(one.id for one in rank([*equals, best], 13, seed)) for seed in range(1, 9)}
    assert len(orders) > 1
    assert all(order[0] == 99 for order in orders)


@pytest.mark.parametrize(
    ("age", "kind"), [(DAY, "week"), (20 * DAY, "month"), (60 * DAY, None), (None, None)]
)
def test_activity_is_told_while_it_is_fresh(age: timedelta | None, kind: str | None) -> None:
    reason = activity_reason(NOW - age if age else None, NOW)
    assert (reason.kind if reason else None) == kind


def test_every_reason_makes_a_sentence() -> None:
    values = {"topic": "t", "handle": "h@x", "tag": "g", "word": "w", "language": "l"}
    for kind in REASONS:
        told = sentence(Reason(kind, tuple(values.items())), {"t": "Trees", "l": "Latin"})
        assert "{" not in told
        assert ("Trees" in told) == ("{topic}" in REASONS[kind])


# Traits


def traits(**more) -> dict[str, float]:
    given = {
        "topics": {}, "leading": {}, "tags": {}, "words": {}, "languages": ("en",), "server": "s",
        "people": lambda _name: 3, "everybody": 1000, **more,
    }  # fmt: skip
    return similarity.traits(**given)


def test_tag_stuffers_are_only_a_little_like_many() -> None:
    few = traits(tags={"cats": 1.0})
    many = traits(tags={f"tag{number}": 1.0 for number in range(11)} | {"cats": 1.0})
    assert few["tag:cats"] == pytest.approx(1.0)
    assert many["tag:cats"] < 0.3


def test_sharing_something_rare_says_more() -> None:
    people = {"tag:art": 500, "tag:fresnel": 2}
    found = traits(tags={"art": 1.0, "fresnel": 1.0}, people=lambda name: people[name])
    assert found["tag:fresnel"] > 2 * found["tag:art"]


def test_a_word_that_nobody_else_writes_gives_way() -> None:
    words = {f"lonely{number}": 1.0 for number in range(30)} | {"telescope": 1.0}
    found = traits(words=words, people=lambda name: 4 * (name == "word:telescope"))
    assert "word:telescope" in found
    assert sum(name.startswith("word:") for name in found) == similarity.MOST_WORDS


def test_topics_are_also_told_by_the_words_of_posts_but_less() -> None:
    told = {"football": 5}
    found = similarity.topic_weights({"cats": 0.9}, told, lambda _topic: ("sports",))
    assert found["cats"] == 0.9
    assert found["football"] == similarity.TOPIC_WORDS
    assert 0 < found["sports"] < found["football"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Telescopes and THE sky", {"telescopes"}),
        ("https://example.org/telescope me@example.org", set()),
        ("夜空の観測とテレスコープ", {"夜空", "観測", "テレスコープ"}),
        ("cat 1234 a", set()),
    ],
)
def test_words_are_read_in_scripts_with_and_without_spaces(text: str, words: set[str]) -> None:
    assert similarity.words_of(text) == words


def test_common_words_need_several_people() -> None:
    assert similarity.common_words({"have": 4}, 10) == set()
    assert similarity.common_words({"have": 90, "lens": 5}, 100) == {"have"}


def test_place_keeps_the_order_of_weights_that_differ_much() -> None:
    assert similarity.place(1.0, 0.0, 0.0) > similarity.place(0.5, 1.0, 1.0)


def test_being_about_a_topic_and_its_language_count() -> None:
    here = topical_score(0.0, 0.9, spoken=True)
    elsewhere = topical_score(0.0, 0.9, spoken=False)
    by_text = topical_score(1.0, 0.0, spoken=False)
    assert here > elsewhere
    assert here > by_text
