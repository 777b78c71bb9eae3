"""Who says out is out under every name that says itself that it is theirs."""

from __future__ import annotations

from discover.services.consent.servers import add_server


def pushed(talk, person):
    """A push tells of their profile, and it is looked at."""
    document = talk.town.documents[person.uri]
    assert talk.house.send(person, "Update", document).status_code == 202
    talk.house.work()


def test_an_out_of_somebody_never_listed_takes_their_listed_alias_out_at_once(talk):
    add_server(talk.house.app.context, "a.lab.test", "agreed")
    old = talk.town.person("olda", discoverable=False)
    new = talk.town.person("newa", alsoKnownAs=[old.uri])
    pushed(talk, new)
    assert talk.house.found("newa", "accounts")
    talk.say(old, "out", work=False)
    assert not talk.house.found("newa", "accounts")
    pushed(talk, new)
    assert not talk.house.found("newa", "accounts")


def test_an_alias_that_is_seen_after_the_out_is_refused(talk):
    add_server(talk.house.app.context, "a.lab.test", "agreed")
    old = talk.town.person("olda", discoverable=False)
    talk.say(old, "out")
    new = talk.town.person("newa", alsoKnownAs=[old.uri])
    pushed(talk, new)
    assert not talk.house.found("newa", "accounts")
    talk.town.documents[new.uri].pop("alsoKnownAs")
    pushed(talk, new)
    assert not talk.house.found("newa", "accounts")


def test_the_out_of_whoever_claims_a_strangers_name_leaves_the_stranger(talk):
    add_server(talk.house.app.context, "a.lab.test", "agreed")
    stranger = talk.town.person("stranger")
    pushed(talk, stranger)
    claims = talk.town.person("claims", alsoKnownAs=[stranger.uri], discoverable=False)
    talk.say(claims, "out")
    pushed(talk, stranger)
    assert talk.house.found("stranger", "accounts")


def test_who_came_in_by_their_own_word_stays_when_their_other_account_says_out(talk):
    old = talk.town.person("olda", discoverable=False)
    new = talk.town.person("newa", alsoKnownAs=[old.uri])
    talk.say(new, "in")
    assert talk.house.found("newa", "accounts")
    talk.say(old, "out")
    assert talk.house.found("newa", "accounts")
