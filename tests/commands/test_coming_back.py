"""Whoever left for good comes back by all their names, and nobody comes back by another's word."""

from __future__ import annotations

from discover.bootstrap import open_app
from discover.model.actor import Handle
from discover.services.consent.replay import replay
from discover.services.consent.withdraw import forget_person, unforget_person
from discover.services.crawl.visits import schedule_now
from discover.store.database import table
from discover.store.journal import Journal
from discover.store.tables import Account, Suppression
from tests.commands.conftest import Talk
from tests.commands.test_backup import copy, people
from tests.support.town import AS, HOST, housed

ANN = Handle("ann", HOST)


def known_by_id(house):
    """Ann, whose address is a number and says nothing of her handle."""
    person = house.town.service(
        "/users/9abcdef01",
        type="Person",
        preferredUsername="ann",
        discoverable=True,
        indexable=True,
        summary="<p>ann likes lighthouses</p>",
        outbox=f"https://{HOST}/users/9abcdef01/outbox",
    )
    house.town.documents[person.uri]["preferredUsername"] = "ann"
    house.town.documents[f"{person.uri}/outbox"] = {
        "@context": AS,
        "id": f"{person.uri}/outbox",
        "type": "OrderedCollection",
        "totalItems": 0,
        "orderedItems": [],
    }
    house.town.people[person.uri].name = "ann"
    return person


def alias_of(house, person):
    """Another account, which says that it is this person too."""
    return house.town.person("new", host="d.lab.test", alsoKnownAs=[person.uri])


def left_along(talk):
    """Ann left, and with her an account that says that it is she."""
    ann = talk.house.town.person("ann")
    new = alias_of(talk.house, ann)
    talk.say(ann, "in")
    talk.say(new, "in")
    forget_person(talk.house.app.context, ANN)
    return ann, new


def test_whoever_is_known_by_a_number_comes_back_by_their_handle_too(talk):
    house = talk.house
    ann = known_by_id(house)
    talk.say(ann, "in")
    assert people(house) == {"ann"}
    forget_person(house.app.context, ANN)
    assert people(house) == set()
    talk.say(ann, "in")
    assert people(house) == {"ann"}
    assert house.rows(Suppression) == []
    assert "for good" not in talk.say(ann, "status")


def test_whoever_left_by_a_handle_alone_comes_back_when_their_server_says_it_is_theirs(talk):
    house = talk.house
    forget_person(house.app.context, ANN)
    assert len(house.rows(Suppression)) == 1
    talk.say(known_by_id(house), "in")
    assert people(house) == {"ann"}
    assert house.rows(Suppression) == []


def test_flags_alone_bring_nobody_back_who_left_by_a_handle(talk):
    house = talk.house
    forget_person(house.app.context, ANN)
    known_by_id(house)
    house.opt_in()
    schedule_now(house.app.context, handles=[ANN])
    house.work()
    assert people(house) == set()


def test_the_operators_undo_lifts_every_name(talk):
    house = talk.house
    ann = house.town.person("ann")
    talk.say(ann, "in")
    forget_person(house.app.context, ANN)
    assert len(house.rows(Suppression)) == 2
    assert unforget_person(house.app.context, ANN)
    assert house.rows(Suppression) == []
    assert not unforget_person(house.app.context, ANN)
    house.opt_in()
    schedule_now(house.app.context, handles=[ANN])
    house.work()
    assert people(house) == {"ann"}


def test_an_account_that_says_it_is_somebody_does_not_take_their_no_back(talk):
    house = talk.house
    ann, new = left_along(talk)
    assert people(house) == set()
    assert len(house.rows(Suppression)) == 4
    talk.say(new, "in")
    assert people(house) == {"new"}
    hashed = {house.app.context.digest(one) for one in (ann.uri, ANN.key)}
    assert {row.digest for row in house.rows(Suppression)} == hashed


def test_who_went_along_comes_back_along(talk):
    house = talk.house
    ann, _ = left_along(talk)
    talk.say(ann, "in")
    assert house.rows(Suppression) == []


def test_who_also_left_by_themselves_does_not_come_back_along(talk):
    house = talk.house
    ann, new = left_along(talk)
    forget_person(house.app.context, Handle("new", "d.lab.test"), new.uri)
    talk.say(ann, "in")
    hashed = {house.app.context.digest(one) for one in (new.uri, "new@d.lab.test")}
    assert {row.digest for row in house.rows(Suppression)} == hashed


def test_the_operators_undo_of_an_account_that_went_along_lifts_both(talk):
    house = talk.house
    left_along(talk)
    assert unforget_person(house.app.context, Handle("new", "d.lab.test"))
    assert house.rows(Suppression) == []


def test_the_journal_keeps_together_what_left_together(talk, tmp_path):
    house = talk.house
    ann = known_by_id(house)
    talk.say(ann, "in")
    forget_person(house.app.context, ANN)
    before = {(row.digest, row.leaving) for row in house.rows(Suppression)}
    with house.app.context.database.write() as connection:
        connection.execute(table(Suppression).delete())
    written = house.app.settings.home / "withdrawn.journal"
    elsewhere = tmp_path / "elsewhere.journal"
    elsewhere.write_bytes(written.read_bytes().replace(b'"journal":"', b'"journal":"x'))
    replay(house.app.context, Journal(elsewhere))
    assert {(row.digest, row.leaving) for row in house.rows(Suppression)} == before
    talk.say(ann, "in")
    assert people(house) == {"ann"}
    assert house.rows(Suppression) == []


def test_whoever_came_back_after_leaving_for_good_is_there_after_a_restore(tmp_path):
    with housed(tmp_path / "home") as house:
        talk, ann = Talk(house), known_by_id(house)
        talk.say(ann, "in")
        copy(house.app.settings.home / "waypost.db", tmp_path / "backup.db")
        forget_person(house.app.context, ANN)
        talk.say(ann, "in")
        house.app.close()
        copy(tmp_path / "backup.db", house.app.settings.home / "waypost.db")
        house.app = open_app(house.app.settings, clock=house.clock)
        try:
            house.work()
            assert house.rows(Suppression) == []
            assert {row.username for row in house.rows(Account)} == {"ann"}
        finally:
            house.app.close()
