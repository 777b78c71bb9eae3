"""Nothing is here without evidence that allows it; what is, is found and removed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from discover.model.query import Kind
from discover.services.consent.audit import audit
from discover.services.consent.servers import add_server
from discover.services.consent.withdraw import POSTS, VERDICTS
from discover.services.facts import ACCOUNTS, BLOCKED, SERVERS
from discover.services.index.indexing import index_all
from discover.services.index.verify import verify


@pytest.fixture
def filled(town):
    town.names.put(town.txt, "v=waypost1; consent=in")
    town.check()
    town.crawl()
    assert town.posts() > 0
    return town


def change(town, *statements):
    with town.app.context.database.write() as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount > 0


def first(town, table):
    with town.app.context.database.read() as connection:
        return connection.execute(sa.select(table).order_by(table.c.id).limit(1)).one()


def test_everything_that_was_crawled_is_proven_document_by_document(filled):
    told = []
    report = audit(filled.app.context, told.append)
    assert report.clean
    assert (report.accounts, report.posts) == (filled.people(), filled.posts())
    assert sum(report.allowed_by.values()) == report.accounts
    assert set(report.allowed_by) == {"server:dns"}
    assert len(told) == report.accounts + report.posts
    assert all("discoverable=" in one.evidence for one in told if one.kind == "account")


def test_an_account_whose_flag_was_turned_over_in_the_database_is_removed(filled):
    row = first(filled, ACCOUNTS)
    change(filled, sa.update(ACCOUNTS).where(ACCOUNTS.c.id == row.id).values(
        signals={"discoverable": "false", "indexable": "true"}))  # fmt: skip
    report = audit(filled.app.context)
    assert [
        (one.kind, one.uri, one.because) for one in report.removed if one.kind == "account"
    ] == [("account", row.uri, ("not_discoverable",))]
    assert row.id not in set(filled.app.context.engine.ids(Kind.ACCOUNTS))
    assert verify(filled.app.context).clean
    assert audit(filled.app.context).clean


def test_an_account_without_a_verdict_on_record_is_removed(filled):
    row = first(filled, ACCOUNTS)
    change(filled, sa.delete(VERDICTS).where(VERDICTS.c.uri == row.uri))
    report = audit(filled.app.context)
    assert row.uri in [one.uri for one in report.removed]
    assert row.id not in set(filled.app.context.engine.ids(Kind.ACCOUNTS))


def test_a_post_that_is_not_public_is_removed(filled):
    row = first(filled, POSTS)
    change(filled, sa.update(POSTS).where(POSTS.c.id == row.id).values(audience="unlisted"))
    report = audit(filled.app.context)
    assert [(one.uri, one.because) for one in report.removed] == [(row.uri, ("unlisted",))]
    assert row.id not in set(filled.app.context.engine.ids(Kind.POSTS))


def test_a_server_whose_proof_is_on_record_nowhere_is_taken_out(filled):
    from discover.services.consent.proof_rows import PROOFS

    change(filled, sa.delete(PROOFS))
    report = audit(filled.app.context)
    assert ("server", filled.host) in [(one.kind, one.uri) for one in report.removed]
    assert filled.people() == 0
    assert set(filled.app.context.engine.ids(Kind.ACCOUNTS)) == set()


def test_a_host_that_was_blocked_behind_our_back_is_emptied(filled):
    with filled.app.context.database.write() as connection:
        connection.execute(
            sa.insert(BLOCKED).values(
                host=filled.host, source="restored", reason="", at=filled.clock.now()
            )
        )
    people = filled.people()
    report = audit(filled.app.context)
    assert sum("server_blocked" in one.because for one in report.removed) == people
    assert filled.people() == 0


def test_what_only_the_raw_index_holds_is_removed_from_it(filled):
    row = first(filled, ACCOUNTS)
    context = filled.app.context
    with context.database.write() as connection:
        connection.execute(sa.delete(POSTS).where(POSTS.c.account_id == row.id))
        connection.execute(sa.delete(ACCOUNTS).where(ACCOUNTS.c.id == row.id))
    index_all(context)
    report = audit(context)
    assert ("index", f"accounts/{row.id}") in [(one.kind, one.uri) for one in report.removed]
    assert row.id not in set(context.engine.ids(Kind.ACCOUNTS))


def test_an_operators_record_is_a_proof_and_is_named_as_one(town):
    add_server(town.app.context, town.host, "agreed by mail")
    town.crawl()
    report = audit(town.app.context)
    assert report.clean
    assert set(report.allowed_by) == {"server:operator"}
    change(town, sa.update(SERVERS).values(opt_in="none"))
    assert not audit(town.app.context).clean
    assert town.people() == 0
