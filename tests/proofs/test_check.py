"""An admin says something, somewhere; a check finds it, and it takes effect at once."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from discover.model.query import Kind
from discover.policy.proofs import GRACE
from discover.proving import prove, prove_due
from discover.services.consent.blocklists import block_host
from discover.services.consent.contacts import ContactAnswer, contact_said
from discover.services.consent.proof_rows import PROOFS, slowest
from discover.services.consent.servers import add_server, remove_server
from discover.services.consent.why import explain_server
from discover.services.consent.withdraw import forget_server
from discover.services.crawl.turns import borrow_host
from discover.services.federation.relays import consent_ended
from discover.services.index.verify import verify
from discover.store.database import table
from discover.store.tables import Follower
from tests.proofs.conftest import FILE
from tests.support.cluster import until
from tests.support.nameserver import SERVFAIL, SILENCE

IN = "v=waypost1; consent=in"
OUT = "v=waypost1; consent=out"
FOLLOWERS = table(Follower)
FILE_IN = '{"v": "waypost1", "consent": "in"}'
FILE_OUT = '{"v": "waypost1", "consent": "out"}'


def finding(check, what):
    return next(one for one in check.findings if one.what == what)


def test_a_server_that_says_nothing_stays_out_and_leaves_no_trace(town):
    found = town.check()
    assert found.answer == "none"
    assert town.server() is None
    assert finding(found, "dns").found == "nothing"
    assert finding(found, "well-known").found == "nothing"
    with town.app.context.database.read() as connection:
        assert connection.execute(sa.select(PROOFS)).all() == []


def test_a_dns_record_opts_a_server_in_and_its_people_are_found(town):
    town.names.put(town.txt, ["v=waypost1; ", "consent=in"])
    found = town.check()
    assert (found.answer, found.proof.value) == ("in", "dns")
    assert town.server().opt_in == "dns"
    town.crawl()
    assert town.people() > 0
    assert verify(town.app.context).clean


def test_what_was_said_where_is_shown_as_evidence(town):
    town.names.put(town.txt, IN + "; scope=profiles")
    town.check()
    shown = explain_server(town.app.context, town.host).evidence
    statement = next(one for one in shown if one.what == "statement")
    assert (statement.source, statement.seen["consent"], statement.seen["scope"]) == (
        "dns", "in", "profiles",
    )  # fmt: skip


def test_a_relay_that_is_undone_leaves_the_other_proofs_standing(town):
    context, now = town.app.context, town.clock.now()
    actor = f"http://{town.host}/actor"
    relay = {"actor": actor, "host": town.host, "inbox": actor, "follow_id": actor, "at": now}
    town.names.put(town.txt, IN)
    with context.database.write() as connection:
        connection.execute(sa.insert(FOLLOWERS).values(**relay, public=True, relay=True))
    assert town.check().proof.value == "relay"
    for proof in ("dns", "none"):
        with context.database.write() as connection:
            row = connection.execute(sa.select(FOLLOWERS)).first()
            connection.execute(sa.delete(FOLLOWERS))
            if row is not None:
                consent_ended(context, connection, row, now)
        assert town.check().proof.value == proof
        town.names.remove(town.txt)
        town.check()
        town.clock.ahead = GRACE * 2
    assert town.server() is None


def test_a_file_on_the_server_opts_it_in(town):
    town.publish(FILE_IN)
    found = town.check()
    assert (found.answer, found.proof.value) == ("in", "well-known")
    assert town.server().software == "mastodon"


def test_a_check_asks_the_host_for_its_fixed_addresses_only(town):
    town.publish(FILE_IN)
    town.check()
    asked = town.asked()
    assert FILE in asked
    fixed = ("/robots.txt", "/.well-known/", "/nodeinfo/", "/api/v1/instance", "/api/v2/instance")
    assert all(path.startswith(fixed) for path in asked), asked
    assert len(asked) <= 6


@pytest.mark.parametrize("text", ["<!doctype html>", "[]", '{"consent": "in"}', "in", ""])
def test_a_file_that_is_no_statement_opts_nobody_in(town, text):
    town.publish(text)
    assert town.check().answer == "none"


def test_a_file_that_is_on_another_host_proves_nothing(town):
    other = next(row["host"] for row in town.lab.hosts() if row["host"] != town.host)
    town.lab.rude("body", host=other, path=FILE, text=FILE_IN, type="application/json")
    town.lab.rude("elsewhere", host=town.host, path=FILE, to=f"http://{other}{FILE}")
    assert town.check().answer == "none"
    assert FILE not in [row["path"] for row in town.lab.log(other)]


def test_out_wins_over_in_wherever_it_is_said_and_everything_goes_at_once(town):
    town.names.put(town.txt, IN)
    town.check()
    town.crawl()
    assert town.people()
    town.publish(FILE_OUT)
    found = town.check()
    assert found.answer == "out"
    assert town.server().opted_out
    assert town.people() == 0
    assert set(town.app.context.engine.ids(Kind.ACCOUNTS)) == set()
    add_server(town.app.context, town.host, "the operator may not overrule it")
    assert town.server().opted_out


def test_an_out_that_becomes_an_in_brings_the_server_back(town):
    town.names.put(town.txt, OUT)
    assert town.check().answer == "out"
    town.names.put(town.txt, IN)
    assert town.check().answer == "in"
    assert not town.server().opted_out


def test_the_operators_record_of_an_out_stays_whatever_the_proofs_say(town):
    forget_server(town.app.context, town.host)
    town.names.put(town.txt, IN)
    assert town.check().answer == "out"
    assert town.server().opted_out


def test_profiles_only_takes_the_posts_away_and_leaves_the_people(town):
    town.names.put(town.txt, IN)
    town.check()
    town.crawl()
    people = town.people()
    assert town.posts() > 0
    town.names.put(town.txt, IN + "; scope=profiles")
    found = town.check()
    assert found.scope.value == "profiles"
    assert town.posts() == 0
    assert town.people() == people
    assert verify(town.app.context).clean
    town.names.put(town.txt, IN)
    town.check()
    town.crawl()
    assert town.posts() > 0


def test_a_proof_that_is_gone_ends_the_opt_in_after_its_grace(town):
    town.names.put(town.txt, IN)
    town.check()
    town.crawl()
    town.names.remove(town.txt)
    found = town.check()
    assert found.answer == "in"
    assert "counts until" in " ".join(found.means)
    town.clock.ahead = GRACE - timedelta(minutes=5)
    town.check()
    assert town.people() > 0
    town.clock.ahead = GRACE + timedelta(minutes=5)
    assert town.check().answer == "none"
    assert town.server() is None
    assert town.people() == 0
    assert set(town.app.context.engine.ids(Kind.ACCOUNTS)) == set()


def test_a_proof_that_comes_back_within_its_grace_is_as_good_as_before(town):
    town.names.put(town.txt, IN)
    town.check()
    town.names.remove(town.txt)
    town.check()
    town.names.put(town.txt, IN)
    town.check()
    town.clock.ahead = GRACE * 2
    assert town.check().answer == "in"


@pytest.mark.parametrize("how", [SERVFAIL, SILENCE])
def test_a_dns_failure_neither_ends_nor_prolongs_anything(town, how):
    town.names.put(town.txt, IN)
    town.check()
    town.names.fail(town.txt, how)
    town.clock.ahead = GRACE * 2
    assert finding(town.check(), "dns").found == "unknown"
    assert town.server().opt_in == "dns"
    town.names.remove(town.txt)
    town.check()
    town.names.fail(town.txt, how)
    town.clock.ahead = GRACE * 3 + timedelta(hours=1)
    assert town.check().answer == "none"


@pytest.mark.parametrize("status", [500, 503, 403, 429])
def test_a_file_that_cannot_be_had_just_now_changes_nothing(town, status):
    town.publish(FILE_IN)
    town.check()
    town.publish("busy", status)
    town.clock.ahead = GRACE * 2
    assert finding(town.check(), "well-known").found == "unknown"
    assert town.server().opt_in == "well-known"


def test_robots_that_names_us_puts_the_server_out(town):
    town.names.put(town.txt, IN)
    town.check()
    town.crawl()
    assert town.people()
    town.lab.rude("robots", host=town.host, path="/robots.txt")
    found = town.check()
    assert found.answer == "out"
    assert finding(found, "robots.txt").found == "out"
    assert town.people() == 0


def test_robots_that_cannot_be_read_at_a_bad_moment_hides_nobody(town):
    town.names.put(town.txt, IN)
    town.check()
    town.crawl()
    town.lab.rude("status", host=town.host, path="/robots.txt", status=503)
    town.check()
    assert town.server().robots == "allowed"


def test_a_blocked_host_is_not_asked_and_cannot_opt_in(town):
    town.names.put(town.txt, IN)
    block_host(town.app.context, "lab.test", "all of it")
    found = town.check()
    assert found.answer == "blocked"
    assert town.names.asked == []
    assert town.asked() == []
    assert town.server() is None


def test_the_rate_an_admin_states_slows_the_crawl_down(town):
    town.names.put(town.txt, IN + "; rate=30")
    town.check()
    with town.app.context.database.read() as connection:
        assert slowest(connection, town.host, None) == 2.0
        assert slowest(connection, town.host, 5.0) == 5.0


def test_the_operator_takes_a_server_out_that_its_proof_had_brought_in(town):
    town.names.put(town.txt, IN)
    town.check()
    town.crawl()
    assert remove_server(town.app.context, town.host) > 0
    assert town.server() is None
    assert asyncio.run(prove_due(town.app.context, {})) == []


def test_proofs_are_looked_at_again_by_themselves_when_they_are_due(town):
    add_server(town.app.context, town.host, "agreed by mail")
    town.names.put(town.txt, OUT)
    assert asyncio.run(prove_due(town.app.context, {})) == [town.host]
    assert town.server().opted_out
    assert asyncio.run(prove_due(town.app.context, {})) == []
    town.clock.ahead = timedelta(hours=6, minutes=1)
    assert asyncio.run(prove_due(town.app.context, {})) == [town.host]


def test_a_host_that_a_killed_worker_was_at_is_looked_at_by_the_next_at_once(town):
    add_server(town.app.context, town.host, "agreed by mail")
    town.names.put(town.txt, OUT)
    with subprocess.Popen([sys.executable, "-c", ""]) as killed:
        killed.wait()
    owner = f"{socket.gethostname()}:{killed.pid}:abcd"
    assert borrow_host(town.app.context, town.host, owner, 70) is not None
    assert asyncio.run(prove_due(town.app.context, {})) == []
    stop = threading.Event()
    working = threading.Thread(target=prove, args=(town.app, stop))
    working.start()
    try:
        until(lambda: town.server().opted_out, 20, "its admin's word is heard")
    finally:
        stop.set()
        working.join()


# The contact account


def say(town, actor, word):
    with town.app.context.database.write() as connection:
        return contact_said(town.app.context, connection, actor, word)


def publish_contact(town, uri):
    account = f'{{"contact": {{"account": {{"uri": "{uri}", "username": "admin"}}}}}}'
    town.lab.rude(
        "body", host=town.host, path="/api/v2/instance", text=account, type="application/json"
    )


def test_the_contact_that_the_server_names_opts_it_in_and_out(town):
    admin = f"http://{town.host}/users/admin"
    publish_contact(town, admin)
    assert say(town, admin, "in") is ContactAnswer.LOOKING
    assert town.server() is None
    asyncio.run(prove_due(town.app.context, {}))
    assert town.server().opt_in == "contact"
    town.crawl()
    assert town.people() > 0
    assert say(town, admin, "out") is ContactAnswer.DONE
    assert town.server().opted_out
    assert town.people() == 0
    assert say(town, admin, "profiles") is ContactAnswer.DONE
    assert (town.server().opted_out, town.server().scope) == (False, "profiles")


def test_somebody_else_on_the_server_opts_nobody_in_or_out(town):
    publish_contact(town, f"http://{town.host}/users/admin")
    say(town, f"http://{town.host}/users/guest", "in")
    asyncio.run(prove_due(town.app.context, {}))
    assert town.server() is None
    assert asyncio.run(prove_due(town.app.context, {})) == []
    add_server(town.app.context, town.host, "agreed by mail")
    say(town, f"http://{town.host}/users/guest", "out")
    asyncio.run(prove_due(town.app.context, {}))
    assert not town.server().opted_out


def test_a_contact_on_another_host_speaks_for_nobody(town):
    stranger = "http://elsewhere.lab.test/users/admin"
    publish_contact(town, stranger)
    say(town, stranger, "in")
    asyncio.run(prove_due(town.app.context, {}))
    assert town.server() is None
    assert town.server("elsewhere.lab.test") is None


def test_a_contact_who_is_none_any_more_ends_the_opt_in_after_the_grace(town):
    admin = f"http://{town.host}/users/admin"
    publish_contact(town, admin)
    say(town, admin, "in")
    asyncio.run(prove_due(town.app.context, {}))
    town.lab.polite(town.host)
    publish_contact(town, f"http://{town.host}/users/successor")
    assert town.check().answer == "in"
    town.clock.ahead = GRACE + timedelta(minutes=1)
    assert town.check().answer == "none"
    assert town.server() is None
