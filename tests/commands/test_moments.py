"""How soon what was said takes effect."""

from __future__ import annotations

from datetime import timedelta

import pytest

from discover.model.actor import Handle
from discover.model.observed import VisitResult
from discover.policy.frontier import FORGET_AFTER_FAILURES
from discover.services.consent.withdraw import forget_person
from discover.services.crawl.turns import claim_turns, more_accounts, release
from discover.services.crawl.visits import finish_visits
from discover.store.tables import Following, PersonRow, Visit, Withdrawal
from tests.commands.conftest import Talk
from tests.support.town import OUR_ACTOR, housed


def test_a_withdrawal_by_a_message_counts_from_when_it_reached_us(talk, ann):
    talk.say(ann, "in")
    heard = talk.house.app.context.clock.now()
    note = talk.note(ann, "out")
    talk.house.send(ann, "Create", note, to=note["to"], cc=note["cc"])
    talk.house.clock.ahead += timedelta(seconds=40)  # the worker was busy
    talk.house.work()
    (row,) = [row for row in talk.house.rows(Withdrawal) if row.cause == "account"]
    assert row.known_at - heard < timedelta(seconds=30)
    assert row.hidden_at - row.known_at >= timedelta(seconds=30)


def test_who_came_in_is_followed_soon_after_their_visit(tmp_path):
    with housed(tmp_path / "home", follow_people=True) as house:
        talk, ann = Talk(house), house.town.person("ann")
        talk.say(ann, "in")
        assert house.rows(Following) == []
        house.clock.ahead += timedelta(seconds=30)
        house.work()
        assert [row.actor for row in house.rows(Following)] == [ann.uri]


def test_who_comes_in_while_their_server_stumbles_is_found_within_a_minute(talk, ann):
    talk.say(ann, "help")  # her key is known
    profile = talk.town.documents[ann.uri]
    talk.town.gone(ann.uri, 503)
    talk.say(ann, "in")
    assert talk.house.found("ann", "accounts") == []
    talk.town.documents[ann.uri] = profile
    talk.house.clock.ahead += timedelta(seconds=45)
    talk.house.work()
    assert talk.house.found("ann", "accounts") == [ann.uri]


def test_whoever_is_held_is_asked_after_however_often_their_server_fails(talk, ann):
    talk.say(ann, "in")
    (visit,) = [row for row in talk.house.rows(Visit) if row.uri == ann.uri]
    for _ in range(FORGET_AFTER_FAILURES + 1):
        finish_visits(talk.house.app.context, [VisitResult(visit.id, ok=False)])
    assert ann.uri in [row.uri for row in talk.house.rows(Visit)]


@pytest.fixture
def actor(talk):
    """A person whose URI looks like a server's, so that the server is asked about a Follow."""
    return talk.town.person("actor", "b.lab.test")


def test_who_follows_us_just_after_coming_in_is_found(talk, actor):
    talk.say(actor, "in", work=False)
    talk.house.hear(actor, "Follow", OUR_ACTOR)
    assert talk.house.found("lighthouses", "accounts") == [actor.uri]


def test_who_comes_in_while_their_server_is_asked_about_their_follow_is_found(talk, actor):
    talk.house.send(actor, "Follow", OUR_ACTOR)
    talk.house.tasks()
    ctx = talk.house.app.context
    turns = claim_turns(ctx, "a crawler", 9, 60)
    (due,) = [due for one in turns for due in one.accounts if due.uri == actor.uri]
    talk.say(actor, "in", work=False)
    began = ctx.clock.now()
    over = VisitResult(due.visit_id, ok=True, over=True, began=began, door=due.door)
    finish_visits(ctx, [over])
    for one in turns:
        release(ctx, one, None)
    talk.house.work()
    assert talk.house.found("lighthouses", "accounts") == [actor.uri]


def test_nobody_is_looked_at_before_the_robots_txt_of_their_server_was_read(talk, actor):
    """He came in while a crawler was on his server for another reason."""
    talk.house.send(actor, "Follow", OUR_ACTOR)
    talk.house.tasks()
    ctx = talk.house.app.context
    turns = claim_turns(ctx, "a crawler", 9, 60)
    (turn,) = [one for one in turns if one.host == "b.lab.test"]
    talk.say(actor, "in", work=False)
    assert more_accounts(ctx, turn, 50) == ()
    for one in turns:
        release(ctx, one, None)
    talk.house.work()
    assert talk.house.found("lighthouses", "accounts") == [actor.uri]


def minutes_ago(talk, minutes):
    return (talk.house.app.context.clock.now() - timedelta(minutes=minutes)).isoformat()


def deliver(talk, person, note):
    talk.house.send(person, "Create", note, to=note["to"], cc=note["cc"])
    talk.house.work()


def test_in_that_was_written_before_an_out_and_comes_after_it_changes_nothing(talk, ann):
    talk.say(ann, "help")  # her key is known
    early = talk.note(ann, "in", published=minutes_ago(talk, 3))
    talk.say(ann, "out", published=minutes_ago(talk, 2))
    deliver(talk, ann, early)
    assert [row.act for row in talk.house.rows(PersonRow)] == ["out"]
    assert talk.house.found("ann", "accounts") == []


def test_in_that_was_written_after_an_out_counts_at_once(talk, ann):
    talk.say(ann, "out", published=minutes_ago(talk, 2))
    talk.say(ann, "in", published=minutes_ago(talk, 1))
    assert talk.house.found("ann", "accounts") == [ann.uri]


def test_in_that_was_written_before_a_removal_and_comes_after_it_changes_nothing(talk, ann):
    talk.say(ann, "in", published=minutes_ago(talk, 5))
    early = talk.note(ann, "in", published=minutes_ago(talk, 4))
    forget_person(talk.house.app.context, Handle("ann", "a.lab.test"))
    deliver(talk, ann, early)
    assert talk.house.found("ann", "accounts") == []
    talk.house.clock.ahead += timedelta(minutes=1)
    talk.say(ann, "in")
    assert talk.house.found("ann", "accounts") == [ann.uri]
