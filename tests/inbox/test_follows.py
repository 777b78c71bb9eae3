"""Anybody may follow us. Whom we follow asked for it, and the operator allowed it."""

from __future__ import annotations

from discover.model.actor import Handle
from discover.services.consent.withdraw import forget_person
from discover.services.federation.following import reconcile
from discover.store.tables import Follower, Following
from tests.support.town import HOST, OUR_ACTOR, activity, asked_for_themselves, dump


def listed(house, name="anna"):
    person = house.town.person(name)
    house.opt_in()
    house.hear(person, "Update", person.uri)
    assert house.found(name, "accounts") == [person.uri]
    return person


def test_person_who_follows_us_is_accepted(house):
    anna = house.town.person("anna")
    house.hear(anna, "Follow", OUR_ACTOR)
    (accept,) = house.town.delivered("Accept")
    assert accept["to"] == [anna.uri]
    (row,) = house.rows(Follower)
    assert (row.actor, row.inbox, row.relay) == (anna.uri, f"{anna.uri}/inbox", False)


def test_following_us_is_no_consent_to_be_listed(house):
    anna = house.town.person("anna")
    house.hear(anna, "Follow", OUR_ACTOR)
    assert house.found("anna", "accounts") == []


def test_follow_of_somebody_else_is_nothing_to_us(house):
    anna = house.town.person("anna")
    house.hear(anna, "Follow", "https://waypost.test/users/other")
    assert house.rows(Follower) == []
    assert house.town.delivered() == []


def test_whoever_unfollows_us_is_forgotten(house):
    anna, ben = house.town.person("anna"), house.town.person("ben")
    follow = activity(anna, "Follow", OUR_ACTOR)
    house.post(anna.cavage(dump(follow)))
    house.hear(ben, "Follow", OUR_ACTOR)
    house.hear(ben, "Undo", follow)
    assert {row.actor for row in house.rows(Follower)} == {anna.uri, ben.uri}
    house.hear(anna, "Undo", follow["id"])
    assert {row.actor for row in house.rows(Follower)} == {ben.uri}


def test_nobody_is_followed_unless_the_operator_allows_it(house):
    anna = listed(house)
    asked_for_themselves(house, anna.uri)
    assert reconcile(house.app.context) == (0, 0)
    house.work()
    assert house.town.delivered("Follow") == []


def test_person_who_opted_in_is_followed_and_left_when_they_leave(new_house):
    house = new_house(follow_people=True)
    anna = listed(house)
    ben = listed(house, "ben")
    assert reconcile(house.app.context) == (0, 0), "flags alone are no deliberate act"
    asked_for_themselves(house, anna.uri)
    asked_for_themselves(house, ben.uri, "in_profile")
    assert reconcile(house.app.context) == (1, 0)
    assert reconcile(house.app.context) == (0, 0)
    house.work()
    (follow,) = house.town.delivered("Follow")
    assert follow["object"] == anna.uri
    house.hear(ben, "Accept", follow)
    assert [row.state for row in house.rows(Following)] == ["pending"]
    house.hear(anna, "Accept", follow)
    assert [row.state for row in house.rows(Following)] == ["accepted"]
    asked_for_themselves(house, anna.uri, "out")
    assert reconcile(house.app.context) == (0, 1)
    house.work()
    (undo,) = house.town.delivered("Undo")
    assert undo["object"]["id"] == follow["id"]


def test_person_who_is_forgotten_is_left(new_house):
    house = new_house(follow_people=True)
    anna = listed(house)
    asked_for_themselves(house, anna.uri)
    reconcile(house.app.context)
    forget_person(house.app.context, Handle("anna", HOST))
    reconcile(house.app.context)
    house.work()
    assert house.rows(Following) == []
    assert len(house.town.delivered("Undo")) == 1


def test_block_ends_our_follow_at_once(new_house):
    house = new_house(follow_people=True)
    anna = listed(house)
    asked_for_themselves(house, anna.uri)
    reconcile(house.app.context)
    house.hear(anna, "Block", OUR_ACTOR)
    assert house.rows(Following) == []
    assert len(house.town.delivered("Undo")) == 1


def test_person_who_rejects_us_is_not_asked_again(new_house):
    house = new_house(follow_people=True)
    anna = listed(house)
    asked_for_themselves(house, anna.uri)
    reconcile(house.app.context)
    house.work()
    house.hear(anna, "Reject", house.town.delivered("Follow")[0])
    assert reconcile(house.app.context) == (0, 0)
    assert [row.state for row in house.rows(Following)] == ["rejected"]
