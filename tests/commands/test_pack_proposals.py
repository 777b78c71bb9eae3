"""Starter packs that people propose: who is asked, and who is shown when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from discover.services.find.pack_proposals import QUIET
from discover.services.find.packs import find_pack, hide_pack, keep_pack, picked_packs
from discover.store.tables import PackMember
from discover.wire.text import html_text
from tests.support.remote import Person
from tests.support.town import OUR_ACTOR


@pytest.fixture
def people(talk) -> dict[str, Person]:
    """Four who are listed because their server is in, and a shy one who is not."""
    talk.house.opt_in()
    made = {}
    for name in ("ann", "bob", "cyd", "dan", "shy"):
        person = made[name] = talk.town.person(name, discoverable=name != "shy")
        outbox = talk.town.documents[f"{person.uri}/outbox"]
        outbox["orderedItems"] = [talk.town.documents[talk.town.post(person, "A lighthouse")]]
        talk.house.send(person, "Update", talk.town.documents[person.uri])
    talk.house.work()
    return made


def tell(talk, person: Person, text: str, **more) -> dict[str, str]:
    """The texts of what our actor then sends, by the name of whom it sends them to."""
    before = len(talk.answers())
    note = talk.note(person, text, **more)
    assert talk.house.send(person, "Create", note, to=note["to"], cc=note["cc"]).status_code == 202
    talk.house.work()
    return {
        sent["to"][0].rpartition("/")[2]: html_text(sent["object"]["content"])
        for sent in talk.answers()[before:]
    }


def handles(people: dict[str, Person], *names: str) -> str:
    return " ".join(f"{name}@{people[name].host}" for name in names)


def propose(talk, people, *names: str, by: str = "ann", pack: str = "night-sky") -> dict[str, str]:
    return tell(talk, people[by], f"pack {pack} {handles(people, *names)}")


def shown(talk, pack: str = "night-sky") -> list[str] | None:
    found = find_pack(talk.house.app.context, pack)
    return None if found is None else sorted(one.handle.split("@")[0] for one in found.members)


def listed_packs(talk) -> list[str]:
    return [slug for slug, _, _ in picked_packs(talk.house.app.context)]


def test_everybody_who_is_named_is_asked_and_shown_only_after_their_own_yes(talk, people):
    sent = propose(talk, people, "bob", "cyd")
    assert set(sent) == {"ann", "bob", "cyd"}
    assert "night-sky" in sent["bob"]
    assert "ann@" in sent["bob"]
    assert shown(talk) is None
    assert listed_packs(talk) == []

    assert "you are shown" in tell(talk, people["bob"], "yes")["bob"]
    assert shown(talk) is None, "one alone is no pack"
    tell(talk, people["cyd"], "Ja, bitte!")
    assert shown(talk) == ["bob", "cyd"], "and not who proposed it"
    assert listed_packs(talk) == ["night-sky"]


def test_being_found_at_all_is_no_yes_to_what_somebody_else_proposed(talk, people):
    for name in ("bob", "cyd"):
        tell(talk, people[name], "in")
    propose(talk, people, "bob", "cyd")
    assert shown(talk) is None


def test_who_proposes_a_pack_is_in_it_by_naming_themselves(talk, people):
    assert set(propose(talk, people, "ann", "bob")) == {"ann", "bob"}
    tell(talk, people["bob"], "yes")
    assert shown(talk) == ["ann", "bob"]


def test_people_who_are_mentioned_properly_are_asked_too(talk, people):
    bob, cyd = people["bob"], people["cyd"]
    links = " ".join(
        f'<span class="h-card"><a href="{one.uri}" class="u-url mention">@{one.name}</a></span>'
        for one in (bob, cyd)
    )
    tags = [{"type": "Mention", "href": uri} for uri in (OUR_ACTOR, bob.uri, cyd.uri)]
    sent = tell(
        talk, people["ann"], f"pack night-sky {links}", tag=tags, to=[OUR_ACTOR, bob.uri, cyd.uri]
    )
    assert set(sent) == {"ann", "bob", "cyd"}


def test_who_is_not_listed_or_said_no_is_never_written_to(talk, people):
    tell(talk, people["bob"], "pack out")
    tell(talk, people["cyd"], "leave night-sky")
    tell(talk, people["dan"], "out")
    sent = propose(talk, people, "bob", "cyd", "dan", "shy")
    assert set(sent) == {"ann"}
    assert "I ask those of them whom I may ask" in sent["ann"], "and who said no is not told"
    assert talk.house.rows(PackMember) == []


def test_a_no_is_for_good(talk, people):
    propose(talk, people, "bob")
    assert "for good" in tell(talk, people["bob"], "no")["bob"]
    assert set(propose(talk, people, "bob")) == {"ann"}
    assert "you are shown" not in str(tell(talk, people["bob"], "yes"))


def test_nobody_is_asked_twice_or_for_two_packs_in_a_month(talk, people):
    propose(talk, people, "bob", "cyd")
    assert set(propose(talk, people, "bob", "dan")) == {"ann", "dan"}
    assert set(propose(talk, people, "bob", by="cyd", pack="seaside")) == {"cyd"}
    long_ago = talk.house.clock.now() - QUIET - timedelta(days=1)
    talk.house.change(PackMember, asked_at=long_ago)
    assert set(propose(talk, people, "bob")) == {"ann"}, "never twice for the same pack"
    assert set(propose(talk, people, "bob", by="dan", pack="harbours")) == {"bob", "dan"}


def test_yes_means_nothing_unless_somebody_asked(talk, people):
    assert "I did not understand" in tell(talk, people["bob"], "yes")["bob"]
    assert talk.house.rows(PackMember) == []


def test_a_member_leaves_by_command_and_by_leaving_altogether(talk, people):
    propose(talk, people, "bob", "cyd", "dan")
    for name in ("bob", "cyd", "dan"):
        tell(talk, people[name], "yes")
    assert shown(talk) == ["bob", "cyd", "dan"]
    tell(talk, people["bob"], "leave night-sky")
    assert shown(talk) == ["cyd", "dan"]
    tell(talk, people["cyd"], "out")
    assert shown(talk) is None
    assert len(talk.house.rows(PackMember)) == 1


def test_only_who_is_listed_may_propose_and_only_a_few(talk, people):
    said = propose(talk, people, "bob", by="shy")
    assert set(said) == {"shy"}
    assert "Only people whose profile can be found" in said["shy"]
    propose(talk, people, "bob")
    assert "enough for now" in propose(talk, people, "cyd", pack="seaside")["ann"]
    assert "not yours" in propose(talk, people, "cyd", by="dan")["dan"]
    keep_pack(talk.house.app.context, "keepers", "Keepers")
    assert "not yours" in propose(talk, people, "cyd", by="dan", pack="keepers")["dan"]
    assert "small letters" in propose(talk, people, "cyd", by="dan", pack="topic-x")["dan"]
    assert "Name the people" in tell(talk, people["dan"], "pack seaside")["dan"]


def test_a_pack_that_the_operator_hides_is_shown_to_nobody(talk, people):
    ctx = talk.house.app.context
    propose(talk, people, "ann", "bob")
    tell(talk, people["bob"], "yes")
    assert hide_pack(ctx, "night-sky", hidden=True)
    assert shown(talk) is None
    assert listed_packs(talk) == []
    assert talk.house.client.get("/packs/night-sky").status_code == 404
    assert talk.house.client.get("/packs/night-sky/following.csv").status_code == 404
    hide_pack(ctx, "night-sky", hidden=False)
    assert shown(talk) == ["ann", "bob"]
