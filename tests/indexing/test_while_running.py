"""`waypost verify` and `waypost consent audit` beside a Waypost that runs."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from discover.services.consent.audit import audit
from discover.services.consent.withdraw import VERDICTS, withdraw_account
from discover.services.index.indexing import LOCK, index_all
from discover.services.index.verify import verify
from discover.services.locks import hold
from discover.store.tables import Account


@pytest.fixture
def meanwhile(indexed, monkeypatch):
    """Something happens between the reading of the database and that of the index."""
    engine = type(indexed.ctx.engine)
    real = engine.ids

    def given(happens):
        coming = [happens]

        def ids(self, kind):
            if coming:
                coming.pop()()
            return real(self, kind)

        monkeypatch.setattr(engine, "ids", ids)

    return given


@pytest.mark.parametrize("look", [verify, audit])
def test_whoever_comes_meanwhile_is_no_difference(indexed, meanwhile, look):
    indexed.listed("ann")
    meanwhile(lambda: indexed.listed("bea"))
    assert look(indexed.ctx).clean
    assert len(indexed.raw()) == 2


@pytest.mark.parametrize("look", [verify, audit])
def test_whoever_leaves_meanwhile_is_no_difference(indexed, meanwhile, look):
    indexed.listed("ann", "bea")
    number = indexed.numbers()["ann"]

    def leave():
        with indexed.ctx.database.write() as connection:
            withdraw_account(connection, number, indexed.house.clock.now())
        index_all(indexed.ctx)

    meanwhile(leave)
    assert look(indexed.ctx).clean
    assert len(indexed.raw()) == 1


def test_what_waits_while_another_process_writes_the_index_was_not_removed_by_the_audit(indexed):
    indexed.listed("ann", "bea")
    with hold(indexed.ctx, LOCK, 60):
        with indexed.ctx.database.write() as connection:
            number = indexed.numbers()["ann"]
            withdraw_account(connection, number, indexed.house.clock.now())
        report = audit(indexed.ctx)
        assert (report.clean, report.index) == (True, "follows")
    index_all(indexed.ctx)
    report = audit(indexed.ctx)
    assert (report.clean, report.index) == (True, "compared")


def test_what_really_is_too_much_in_the_index_is_still_found(indexed):
    indexed.listed("ann", "bea")
    with indexed.ctx.database.write() as connection:
        connection.execute(
            sa.delete(Account.__table__).where(Account.__table__.c.username == "ann")
        )
    assert len(verify(indexed.ctx).surplus_accounts) == 1
    assert [one.kind for one in audit(indexed.ctx).removed] == ["index"]
    assert len(indexed.raw()) == 1


def test_an_audit_beside_the_running_embedded_edition_reports_what_it_removed(embedded):
    ann, _bea = embedded.listed("ann", "bea")
    beside = embedded.another()
    with beside.context.database.write() as connection:
        connection.execute(sa.delete(VERDICTS).where(VERDICTS.c.uri == ann.uri))
    report = audit(beside.context)
    assert [(one.kind, one.uri) for one in report.removed] == [("account", ann.uri)]
    assert report.index == "follows"
    index_all(embedded.ctx)  # as the running one does
    assert len(embedded.raw()) == 1


def test_an_audit_without_a_search_engine_reports_what_it_removed(embedded, monkeypatch):

    (ann,) = embedded.listed("ann")
    with embedded.ctx.database.write() as connection:
        connection.execute(sa.delete(VERDICTS).where(VERDICTS.c.uri == ann.uri))
    index = embedded.app.settings.home / "index"
    index.rename(index.with_name("away"))
    report = audit(embedded.ctx)
    assert [one.uri for one in report.removed] == [ann.uri]
    assert report.index == "unread"
