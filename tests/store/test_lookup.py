"""The short way to the driver gives what SQLAlchemy's own way gives, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from discover.store.database import table
from discover.store.lookup import Lookup, among, in_parts, together
from discover.store.tables import Account, Visit

ACCOUNTS, VISITS = table(Account), table(Visit)
NOW = datetime(2026, 11, 1, 12, 30, 15, 250_000, tzinfo=UTC)
COUNT = 1200  # more than one statement takes


@pytest.fixture
def database(database):
    rows = [
        {
            "uri": f"https://a.test/{number}",
            "host": "a.test" if number % 2 else "b.test",
            "handle": f"ünï{number}%@a.test",
            "fields": [["a", str(number)]],
            "signals": {"n": number},
            "hidden": number % 3 == 0,
            "posts_per_day": number / 7,
            "last_post_at": None if number % 5 == 0 else NOW - timedelta(minutes=number),
            "evidence_at": NOW,
        }
        for number in range(COUNT)
    ]
    with database.write() as connection:
        connection.execute(sa.insert(ACCOUNTS), rows)
    return database


def both(database, statement, items, **more):
    """What either way gives, in one order."""
    lookup = Lookup(statement)
    with database.read() as connection:
        short = lookup(connection, items, **more)
        long = [
            row
            for start in range(0, len(items), 500)
            for row in connection.execute(
                statement, {"among": items[start : start + 500], **more}
            ).all()
        ]
    return sorted(map(repr, map(tuple, short))), sorted(map(repr, map(tuple, long)))


def test_every_kind_of_column_comes_back_the_same(database):
    statement = sa.select(*ACCOUNTS.columns).where(among(ACCOUNTS.c.uri))
    short, long = both(database, statement, [f"https://a.test/{n}" for n in range(COUNT)])
    assert len(short) == COUNT
    assert short == long


def test_numbers_lists_and_moments_are_bound_alike(database):
    statement = sa.select(ACCOUNTS.c.uri, ACCOUNTS.c.hidden).where(
        among(ACCOUNTS.c.id),
        ACCOUNTS.c.host.in_(("a.test", "c.test")),
        ACCOUNTS.c.handle.not_in(("ünï1%@a.test", "x")),
        ACCOUNTS.c.hidden.is_(False),
        ACCOUNTS.c.uri.in_(sa.bindparam("wanted", expanding=True)),
        ACCOUNTS.c.last_post_at > sa.bindparam("since", type_=ACCOUNTS.c.last_post_at.type),
        ACCOUNTS.c.evidence_at == NOW,
        ACCOUNTS.c.handle.like("%\\%@a.test", escape="\\"),
    )
    wanted = [f"https://a.test/{n}" for n in range(40)]
    since = NOW - timedelta(minutes=30)
    short, long = both(database, statement, list(range(1, 600)), wanted=wanted, since=since)
    assert short == long
    assert 5 < len(short) < 20


def test_nothing_is_asked_for_no_items(database):
    with database.read() as connection:
        assert Lookup(sa.select(VISITS.c.id).where(among(VISITS.c.id)))(connection, []) == []


def test_several_are_answered_together_as_one_by_one(database):
    by_id = Lookup(sa.select(ACCOUNTS.c.uri, ACCOUNTS.c.fields).where(among(ACCOUNTS.c.id)))
    named = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.handle == sa.bindparam("handle"))
    asked = [
        (by_id, in_parts(range(1, COUNT + 1))),
        (by_id, []),
        (Lookup(named), [{"handle": f"ünï{n}%@a.test"} for n in (3, 5, 7)]),
    ]
    with database.read() as connection:
        found = together(connection, *asked)
        assert found == [lookup.one_by_one(connection, values) for lookup, values in asked]
    assert [len(rows) for rows in found] == [COUNT, 0, 3]


def test_an_error_of_the_driver_is_one_of_sqlalchemy(database):
    missing = sa.table("nowhere", sa.column("id"))
    lookup = Lookup(sa.select(missing.c.id).where(among(missing.c.id)))
    with pytest.raises(sa.exc.DBAPIError), database.read() as connection:
        lookup(connection, [1])
    with pytest.raises(sa.exc.DBAPIError), database.read() as connection:
        together(connection, (lookup, in_parts([1])))
