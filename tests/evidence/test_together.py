"""What is seen together is judged as if one came after the other."""

from __future__ import annotations

from dataclasses import replace

from discover.model.actor import Handle
from discover.model.observed import ActorMissing, CandidatesSeen, Door, Missing, PostMissing
from discover.model.verdict import Reason
from discover.services.consent.withdraw import forget_person
from discover.store.tables import Account, Post, VerdictHistory, VerdictRow, Visit
from tests.evidence.conftest import NO
from tests.support.site import HOST, post, posts


def listed(home):
    return {row.username for row in home.rows(Account)}


def test_of_two_words_in_one_batch_the_later_one_counts(home):
    yes, no = home.person("marta"), home.person("marta", signals=NO)
    outcomes = home.see(yes, no)
    assert [one.stored for one in outcomes] == [1, 0]
    assert listed(home) == set()
    assert len(home.rows(VerdictHistory)) == 2
    home.see(no, yes)
    assert listed(home) == {"marta"}


def test_each_of_many_who_are_seen_together_gets_an_answer_of_their_own(home):
    names = ["anna", "shy", "bela", "cara"]
    seen = [home.person(name, **({"signals": NO} if name == "shy" else {})) for name in names]
    outcomes = home.see(*seen)
    assert [one.stored for one in outcomes] == [1, 0, 1, 1]
    assert listed(home) == {"anna", "bela", "cara"}
    assert len(home.rows(VerdictRow)) == 4


def test_posts_between_a_yes_and_a_no_of_one_batch_are_not_kept(home):
    marta = home.person("marta")
    home.see(marta, posts(marta, post(marta, 1, "clear skies")), home.person("marta", signals=NO))
    assert home.rows(Post) == []


def test_a_post_that_is_gone_within_its_batch_is_not_kept(home):
    marta = home.person("marta")
    written = post(marta, 1, "clear skies")
    home.see(marta, posts(marta, written), PostMissing(written.uri, home.clock.now()))
    assert home.rows(Post) == []
    assert listed(home) == {"marta"}


def test_who_is_gone_within_a_batch_that_first_saw_them_is_not_kept(home):
    marta = home.person("marta")
    gone = ActorMissing(marta.actor.uri, Missing.GONE, 410, home.clock.now())
    outcomes = home.see(marta, gone)
    assert [one.stored for one in outcomes] == [1, 0]
    assert outcomes[1].removed == 1
    assert listed(home) == set()


def test_who_left_is_refused_under_every_address_that_one_batch_has_for_their_handle(home):
    forget_person(home.ctx, Handle("marta", HOST))
    old, new = home.person("marta"), home.person("marta2")
    new = replace(new, handle=old.handle)
    for outcome in home.see(old, new, home.person("anna"))[:2]:
        assert outcome.verdict.list.reasons == (Reason.SUPPRESSED,)
    assert listed(home) == {"anna"}
    assert {row.handle_key for row in home.rows(VerdictRow)} == {f"anna@{HOST}"}


def test_who_turns_out_to_have_left_gets_no_appointment_by_another_door(home):
    before = home.person("before")
    home.see(before)
    forget_person(home.ctx, before.handle)
    now = home.person("marta", also_known_as=(before.actor.uri,))
    mention = CandidatesSeen(Door.MENTION, uris=(now.actor.uri,), handles=(now.handle,))
    home.see(now, mention)
    assert listed(home) == set()
    assert [row for row in home.rows(Visit) if row.uri == now.actor.uri or row.handle_key] == []
