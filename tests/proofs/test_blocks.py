"""What is blocked is gone, at every door, with everything below it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from discover.model.actor import Handle
from discover.model.observed import CandidatesSeen, Door
from discover.model.query import Kind
from discover.model.verdict import Reason
from discover.services.consent.blocklists import (
    block_host,
    import_list,
    lists,
    preview,
    remove_list,
    unblock_host,
)
from discover.services.consent.servers import add_server
from discover.services.consent.why import explain_server
from discover.services.consent.withdraw import VISITS
from discover.services.crawl.observe import observe
from discover.services.crawl.turns import borrow_host, claim_turns
from discover.services.facts import PERSONS, load_servers
from discover.services.index.indexing import index_all
from discover.services.index.verify import verify
from discover.wire.blocklist import Block


@pytest.fixture
def filled(town):
    add_server(town.app.context, town.host, "agreed by mail")
    town.crawl()
    assert town.people() > 0
    return town


def facts(town, host):
    with town.app.context.database.read() as connection:
        return load_servers(connection, [host])[host]


def test_a_block_removes_people_and_posts_from_database_and_index(filled):
    affected = block_host(filled.app.context, filled.host, "spam")
    index_all(filled.app.context)
    assert [(one.host, one.by) for one in affected] == [(filled.host, filled.host)]
    assert affected[0].accounts > 0
    assert affected[0].posts > 0
    assert filled.people() == 0
    assert set(filled.app.context.engine.ids(Kind.ACCOUNTS)) == set()
    assert set(filled.app.context.engine.ids(Kind.POSTS)) == set()
    assert verify(filled.app.context).clean
    reasons = explain_server(filled.app.context, filled.host).decision.reasons
    assert Reason.SERVER_BLOCKED in reasons


def test_a_block_covers_what_is_below_it_and_nothing_beside_it(filled):
    block_host(filled.app.context, "lab.test", "")
    assert filled.people() == 0
    for host, blocked in {
        "lab.test": True, "a.lab.test": True, "b.a.lab.test": True, "a.lab.test:8443": True,
        "notlab.test": False, "test": False, "lab.test.example": False,
    }.items():  # fmt: skip
        assert facts(filled, host).blocked is blocked, host


def test_a_blocked_host_that_nobody_knows_is_refused_at_every_door(town):
    context = town.app.context
    block_host(context, town.host, "")
    assert town.server() is None
    assert borrow_host(context, town.host, "test", 10) is None
    found = CandidatesSeen(
        Door.DIRECTORY, (f"http://{town.host}/users/a",), (Handle("b", town.host),)
    )
    assert observe(context, [found])[0].stored == 0
    with context.database.write() as connection:
        # Somebody there had asked to be listed, by an act of their own.
        connection.execute(
            sa.insert(PERSONS).values(
                uri=f"http://{town.host}/users/a", act="in", tags=[], blocked_us=False,
                at=context.clock.now(), source="",
            )
        )  # fmt: skip
        connection.execute(
            sa.insert(VISITS).values(
                host=town.host, uri=f"http://{town.host}/users/a", door="command",
                due_at=context.clock.now(), failures=0, last_detail="",
            )
        )  # fmt: skip
    assert claim_turns(context, "test", 10, 60) == []
    town.crawl()
    assert town.people() == 0
    assert town.asked() == []


def test_a_host_that_is_added_while_it_is_blocked_stays_blocked(town):
    block_host(town.app.context, "lab.test", "")
    add_server(town.app.context, town.host, "agreed by mail")
    assert town.server().blocked
    town.crawl()
    assert town.people() == 0
    unblock_host(town.app.context, "lab.test")
    town.crawl()
    assert town.people() > 0


def test_a_dry_run_reports_what_an_import_removes_and_changes_nothing(filled):
    context = filled.app.context
    blocks = [Block("lab.test"), Block("unknown.example")]
    people, posts = filled.people(), filled.posts()
    told = preview(context, "ours", blocks)
    assert (told.hosts, told.new, told.gone) == (2, 2, 0)
    assert (told.accounts, told.posts) == (people, posts)
    assert filled.people() == people
    assert lists(context) == []
    assert import_list(context, "ours", blocks) == told
    index_all(context)
    assert filled.people() == 0
    assert [(one.name, one.hosts) for one in lists(context)] == [("ours", 2)]


def test_a_list_that_no_longer_names_a_host_unblocks_it_and_restores_nothing(filled):
    context = filled.app.context
    import_list(context, "ours", [Block(filled.host), Block("other.example")])
    again = import_list(context, "ours", [Block("other.example")])
    assert (again.new, again.gone) == (0, 1)
    assert not filled.server().blocked
    assert filled.people() == 0
    filled.crawl()
    assert filled.people() > 0


def test_two_lists_block_until_both_are_taken_back(filled):
    context = filled.app.context
    import_list(context, "one", [Block(filled.host)])
    import_list(context, "two", [Block("lab.test")])
    assert remove_list(context, "one") == 1
    assert filled.server().blocked
    assert unblock_host(context, filled.host) == (False, "two")
    assert remove_list(context, "two") == 1
    assert not filled.server().blocked
    assert remove_list(context, "two") == 0


def test_a_host_on_record_only_for_its_block_is_forgotten_with_it(town):
    context = town.app.context
    with context.database.write() as connection:
        connection.execute(
            sa.insert(VISITS).values(
                host=town.host, handle_key=f"a@{town.host}", handle=f"a@{town.host}",
                door="command", due_at=context.clock.now(), failures=0, last_detail="",
            )
        )  # fmt: skip
    block_host(context, town.host, "")
    assert town.server().blocked
    unblock_host(context, town.host)
    assert town.server() is None
