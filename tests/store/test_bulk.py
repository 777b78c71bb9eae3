"""Rows that go in by the short way are what SQLAlchemy's own way would have written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from discover.store.bulk import Delete, Insert
from discover.store.database import table
from discover.store.tables import Post, SeenActivity, TrendUse, Visit

POSTS, SEEN, USES = table(Post), table(SeenActivity), table(TrendUse)
NOW = datetime(2026, 11, 1, 12, 30, 15, 250_000, tzinfo=UTC)
ROW = {
    "type": "Note", "url": None, "audience": "public", "published": NOW, "updated": None,
    "title": "", "text": "100 % \"ünï\\code\" 'quoted'\n\U0001f600 東京 %s :name $1 {}", "html": "<p>",
    "content_warning": "", "sensitive": True, "language": "de", "hashtags": ['a"b', "ß"],
    "media": [["image", "https://a.test/1", None, None]], "emojis": [], "link_titles": [],
    "replies": 3, "likes": None, "shares": 0, "in_reply_to": None,
    "searchable_by": "unsaid", "opt_out_tags": [], "source_url": "", "seen_at": NOW,
    "rule_version": "1",
}  # fmt: skip
COLUMNS = ("uri", "account_id", *ROW)
USE = ("post_id", "kind", "name", "account_id", "hour", "language")


def post(name):
    return {**ROW, "uri": f"https://a.test/{name}", "account_id": len(name)}


def test_a_row_comes_back_as_sqlalchemy_itself_would_have_written_it(database):
    with database.write() as connection:
        Insert(Post, COLUMNS)(connection, [post("short"), post("other")])
        connection.execute(sa.insert(POSTS), [post("long")])
    with database.read() as connection:
        short, _, long = connection.execute(
            sa.select(*(POSTS.c[name] for name in ROW)).order_by(POSTS.c.id)
        ).all()
        stored = connection.execute(
            sa.select(*(sa.func.length(sa.cast(POSTS.c[name], sa.Text)) for name in ROW)).order_by(
                POSTS.c.id
            )
        ).all()
    assert short == long
    assert short._asdict() == ROW
    assert stored[0] == stored[2]


def test_a_row_that_is_there_is_left_as_it_is(database):
    insert = Insert(TrendUse, USE, unless=("post_id", "kind", "name"))
    with database.write() as connection:
        connection.execute(sa.insert(POSTS), [post("1")])
        number = connection.scalar(sa.select(POSTS.c.id))
        first = dict(zip(USE, (number, "tag", "cats", 1, 9, "de"), strict=True))
        insert(connection, [first])
        insert(connection, [{**first, "hour": 10}, {**first, "name": "dogs", "hour": 10}])
    with database.read() as connection:
        rows = connection.execute(sa.select(USES.c.name, USES.c.hour).order_by(USES.c.name)).all()
    assert rows == [("cats", 9), ("dogs", 10)]


def test_a_row_that_is_there_takes_the_new_values_of_some_columns(database):
    columns = ("uri", "host", "door", "due_at", "etag", "last_modified", "failures", "last_detail")
    keep = Insert(Visit, columns, unless=("uri",), update=("etag", "last_modified"))
    first = dict(zip(columns, ("u", "a.test", "boost", NOW, "1", "then", 0, ""), strict=True))
    with database.write() as connection:
        keep(connection, [first])
        keep(connection, [{**first, "door": "handle", "etag": "2", "last_modified": None}])
    with database.read() as connection:
        (row,) = connection.execute(sa.select(table(Visit))).all()
    assert (row.door, row.due_at, row.etag, row.last_modified) == ("boost", NOW, "2", None)


def test_no_rows_are_no_statement(database):
    with database.write() as connection:
        Insert(Post, COLUMNS)(connection, [])
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(POSTS)) == 0


def test_whoever_catches_a_fault_meets_sqlalchemys_own_error(database):
    insert = Insert(Post, COLUMNS)
    with pytest.raises(sa.exc.IntegrityError), database.write() as connection:
        insert(connection, [post("twice"), post("twice")])
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(POSTS)) == 0


def test_a_column_with_a_default_is_not_forgotten():
    with pytest.raises(ValueError, match=r"posts\.rule_version"):
        Insert(Post, COLUMNS[:-1])


def test_it_tells_which_rows_were_new(database):
    write_down = Insert(SeenActivity, ("digest", "at"), unless=("digest",), returning="digest")
    rows = [{"digest": f'{name}"ü', "at": NOW} for name in "abc"]
    with database.write() as connection:
        assert write_down(connection, []) == []
        assert write_down(connection, rows[:2]) == ['a"ü', 'b"ü']
        assert write_down(connection, rows) == ['c"ü']
        kept = connection.execute(sa.select(SEEN).order_by(SEEN.c.digest)).all()
    assert [row._asdict() for row in kept] == rows


def test_rows_of_any_of_many_values_go_and_all_others_stay(database):
    with database.write() as connection:
        Insert(Post, COLUMNS)(connection, [post(f"{number}") for number in range(1500)])
    ids = {uri: number for number, uri in _ids(database)}
    gone = [ids[post(f"{number}")["uri"]] for number in range(1400)]
    with database.write() as connection:
        Delete(Post, "id")(connection, gone)
        Delete(Post, "id")(connection, [])
        Delete(Post, "uri")(connection, [post("1400")["uri"], "no such"])
    left = {post(f"{number}")["uri"] for number in range(1401, 1500)}
    assert {uri for _, uri in _ids(database)} == left


def test_a_deletion_that_fails_raises_what_sqlalchemy_raises(database):
    with database.write() as connection:
        USES.drop(connection)
    with database.write() as connection, pytest.raises(sa.exc.DBAPIError, match="trend_uses"):
        Delete(TrendUse, "post_id")(connection, [1])


def _ids(database):
    with database.read() as connection:
        return connection.execute(sa.select(POSTS.c.id, POSTS.c.uri)).all()
