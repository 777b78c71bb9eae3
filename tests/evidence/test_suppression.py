"""Who left for good stays away under every name and by every door, before anything is fetched."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from discover.model.actor import Handle
from discover.model.observed import ActorMissing, CandidatesSeen, Door, Missing
from discover.model.verdict import Reason
from discover.policy.consent import PersonAct
from discover.services.consent.withdraw import forget_person
from discover.services.consent.your_data import your_data
from discover.services.crawl.turns import claim_turns
from discover.services.crawl.visits import schedule_now
from discover.store.database import table, upsert
from discover.store.tables import Account, Follower, PersonRow, RemoteKey, Suppression, Visit
from tests.evidence.conftest import NO, START
from tests.support.site import HOST, MARTA

WHO = Handle("marta", HOST)
URI = MARTA.actor.uri


def turns(home):
    return [due for turn in claim_turns(home.ctx, "test", 10, 60) for due in turn.accounts]


def listed(home):
    return {row.username for row in home.rows(Account)}


def appoint(home, **row):
    """An appointment, however it came about."""
    with home.ctx.database.write() as connection:
        row = {"host": HOST, "door": "push", "due_at": home.clock.now(), **row}
        upsert(connection, Visit, [row], key=["uri" if "uri" in row else "handle_key"])


def test_no_candidate_with_a_suppressed_name_gets_an_appointment(home):
    home.see(home.person("marta"))
    forget_person(home.ctx, WHO)
    home.see(CandidatesSeen(Door.MENTION, uris=(URI,), handles=(WHO,)))
    assert schedule_now(home.ctx, handles=[WHO]) == 0
    assert home.rows(Visit) == []


def test_a_boosted_post_of_who_left_gets_no_appointment(home):
    home.see(home.person("marta"))
    forget_person(home.ctx, WHO)
    other = f"https://{HOST}/users/other/statuses/1"
    home.see(CandidatesSeen(Door.BOOST, uris=(f"{URI}/statuses/1", other)))
    assert [row.uri for row in home.rows(Visit)] == [other]


def test_who_leaves_unseen_takes_the_appointments_for_their_posts_along(home):
    appoint(home, uri=f"{URI}/statuses/1", door="fasp")
    appoint(home, uri=f"https://{HOST}/users/other/statuses/1", door="fasp")
    forget_person(home.ctx, WHO)
    assert [row.uri for row in home.rows(Visit)] == [f"https://{HOST}/users/other/statuses/1"]


@pytest.mark.parametrize("row", [{"uri": URI}, {"handle_key": WHO.key, "handle": str(WHO)}])
def test_an_appointment_from_anywhere_is_not_kept_and_nothing_is_asked(home, row):
    home.see(home.person("marta"))
    forget_person(home.ctx, WHO)
    appoint(home, **row)
    appoint(home, uri=f"https://{HOST}/users/other")
    assert [due.uri for due in turns(home)] == [f"https://{HOST}/users/other"]
    assert [one.uri for one in home.rows(Visit)] == [f"https://{HOST}/users/other"]


def test_a_document_that_was_already_under_way_is_not_kept(home):
    under_way = home.person("marta")
    home.see(home.person("marta", signals=NO))
    forget_person(home.ctx, WHO)
    (outcome,) = home.see(under_way)
    assert Reason.SUPPRESSED in outcome.verdict.list.reasons
    assert listed(home) == set()
    assert home.rows(Visit) == []


def test_an_address_first_learned_from_its_document_is_suppressed_from_then_on(home):
    forget_person(home.ctx, WHO)  # nothing but the handle was known
    home.see(home.person("marta"))
    assert listed(home) == set()
    home.see(CandidatesSeen(Door.MENTION, uris=(URI,)))
    assert home.rows(Visit) == []


def test_the_account_they_moved_to_is_them(home):
    home.see(home.person("marta"))
    forget_person(home.ctx, WHO)
    new = home.person("marta2", also_known_as=(URI,))
    home.see(new)
    assert listed(home) == set()
    home.see(CandidatesSeen(Door.MENTION, uris=(new.actor.uri,), handles=(new.handle,)))
    assert home.rows(Visit) == []


def test_a_listed_account_that_says_it_is_them_goes_with_them(home):
    home.see(home.person("marta"), home.person("marta2", also_known_as=(URI,)))
    home.see(home.person("other", summary=f"I like {URI}"))
    assert forget_person(home.ctx, WHO)
    assert listed(home) == {"other"}
    home.see(home.person("marta2"))  # even when the alias is taken out
    assert listed(home) == {"other"}


def test_nobody_is_pulled_out_by_a_stranger_who_names_them(home):
    home.see(home.person("marta"), home.person("attacker", also_known_as=(URI,)))
    forget_person(home.ctx, Handle("attacker", HOST))
    assert listed(home) == {"marta"}
    home.see(home.person("marta"))
    assert listed(home) == {"marta"}


def test_an_out_follows_to_the_account_that_says_it_is_the_same_person(home):
    with home.ctx.database.write() as connection:
        row = {"uri": URI, "act": "out", "at": home.clock.now()}
        upsert(connection, PersonRow, [row], key=["uri"])
    new = home.person("marta2", also_known_as=(URI,))
    (outcome,) = home.see(new)
    assert outcome.verdict.list.reasons[0] is Reason.PERSON_OPTED_OUT
    home.see(home.person("marta2"))  # the alias is gone, the no is not
    assert listed(home) == set()
    assert {one.act for one in home.rows(PersonRow)} == {PersonAct.OUT.value}


def test_what_other_tables_know_goes_too_and_only_hashes_stay(home):
    home.see(home.person("marta"), home.person("other"))
    now = home.clock.now()
    with home.ctx.database.write() as connection:
        for user in ("marta", "other"):
            uri = f"https://{HOST}/users/{user}"
            key = {"key_id": f"{uri}#key", "actor": uri, "host": HOST, "fetched_at": now}
            upsert(connection, RemoteKey, [key], key=["key_id"])
            row = {"actor": uri, "host": HOST, "inbox": f"{uri}/inbox", "follow_id": "x", "at": now}
            upsert(connection, Follower, [row], key=["actor"])
    forget_person(home.ctx, WHO)
    with home.ctx.database.read() as connection:
        everything = ""
        for source in table(Account).metadata.sorted_tables:
            everything += str(connection.execute(sa.select(source)).all())
    assert "users/marta" not in everything
    assert WHO.key not in everything
    assert "users/other" in everything
    assert len(home.rows(Suppression)) == 2


def test_who_comes_back_by_an_act_of_their_own_under_the_new_name_has_come_back(home):
    home.see(home.person("marta"))
    forget_person(home.ctx, WHO)
    new = home.person("marta2", also_known_as=(URI,))
    with home.ctx.database.write() as connection:
        row = {"uri": new.actor.uri, "act": "in", "at": home.clock.now()}
        upsert(connection, PersonRow, [row], key=["uri"])
    home.see(new)
    assert listed(home) == {"marta2"}


def held_about_marta(home):
    return set(your_data(home.ctx, WHO, URI)["held"]) - {"suppressions"}


def gone(uri=URI):
    return ActorMissing(uri, Missing.GONE, 410, START)


def test_who_was_gone_before_they_left_leaves_no_reason_and_no_appointment(home):
    home.see(CandidatesSeen(Door.DIRECTORY, uris=(URI,)), home.person("marta"), gone(), gone())
    assert {"verdicts", "verdict_history", "visits"} <= held_about_marta(home)
    assert forget_person(home.ctx, WHO)
    assert held_about_marta(home) == set()


def test_who_left_before_anybody_saw_their_profile_leaves_nothing_under_its_address(home):
    home.see(CandidatesSeen(Door.DIRECTORY, uris=(URI,)), gone())
    assert forget_person(home.ctx, WHO)
    assert held_about_marta(home) == set()


def test_who_left_before_anything_was_known_is_not_asked_for_and_not_judged_by_address(home):
    forget_person(home.ctx, WHO)
    home.see(CandidatesSeen(Door.DIRECTORY, uris=(URI,)), gone())
    appoint(home, uri=URI)
    assert turns(home) == []
    assert held_about_marta(home) == set()


def test_the_appointments_to_posts_of_who_left_are_not_kept(home):
    home.see(home.person("marta"))
    appoint(home, uri=f"{URI}/statuses/1")
    forget_person(home.ctx, WHO)
    assert home.rows(Visit) == []


def test_who_is_listed_under_another_handle_is_looked_at_whoever_of_that_address_left(home):
    home.see(replace(home.person("marta"), handle=Handle("martha", HOST)))
    forget_person(home.ctx, WHO)
    assert URI in [due.uri for due in turns(home)]
    assert listed(home) == {"marta"}
