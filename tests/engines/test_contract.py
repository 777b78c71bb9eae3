"""What every search engine promises of its writes and rebuilds, asked of the real ones."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace

from discover.model.query import EngineQuery, Kind
from discover.ports import SearchEngine
from tests.engines.conftest import ACCOUNT_IDS, POST_IDS, Connect, only, posts
from tests.engines.corpus import ACCOUNTS, POSTS, account, post

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


def test_several_searches_at_once_are_answered_each_as_alone(filled: SearchEngine):
    queries = [
        EngineQuery(Kind.ACCOUNTS, text="astronomy "),
        EngineQuery(Kind.POSTS, text="jupiter "),
        EngineQuery(Kind.POSTS, text="jupiter nonexistentword "),
        EngineQuery(Kind.ACCOUNTS, text="nobodysword "),
    ]
    answers = filled.search_together(queries)
    assert answers == [filled.search(query) for query in queries]
    assert answers[0].hits
    assert answers[1].hits
    assert not answers[3].hits
