"""What every search engine promises, asked of the real ones."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from discover.model.query import (
    HIGHLIGHT_END,
    HIGHLIGHT_START,
    EngineQuery,
    Filters,
    Kind,
    Sort,
    Without,
)
from discover.ports import SearchEngine
from tests.engines.conftest import Connect
from tests.engines.corpus import ACCOUNTS, POSTS, account, moment, post

ACCOUNT_IDS = {one.id for one in ACCOUNTS}
POST_IDS = {one.id for one in POSTS}


@pytest.fixture
def filled(engine: SearchEngine) -> SearchEngine:
    engine.upsert([*ACCOUNTS, *POSTS])
    return engine


def posts(engine: SearchEngine, text: str = "", **more) -> list[int]:
    return [hit.id for hit in engine.search(EngineQuery(Kind.POSTS, text, **more)).hits]


def accounts(engine: SearchEngine, text: str = "", **more) -> list[int]:
    return [hit.id for hit in engine.search(EngineQuery(Kind.ACCOUNTS, text, **more)).hits]


def only(**filters) -> dict[str, Filters]:
    return {"filters": Filters(**filters)}


# Writing


def test_what_was_written_is_visible_at_once(engine: SearchEngine):
    for number, word in enumerate(("apples", "bread", "cherries", "dumplings", "eggs"), 1):
        engine.upsert([post(number, f"{word} for breakfast")])
        assert posts(engine, f"{word} ") == [number]
        assert engine.count(Kind.POSTS) == number


def test_writing_twice_changes_nothing(filled: SearchEngine):
    filled.upsert([*ACCOUNTS, *POSTS])
    filled.upsert([*POSTS, *POSTS])
    assert filled.count(Kind.POSTS) == len(POSTS)
    assert filled.count(Kind.ACCOUNTS) == len(ACCOUNTS)
    assert sorted(filled.ids(Kind.POSTS)) == sorted(POST_IDS)


def test_a_later_version_replaces_an_earlier_one(filled: SearchEngine):
    filled.upsert([post(11, "Now it is about sailing")])
    assert posts(filled, "sailing ") == [11]
    assert 11 not in posts(filled, "observatory ")
    assert posts(filled, **only(tags=("jupiter",))) == []


def test_the_last_of_two_versions_in_one_batch_wins(engine: SearchEngine):
    engine.upsert([post(1, "earlier words"), post(1, "later words")])
    assert posts(engine, "later ") == [1]
    assert engine.count(Kind.POSTS) == 1


def test_what_is_handed_over_is_done_in_its_order(engine: SearchEngine):
    handed = [
        engine.hand_over([post(1, "earlier words"), post(2, "second words")]),
        engine.hand_over([post(1, "later words"), post(3, "third words")]),
    ]
    engine.delete(Kind.POSTS, [2])
    assert all(one.wait() for one in handed)
    assert posts(engine, "later ") == [1]
    assert sorted(engine.ids(Kind.POSTS)) == [1, 3]
    assert all(one.wait(0) for one in handed)


def test_deleted_documents_are_gone_and_may_be_deleted_twice(filled: SearchEngine):
    for _ in range(2):
        filled.delete(Kind.POSTS, [11, 12, 9999])
        assert set(filled.ids(Kind.POSTS)) == POST_IDS - {11, 12}
        assert 11 not in posts(filled, "jupiter ")
    assert filled.count(Kind.ACCOUNTS) == len(ACCOUNTS)


def test_deleting_an_account_takes_its_posts_along(filled: SearchEngine):
    for _ in range(2):
        filled.delete_accounts([7])
        assert set(filled.ids(Kind.ACCOUNTS)) == ACCOUNT_IDS - {7}
        assert set(filled.ids(Kind.POSTS)) == POST_IDS - {18, 19}


def test_deleting_a_server_takes_its_people_and_posts_along(filled: SearchEngine):
    for _ in range(2):
        filled.delete_server("garten.test")
        assert set(filled.ids(Kind.ACCOUNTS)) == ACCOUNT_IDS - {2, 7, 8}
        assert set(filled.ids(Kind.POSTS)) == POST_IDS - {13, 18, 19, 20, 21}


def test_deleting_a_server_spares_names_that_contain_it(engine: SearchEngine):
    engine.upsert([account(1, "a", "b.test"), account(2, "a", "a.b.test"), account(3, "b", "test")])
    engine.delete_server("b.test")
    assert set(engine.ids(Kind.ACCOUNTS)) == {2, 3}


def test_empty_writes_are_harmless(filled: SearchEngine):
    filled.upsert([])
    filled.delete(Kind.POSTS, [])
    assert filled.count(Kind.POSTS) == len(POSTS)


def test_ids_streams_every_id_of_a_large_collection(engine: SearchEngine):
    engine.upsert([post(number, "same") for number in range(1, 12_002)])
    assert sorted(engine.ids(Kind.POSTS)) == list(range(1, 12_002))


def test_preparing_again_keeps_what_is_there(filled: SearchEngine, connect: Connect):
    filled.prepare()
    another = connect()
    another.prepare()
    assert another.count(Kind.POSTS) == len(POSTS)
    assert not another.needs_rebuild()


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


# Filters, facets, order


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"languages": ("de",)}, {13}),
        ({"languages": ("de", "ja")}, {13, 14}),
        ({"servers": ("lodz.test", "qamar.test")}, {15, 16}),
        ({"tags": ("astronomy",)}, {11, 17, 19, 21}),
        ({"tags": ("astronomy", "comet")}, {19}),
        ({"tags": ("天文",)}, {14}),
        ({"bot": True}, {17}),
        ({"bot": False}, POST_IDS - {17}),
        ({"media": ("image",)}, {11, 19}),
        ({"media": ("image", "video")}, {11, 19, 20}),
        ({"sensitive": True}, {19}),
        ({"sensitive": False}, POST_IDS - {19}),
        ({"reply": True}, {18}),
        ({"reply": False}, POST_IDS - {18}),
        ({"account_ids": (7, 8)}, {18, 19, 20, 21}),
        ({"since": datetime.fromtimestamp(moment(12), UTC)}, {11, 12}),
        ({"until": datetime.fromtimestamp(moment(20), UTC)}, {21}),
        (
            {
                "since": datetime.fromtimestamp(moment(15), UTC),
                "until": datetime.fromtimestamp(moment(13), UTC),
            },
            {14, 15},
        ),
        ({"tags": ("astronomy",), "bot": False, "servers": ("garten.test",)}, {19, 21}),
        ({"tags": ('a" OR bot = true',)}, set()),
    ],
)
def test_posts_are_filtered(filled: SearchEngine, filters: dict, expected: set[int]):
    assert set(posts(filled, **only(**filters))) == expected


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"languages": ("pl", "ar")}, {4, 5}),
        ({"servers": ("garten.test",)}, {2, 7, 8}),
        ({"tags": ("astronomy",)}, {1, 7}),
        ({"bot": True}, {6}),
        ({"account_ids": (1, 8)}, {1, 8}),
        ({"until": datetime.fromtimestamp(moment(6), UTC)}, {7, 8}),
    ],
)
def test_accounts_are_filtered(filled: SearchEngine, filters: dict, expected: set[int]):
    assert set(accounts(filled, **only(**filters))) == expected


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        (Without(languages=("de", "ja")), POST_IDS - {13, 14}),
        (Without(servers=("lodz.test", "garten.test")), {11, 12, 14, 16, 17}),
        (Without(tags=("astronomy", "baking")), {12, 13, 14, 15, 16, 18}),
        (Without(tags=("天文",)), POST_IDS - {14}),
        (Without(media=("image",)), POST_IDS - {11, 19}),
        (Without(account_ids=(7, 8)), POST_IDS - {18, 19, 20, 21}),
        (Without(languages=("en",), servers=("lodz.test",)), {13, 14, 16}),
        (Without(tags=('a" OR bot = true',)), POST_IDS),
    ],
)
def test_posts_that_have_what_is_unwanted_are_left_out(
    filled: SearchEngine, without: Without, expected: set[int]
):
    assert set(posts(filled, **only(without=without))) == expected


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        (Without(languages=("en",)), {2, 3, 4, 5}),
        (Without(servers=("stars.test",), tags=("garten",)), {3, 4, 5, 7, 8}),
        (Without(account_ids=(1, 8)), {2, 3, 4, 5, 6, 7}),
        (Without(media=("image",)), {1, 2, 3, 4, 5, 6, 7, 8}),
    ],
)
def test_people_who_have_what_is_unwanted_are_left_out(
    filled: SearchEngine, without: Without, expected: set[int]
):
    assert set(accounts(filled, **only(without=without))) == expected


def test_what_is_unwanted_goes_from_what_is_wanted(filled: SearchEngine):
    wanted = only(tags=("astronomy",), without=Without(tags=("comet",), media=("image",)))
    assert set(posts(filled, **wanted)) == {17, 21}
    assert posts(filled, "comet ", **only(without=Without(account_ids=(6,)))) == [19]


def test_filters_and_words_hold_together(filled: SearchEngine):
    assert posts(filled, "comet ", **only(bot=True)) == [17]
    assert posts(filled, "bread ", **only(tags=("astronomy",))) == [21]


def test_facets_count_what_matches(filled: SearchEngine):
    asked = EngineQuery(Kind.POSTS, facets=("language", "server", "tags"))
    facets = filled.search(asked).facets
    assert facets["language"] == {"en": 7, "de": 1, "ja": 1, "pl": 1, "ar": 1}
    assert facets["server"]["garten.test"] == 5
    assert facets["tags"]["astronomy"] == 4
    assert facets["tags"]["天文"] == 1
    narrowed = filled.search(replace(asked, filters=Filters(languages=("ja",)))).facets
    assert narrowed["server"] == {"hoshi.test": 1}


def test_the_newest_come_first_when_asked(filled: SearchEngine):
    assert posts(filled, sort=Sort.RECENT) == sorted(POST_IDS)
    assert posts(filled, "comet ", sort=Sort.RECENT) == [17, 19]
    assert accounts(filled, sort=Sort.RECENT) == sorted(ACCOUNT_IDS)


def test_without_words_posts_come_by_time_and_people_by_prior(filled: SearchEngine):
    assert posts(filled) == sorted(POST_IDS)
    assert accounts(filled)[-1] == 6


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("text", ["", "same ", "same other "])
def test_pages_neither_overlap_nor_lose_anything(engine: SearchEngine, sort: Sort, text: str):
    engine.upsert([post(number, "the same other text", published=5) for number in range(1, 54)])
    seen: list[int] = []
    for offset in range(0, 60, 10):
        asked = EngineQuery(Kind.POSTS, text, sort=sort, limit=10, offset=offset)
        answer = engine.search(asked)
        assert answer.more is (offset < 50)
        assert answer.total == 53
        seen += [hit.id for hit in answer.hits]
    assert sorted(seen) == list(range(1, 54))


def test_the_deepest_page_can_be_asked_for(engine: SearchEngine):
    engine.upsert([post(number, "deep") for number in range(1, 1301)])
    answer = engine.search(EngineQuery(Kind.POSTS, "deep ", limit=200, offset=1000))
    assert len(answer.hits) == 200
    assert answer.more


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


# Rebuilding


def test_a_rebuild_replaces_everything_at_once(filled: SearchEngine, connect: Connect):
    reader = connect()
    assert posts(reader, "observatory ") == [11]
    with filled.rebuild(Kind.POSTS) as rebuild:
        rebuild.add([post(1, "a new beginning")])
        rebuild.add([post(2, "another beginning")])
        assert set(reader.ids(Kind.POSTS)) == POST_IDS
        rebuild.swap()
        assert set(reader.ids(Kind.POSTS)) == {1, 2}
    for one in (filled, reader):
        assert set(posts(one, "beginning ")) == {1, 2}
        assert one.count(Kind.ACCOUNTS) == len(ACCOUNTS)
    filled.upsert([post(3, "after the beginning")])
    assert set(posts(reader, "beginning ")) == {1, 2, 3}


def test_a_rebuild_without_swap_changes_nothing(filled: SearchEngine):
    with filled.rebuild(Kind.POSTS) as rebuild:
        rebuild.add([post(1, "never seen")])
    with suppress(ZeroDivisionError), filled.rebuild(Kind.POSTS) as rebuild:
        rebuild.add([post(1, "never seen")])
        raise ZeroDivisionError
    assert set(filled.ids(Kind.POSTS)) == POST_IDS
    filled.upsert([post(1, "seen")])
    assert filled.count(Kind.POSTS) == len(POSTS) + 1


def test_what_is_written_during_a_rebuild_survives_it(filled: SearchEngine):
    with filled.rebuild(Kind.POSTS) as rebuild:
        rebuild.add(POSTS[:3])
        filled.upsert([replace(POSTS[0], text="edited meanwhile"), post(99, "written meanwhile")])
        filled.delete(Kind.POSTS, [12])
        filled.delete_accounts([7])
        rebuild.add(POSTS)
        rebuild.swap()
    assert set(filled.ids(Kind.POSTS)) == (POST_IDS | {99}) - {12, 18, 19}
    assert set(posts(filled, "meanwhile ")) == {11, 99}


def test_searches_during_rebuilds_never_see_less_than_everything(
    filled: SearchEngine, connect: Connect
):
    reader, problems, done = connect(), [], threading.Event()

    def watch() -> None:
        while not done.is_set():
            try:
                found = posts(reader, "comet ")
            except Exception as error:
                problems.append(repr(error))
            else:
                if set(found) != {17, 19}:
                    problems.append(f"saw {found}")

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(4):
            with filled.rebuild(Kind.POSTS) as rebuild:
                rebuild.add(POSTS)
                rebuild.swap()
            filled.upsert(POSTS[:2])
    finally:
        done.set()
        watcher.join()
    assert problems == []


def test_many_threads_may_search_while_one_writes(filled: SearchEngine):
    problems: list[str] = []

    def watch() -> None:
        found = [posts(filled, "observatory ") for _ in range(15)]
        problems.extend(f"saw {ids}" for ids in found if 11 not in ids)

    threads = [threading.Thread(target=watch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(100, 105):
        filled.upsert([post(number, "something else")])
    for thread in threads:
        thread.join()
    assert problems == []
    assert filled.count(Kind.POSTS) == len(POSTS) + 5


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
