"""Which words find whom, and what is marked of them, in every search engine."""

from __future__ import annotations

import pytest

from discover.model.query import (
    HIGHLIGHT_END,
    HIGHLIGHT_START,
    EngineQuery,
    Kind,
)
from discover.ports import SearchEngine
from tests.engines.conftest import accounts, posts
from tests.engines.corpus import POSTS, account, post

# Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("observatory ", 11),
        ("OBSERVATORY ", 11),
        ("Zurich ", 13),
        ("zürich ", 13),
        ("gemuse ", 13),
        ("Gemu\u0308se ", 13),
        ("東京タワー", 14),
        ("木星", 14),
        ("木", 14),
        ("Łodzi ", 15),
        ("lodzi ", 15),
        ("zażółć ", 15),
        ("النجوم ", 16),
    ],
)
def test_words_are_found_in_many_languages(filled: SearchEngine, text: str, expected: int):
    assert posts(filled, text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("天文学", 3),
        ("星野", 3),
        ("muller ", 2),
        ("łukasz ", 4),
        ("ليلى ", 5),
        ("lukasz@lodz.test", 4),
        ("@zoe@garten.test", 2),
    ],
)
def test_people_are_found_in_many_languages(filled: SearchEngine, text: str, expected: int):
    assert accounts(filled, text)[0] == expected


@pytest.mark.parametrize("text", ["obserwatory ", "observatry ", "obsrevatory ", "comte "])
def test_one_wrong_letter_is_forgiven(filled: SearchEngine, text: str):
    expected = {17, 19} if text.startswith("com") else {11}
    assert set(posts(filled, text)) == expected


@pytest.mark.parametrize("text", ["obserwatori ", "observtry "])
def test_two_wrong_letters_are_forgiven_in_a_long_word(filled: SearchEngine, text: str):
    assert posts(filled, text) == [11]


@pytest.mark.parametrize("text", ["bxd ", "xoxet ", "qbservqtorq "])
def test_more_wrong_letters_than_that_find_nothing(filled: SearchEngine, text: str):
    assert posts(filled, text) == []


@pytest.mark.parametrize("text", ["ob", "obs", "observ", "high observ"])
def test_the_last_word_may_be_unfinished(filled: SearchEngine, text: str):
    assert posts(filled, text)[0] == 11


def test_a_word_before_the_last_is_whole(filled: SearchEngine):
    found = posts(filled, "telesc mirror")
    assert set(found) >= {12, 18}  # by its other word
    assert posts(filled, "", phrases=("telesc mirror",)) == []


def test_an_exact_word_comes_before_a_longer_and_a_misspelt_one(engine: SearchEngine):
    fill = [post(number, f"other things {number}") for number in range(10, 40)]
    engine.upsert([post(1, "a starling sings"), post(2, "a star shines"), *fill])
    assert posts(engine, "star")[:2] == [2, 1]


def test_all_words_come_before_some_words(filled: SearchEngine):
    found = posts(filled, "bread astrophysics ")
    assert found[0] == 21


def test_many_words_of_which_one_is_nowhere_still_find_something(filled: SearchEngine):
    assert 12 in posts(filled, "telescope mirror cleaning xylophonist ")


def test_a_phrase_stands_verbatim(filled: SearchEngine):
    assert posts(filled, phrases=("telescope mirror",)) == [12]
    assert posts(filled, phrases=("mirror telescope",)) == []
    assert posts(filled, "comet ", phrases=("long tail",)) == [19]
    assert posts(filled, phrases=("東京タワー",)) == [14]


def test_excluded_words_do_not_stand(filled: SearchEngine):
    assert posts(filled, "telescope ", exclude=("wall",)) == [12]
    assert set(posts(filled, "comet ", exclude=("tail", "news"))) == set()
    assert 14 not in posts(filled, exclude=("東京",))


@pytest.mark.parametrize(
    "text", ['"', "-", '"open', "AND OR NOT", "a:b (c) [d] *", "\\", "!!!", "'"]
)
def test_signs_of_query_languages_are_only_text(filled: SearchEngine, text: str):
    posts(filled, text)
    accounts(filled, text, phrases=(text,), exclude=(text,))


def test_a_name_matters_more_than_a_mention_in_a_bio(filled: SearchEngine):
    assert accounts(filled, "galileo ") == [1, 8]


def test_a_tag_matters_more_than_a_word_of_the_bio(engine: SearchEngine):
    fill = [account(number, f"user{number}") for number in range(10, 40)]
    engine.upsert(
        [account(1, "ann", bio="I do pottery"), account(2, "ben", tags=("pottery",)), *fill]
    )
    assert accounts(engine, "pottery ") == [2, 1]


def test_prior_decides_between_equals_only(engine: SearchEngine):
    engine.upsert(
        [
            account(1, "ann", bio="likes sailing", prior=0.1),
            account(2, "ben", bio="likes sailing", prior=0.9),
            account(3, "sailing", bio="likes boats", prior=0.0),
        ]
    )
    assert accounts(engine, "sailing ") == [3, 2, 1]


def test_scores_fall_along_the_page(filled: SearchEngine):
    hits = filled.search(EngineQuery(Kind.POSTS, "mirror telescope ")).hits
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


# Highlights


def marked(word: str) -> str:
    return f"{HIGHLIGHT_START}{word}{HIGHLIGHT_END}"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("observatory ", "observatory"),
        ("zurich ", "Zürich"),
        ("obserwatory ", "observatory"),
        ("東京タワー", "東京"),
    ],
)
def test_matches_are_marked_in_plain_text(filled: SearchEngine, text: str, word: str):
    hit = filled.search(EngineQuery(Kind.POSTS, text)).hits[0]
    whole = next(one.text for one in POSTS if one.id == hit.id)
    assert HIGHLIGHT_START + word in hit.highlights["text"]
    plain = hit.highlights["text"].replace(HIGHLIGHT_START, "").replace(HIGHLIGHT_END, "")
    assert plain in whole


def test_markup_in_a_text_stays_text(engine: SearchEngine):
    engine.upsert([post(1, "Use <b>bold</b> & <script> carefully")])
    hit = engine.search(EngineQuery(Kind.POSTS, "carefully ")).hits[0]
    assert hit.highlights["text"] == f"Use <b>bold</b> & <script> {marked('carefully')}"


def test_a_long_text_is_cut_around_its_match(engine: SearchEngine):
    engine.upsert([post(1, "before " * 400 + "needle " + "after " * 400)])
    hit = engine.search(EngineQuery(Kind.POSTS, "needle ")).hits[0]
    assert marked("needle") in hit.highlights["text"]
    assert len(hit.highlights["text"]) < 600


def test_people_are_marked_in_name_and_bio(filled: SearchEngine):
    hit = filled.search(EngineQuery(Kind.ACCOUNTS, "galileo ")).hits[0]
    assert hit.highlights == {"name": f"{marked('Galileo')} G."}


def test_nothing_is_marked_unless_asked(filled: SearchEngine):
    asked = EngineQuery(Kind.POSTS, "observatory ", highlight=False)
    assert filled.search(asked).hits[0].highlights == {}
    assert filled.search(EngineQuery(Kind.POSTS)).hits[0].highlights == {}


STARS = ("Astronomy", "Astronomie", "天文", "علم الفلك")


@pytest.mark.parametrize("name", ["astronomy", "Astronomie", "天文", "الفلك"])
def test_account_is_found_by_a_name_of_its_topic_in_any_language(engine, name):
    engine.upsert([account(1, "quiet", bio="Hello", topics=STARS), account(2, "other")])
    assert accounts(engine, name) == [1]


@pytest.mark.parametrize("typed", ["astronomy", "astronomy ", "Gastronmie ", "gastronomi "])
def test_names_of_topics_are_not_taken_for_each_other(engine, typed):
    food = ("Gastronomy", "Gastronomie", "Gastronomía", "ガストロノミー")
    engine.upsert([account(1, "cook", bio="Hello", topics=food), account(2, "other")])
    assert accounts(engine, typed) == []


def test_who_says_the_word_goes_before_who_says_one_like_it(engine):
    engine.upsert([
        account(1, "cook", bio="All about gastronomy", prior=1.0),
        account(2, "stars", bio="Sometimes, among many other things, I write about astronomy", prior=0.0),
        account(3, "typing", bio="All about astrnomy", prior=1.0),
    ])  # fmt: skip
    assert accounts(engine, "astronomy ")[0] == 2


@pytest.mark.parametrize(
    ("typed", "expected"), [("market ", [1]), ("narket ", []), ("arket ", []), ("markt ", [1])]
)
def test_a_wrong_first_letter_counts_as_two(engine, typed, expected):
    engine.upsert([account(1, "ann", bio="on the market"), account(2, "other")])
    assert accounts(engine, typed) == expected


def test_a_wrong_first_letter_is_forgiven_where_two_are(engine):
    engine.upsert([account(1, "ann", bio="on a photograph"), account(2, "other")])
    assert accounts(engine, "fhotograph ") == [1]


def test_who_says_it_goes_before_whose_topic_it_is(engine):
    engine.upsert([
        account(1, "quiet", bio="Hello there", topics=STARS),
        account(2, "loud", bio="All about astronomy here"),
    ])  # fmt: skip
    assert accounts(engine, "astronomy") == [2, 1]
