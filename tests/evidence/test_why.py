"""What anybody is told about a handle is what is true at this moment."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from discover.model.actor import Handle
from discover.model.instance import RobotsState
from discover.services.consent.why import explain_account
from discover.services.consent.withdraw import withdraw_account
from discover.services.find.accounts import find_account
from discover.store.database import table
from discover.store.tables import Account, Server
from tests.evidence.conftest import NO
from tests.support.site import HOST, MARTA

WHO = Handle("marta", HOST)


def said(home, who=WHO):
    return explain_account(home.ctx, who)


def leave_the_account(home):
    """As a proven Delete does: the account goes, what was decided stays on record."""
    with home.ctx.database.write() as connection:
        ids = connection.scalars(sa.select(table(Account).c.id)).all()
        for number in ids:
            withdraw_account(connection, number, home.clock.now())


def test_somebody_who_is_listed_is_told_yes(home):
    home.see(home.person("marta"))
    assert said(home).list.answer == "yes"


def test_nobody_is_told_yes_after_their_account_went(home):
    home.see(home.person("marta"))
    leave_the_account(home)
    assert find_account(home.ctx, WHO) is None
    told = said(home)
    for answer in (told.list, told.suggest, told.index_posts, told.trends):
        assert answer.answer != "yes"
    assert told.list.answer == "unknown"


def test_nobody_is_told_yes_while_robots_txt_is_unseen(home):
    home.see(home.person("marta"))
    leave_the_account(home)
    with home.ctx.database.write() as connection:
        connection.execute(sa.update(table(Server)).values(robots=RobotsState.UNSEEN.value))
    assert said(home).list.answer != "yes"


def test_a_no_that_was_seen_stays_a_no(home):
    home.see(home.person("marta", signals=NO))
    assert said(home).list.answer == "no"
    assert "not_discoverable" in said(home).list.reasons


def test_of_two_accounts_of_one_handle_the_one_that_is_shown_is_explained(home):
    """A server that was set up anew gives the same name to another address."""
    home.see(home.person("marta"))
    older = MARTA.actor.uri
    with home.ctx.database.write() as connection:
        accounts = table(Account)
        row = connection.execute(sa.select(accounts)).one()._asdict()
        newer = {**row, "id": row["id"] + 1, "uri": f"https://{HOST}/ap/1"}
        newer["evidence_at"] = home.clock.now()
        connection.execute(
            sa.update(accounts).values(evidence_at=home.clock.now() - timedelta(days=1))
        )
        connection.execute(sa.insert(accounts), newer)
    shown = find_account(home.ctx, WHO)
    assert shown.uri != older
    assert said(home).uri == shown.uri
