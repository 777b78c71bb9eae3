"""Each change of a verdict is remembered, with what was seen, for as long as the person is known."""

from __future__ import annotations

from discover.model.actor import ConsentSignals, Flag, Handle
from discover.model.instance import RobotsState
from discover.model.observed import ActorMissing, ActorUnchanged, Missing
from discover.services.consent.history import MOST
from discover.services.consent.retention import enforce_retention
from discover.services.consent.why import explain_account
from discover.services.consent.withdraw import forget_person, forget_server
from discover.services.talk.commands import _forget_evidence
from discover.store.tables import VerdictHistory
from tests.evidence.conftest import NO
from tests.support.site import HOST, MARTA

WHO = Handle("marta", HOST)


def history(home):
    return explain_account(home.ctx, WHO).history


def test_a_change_of_mind_is_remembered_with_what_was_seen(home):
    home.see(home.person("marta"))
    home.clock.forward(hours=5)
    home.see(home.person("marta", signals=NO))
    newest, oldest = history(home)
    assert (oldest.answers["list"], newest.answers["list"]) == ("yes", "no")
    assert newest.reasons["list"] == ("not_discoverable",)
    assert newest.seen["discoverable"] == "false"
    assert newest.at == home.clock.now()
    assert newest.source == MARTA.actor.uri
    assert newest.rule_version


def test_what_stays_the_same_makes_no_history(home):
    for _ in range(3):
        home.see(home.person("marta"))
        home.clock.forward(days=1)
    home.see(ActorUnchanged(MARTA.actor.uri, home.clock.now()))
    assert len(history(home)) == 1


def test_another_signal_with_the_same_answer_is_remembered(home):
    home.see(home.person("marta", signals=NO))
    home.see(home.person("marta", signals=ConsentSignals(indexable=Flag.TRUE)))
    newest, oldest = history(home)
    assert newest.answers == oldest.answers
    assert (oldest.seen["discoverable"], newest.seen["discoverable"]) == ("false", "absent")


def test_an_unchanged_document_of_somebody_grown_silent_is_a_change(home):
    home.see(home.person("marta"))
    home.see(home.robots(RobotsState.UNREADABLE))
    home.see(ActorUnchanged(MARTA.actor.uri, home.clock.now()))
    newest, oldest = history(home)
    assert (oldest.answers["list"], newest.answers["list"]) == ("yes", "no")
    assert newest.reasons["list"] == ("robots_unreadable",)


def test_an_account_that_is_gone_leaves_the_reason(home):
    home.see(home.person("marta"))
    home.see(ActorMissing(MARTA.actor.uri, Missing.GONE, 410, home.clock.now()))
    assert history(home)[0].reasons["list"] == ("gone",)


def test_history_is_bounded_for_each_account(home):
    other = home.person("other")
    home.see(other)
    for number in range(MOST + 10):
        home.see(home.person("marta", signals=NO) if number % 2 else home.person("marta"))
    assert len(history(home)) == MOST
    assert history(home)[0].answers["list"] == "no"
    assert len(home.rows(VerdictHistory)) == MOST + 1


def test_nothing_remains_of_somebody_who_left_for_good(home):
    home.see(home.person("marta"), home.person("other"))
    forget_person(home.ctx, WHO)
    home.see(home.person("marta"))
    assert [row.uri for row in home.rows(VerdictHistory)] == [home.person("other").actor.uri]
    assert history(home) == ()


def test_nothing_remains_of_a_server_that_left(home):
    home.see(home.person("marta"), home.person("other"))
    forget_server(home.ctx, HOST)
    assert home.rows(VerdictHistory) == []


def test_history_goes_with_the_verdict_that_time_purges(home):
    home.see(home.person("marta", signals=NO))
    home.clock.forward(days=31)
    enforce_retention(home.ctx)
    assert home.rows(VerdictHistory) == []


def test_after_a_command_to_leave_only_the_no_is_remembered(home):
    home.see(home.person("marta"))
    with home.ctx.database.write() as connection:
        _forget_evidence(home.ctx, connection, MARTA.actor.uri, home.clock.now())
    (row,) = home.rows(VerdictHistory)
    assert row.answers["list"] == ["no", "person_opted_out"]
    assert row.seen == {}
