"""Pushes are candidates: what is stored comes from the origin and passes the consent decision."""

from __future__ import annotations

import time
from datetime import timedelta
from threading import Thread

import pytest
import sqlalchemy as sa

from discover.model.instance import RobotsState
from discover.model.observed import ServerSeen
from discover.services.consent.audit import audit
from discover.services.consent.servers import add_server
from discover.services.consent.withdraw import uncount_account
from discover.services.crawl.observe import observe
from discover.services.federation import interactions, people
from discover.store.database import table
from discover.store.tables import (
    Account,
    Interaction,
    PersonRow,
    Post,
    RemoteKey,
    Report,
    Server,
    Task,
    Visit,
)
from tests.support.town import EVERYBODY, HOST, OUR_ACTOR, activity, asked_for_themselves, dump


@pytest.fixture
def anna(house):
    """Listed, with a post that is held."""
    person = house.town.person("anna")
    house.opt_in()
    first = house.town.post(person, "A lighthouse in the fog")
    house.hear(person, "Create", house.town.documents[first], to=[EVERYBODY])
    house.hear(person, "Create", house.town.documents[first], to=[EVERYBODY])
    assert house.found("lighthouse") == [first]
    person.first = first
    return person


def note(house, uri, **more):
    return house.town.documents[uri] | more


def test_pushed_post_of_a_consenting_person_is_found(house, anna):
    uri = house.town.post(anna, "A harbour at dawn")
    house.hear(anna, "Create", note(house, uri), to=[EVERYBODY])
    assert house.found("harbour") == [uri]


def test_what_is_stored_is_what_the_origin_shows(house, anna):
    uri = house.town.post(anna, "A harbour at dawn")
    house.hear(anna, "Create", note(house, uri, content="<p>Buy turnips</p>"), to=[EVERYBODY])
    assert house.found("harbour") == [uri]
    assert house.found("turnips") == []


def test_pushed_post_that_its_origin_does_not_show_is_not_found(house, anna):
    uri = house.town.post(anna, "A harbour at dawn")
    said = note(house, uri)
    house.town.gone(uri, 404)
    house.hear(anna, "Create", said, to=[EVERYBODY])
    assert house.found("harbour") == []


def test_pushed_post_that_its_origin_calls_unlisted_is_not_found(house, anna):
    uri = house.town.post(anna, "A harbour at dawn", to=[], cc=[EVERYBODY])
    house.hear(anna, "Create", note(house, uri, to=[EVERYBODY]), to=[EVERYBODY])
    assert house.found("harbour") == []


def test_unknown_person_of_an_opted_in_server_is_asked_for_their_profile_first(house):
    house.opt_in()
    ben = house.town.person("ben")
    uri = house.town.post(ben, "Boats in the bay")
    house.hear(ben, "Create", note(house, uri), to=[EVERYBODY])
    assert house.found("ben", "accounts") == [ben.uri]
    assert house.town.asked("/statuses/") == []


def test_what_is_pushed_before_a_new_server_was_first_visited_is_not_lost(house):
    add_server(house.app.context, HOST, "its admin agreed just now")
    ben = house.town.person("ben")
    uri = house.town.post(ben, "Boats in the bay")
    house.hear(ben, "Create", note(house, uri), to=[EVERYBODY])
    assert house.found("ben", "accounts") == [ben.uri]


def test_nobody_looks_at_posts_of_a_person_whose_flags_say_no(house):
    house.opt_in()
    shy = house.town.person("shy", discoverable=False)
    uri = house.town.post(shy, "Nothing for you")
    house.hear(shy, "Create", note(house, uri), to=[EVERYBODY])
    house.hear(shy, "Create", note(house, uri), to=[EVERYBODY])
    assert house.town.asked("/statuses/") == []
    assert house.rows(Post) == house.rows(Account) == []


def test_pushes_from_a_server_that_never_opted_in_leave_no_trace(house):
    cleo = house.town.person("cleo", "b.lab.test")
    uri = house.town.post(cleo, "Nobody asked me")
    for kind in ("Create", "Update", "Like", "Announce"):
        assert house.send(cleo, kind, note(house, uri), to=[EVERYBODY]).status_code == 202
    assert house.rows(Task) == house.rows(Visit) == []
    assert house.town.asked("/statuses/") == []


def test_whom_a_push_speaks_of_is_not_forgotten_while_robots_txt_cannot_be_read(house):
    dora = house.town.person("dora")
    house.opt_in()
    with house.app.context.database.write() as connection:
        unreadable = {"robots": RobotsState.UNREADABLE.value}
        connection.execute(sa.update(table(Server)).values(**unreadable))
    house.send(dora, "Update", {"type": "Person", "id": dora.uri})
    house.tasks()
    assert [row.uri for row in house.rows(Visit)] == [dora.uri]


def read_robots(house, state):
    now = house.clock.now()
    observe(house.app.context, [ServerSeen(HOST, state, None, None, False, seen_at=now)])


def test_post_that_is_pushed_while_robots_txt_cannot_be_read_is_found_again_afterwards(house, anna):
    edited = house.town.post(anna, "A second lighthouse")
    house.hear(anna, "Create", note(house, edited), to=[EVERYBODY])
    read_robots(house, RobotsState.UNREADABLE)
    new = house.town.post(anna, "A third lighthouse")
    house.hear(anna, "Create", note(house, new), to=[EVERYBODY])
    house.hear(anna, "Update", note(house, edited), to=[EVERYBODY])
    assert house.found("lighthouse") == []
    assert audit(house.app.context).removed == []
    read_robots(house, RobotsState.ALLOWED)
    house.clock.ahead += timedelta(days=1)
    house.work()
    assert set(house.found("lighthouse")) == {anna.first, edited, new}


def test_narrowed_post_is_removed_though_robots_txt_cannot_be_read(house, anna):
    read_robots(house, RobotsState.UNREADABLE)
    house.town.documents[anna.first] |= {"to": [f"{anna.uri}/followers"], "cc": [EVERYBODY]}
    house.hear(anna, "Update", note(house, anna.first), to=[EVERYBODY])
    assert house.rows(Post) == []


def test_post_of_a_person_who_opted_in_alone_is_looked_at(house):
    cleo = house.town.person("cleo", "b.lab.test")
    uri = house.town.post(cleo, "I asked for myself")
    asked_for_themselves(house, cleo.uri)
    house.hear(cleo, "Create", note(house, uri), to=[EVERYBODY])
    assert house.town.asked("/users/cleo")


def test_edit_is_read_again_from_the_origin(house, anna):
    house.town.documents[anna.first]["content"] = "<p>A windmill in the fog</p>"
    house.hear(anna, "Update", note(house, anna.first, content="<p>Turnips</p>"))
    assert house.found("windmill") == [anna.first]
    assert house.found("lighthouse") == []


def counts(house, uri):
    """Of answers, boosts and favourites, as a Mastodon client is told."""
    account = house.client.get("/api/v1/accounts/lookup?acct=@anna@a.lab.test").json()["id"]
    posts = house.client.get(f"/api/v1/accounts/{account}/statuses").json()
    post = next(one for one in posts if one["uri"] == uri)
    return tuple(post[f"{name}_count"] for name in ("replies", "reblogs", "favourites"))


def test_counts_of_a_post_are_its_origins_and_follow_it(house, anna):
    said = {"likes": {"totalItems": 5}, "shares": {"totalItems": 2}, "replies": {"totalItems": 3}}
    uri = house.town.post(anna, "A harbour at dawn", **said)
    house.hear(anna, "Create", note(house, uri, likes={"totalItems": 999_999}), to=[EVERYBODY])
    assert counts(house, uri) == (3, 2, 5)
    house.town.documents[uri] |= {"likes": {"totalItems": 6}, "replies": {"totalItems": -1}}
    house.hear(anna, "Update", house.town.documents[uri], to=[EVERYBODY])
    assert counts(house, uri) == (0, 2, 6)
    del house.town.documents[uri]["likes"]
    house.town.documents[uri] |= {"content": "<p>A harbour at noon</p>"}
    house.hear(anna, "Update", house.town.documents[uri], to=[EVERYBODY])
    assert counts(house, uri) == (0, 2, 0)
    assert counts(house, anna.first) == (0, 0, 0)
    assert house.found("harbour") == [uri]


def test_numbers_that_no_database_holds_keep_nobody_out(house, anna):
    ben = house.town.person("ben")
    followers = f"{ben.uri}/followers"
    house.town.documents[ben.uri] |= {"followers": followers}
    house.town.documents[followers] = {
        "id": followers, "type": "OrderedCollection", "totalItems": 9_000_000_000,
    }  # fmt: skip
    uri = house.town.post(ben, "Boats in the bay", likes={"totalItems": 10**11})
    for _ in range(2):
        house.hear(ben, "Create", house.town.documents[uri], to=[EVERYBODY])
    assert house.found("boats") == [uri]
    assert house.town.asked("/followers")


def test_profile_update_that_takes_consent_back_removes_posts(house, anna):
    house.town.documents[anna.uri]["indexable"] = False
    house.hear(anna, "Update", house.town.documents[anna.uri])
    assert house.found("lighthouse") == []
    assert house.rows(Post) == []


def test_profile_update_counts_as_the_origin_shows_it(house, anna):
    house.hear(anna, "Update", house.town.documents[anna.uri] | {"indexable": False})
    assert house.found("lighthouse") == [anna.first]


def test_deleted_post_is_hidden_at_once(house, anna):
    assert house.send(anna, "Delete", {"id": anna.first, "type": "Tombstone"}).status_code == 202
    house.tasks()
    assert house.found("lighthouse") == []
    house.town.gone(anna.first)
    house.work()
    assert house.rows(Post) == []


def test_origin_has_the_last_word_on_a_deleted_post(house, anna):
    house.hear(anna, "Delete", anna.first)
    assert house.found("lighthouse") == [anna.first]


def test_third_party_cannot_delete_a_post_that_its_origin_shows(house, anna):
    mallory = house.town.person("mallory", "m.lab.test")
    forged = activity(anna, "Delete", anna.first)
    assert house.post(mallory.cavage(dump(forged))).status_code == 202
    house.tasks()
    assert house.found("lighthouse") == [anna.first]
    house.work()
    assert house.found("lighthouse") == [anna.first]


def test_forwarded_delete_makes_us_look_and_what_is_gone_goes(house, anna):
    relay = house.town.person("relay", "m.lab.test")
    house.town.gone(anna.first, 404)
    assert house.post(relay.cavage(dump(activity(anna, "Delete", anna.first)))).status_code == 202
    house.work()
    assert house.rows(Post) == []


def test_person_of_the_same_server_cannot_delete_another_ones_post(house, anna):
    eve = house.town.person("eve")
    house.send(eve, "Delete", anna.first)
    house.tasks()
    assert house.found("lighthouse") == [anna.first]


def test_deleted_account_whose_key_is_gone_goes(house, anna):
    house.town.gone(anna.uri)
    house.clock.ahead += house.app.context.rules.hide_after / 4  # no key is remembered so long
    with house.app.context.database.write() as connection:
        connection.execute(sa.delete(table(RemoteKey)))
    made = activity(anna, "Delete", anna.uri)
    assert house.post(anna.cavage(dump(made), at=house.clock.now())).status_code == 202
    house.work()
    assert house.rows(Account) == house.rows(Post) == []


def test_delete_by_a_stranger_is_heard_without_asking_for_a_key(house):
    gone = house.town.person("gone", "b.lab.test")
    assert house.send(gone, "Delete", gone.uri).status_code == 202
    assert house.rows(Task) == []
    assert house.town.asked("/users/gone") == []


def test_moved_account_is_read_again_and_its_target_looked_at(house, anna):
    new = house.town.person("maria", alsoKnownAs=[anna.uri])
    house.town.documents[anna.uri]["movedTo"] = new.uri
    house.hear(anna, "Move", anna.uri, target=new.uri)
    assert house.found("anna", "accounts") == []
    assert house.found("maria", "accounts") == [new.uri]


def test_block_hides_at_once_and_lasts(house, anna):
    assert house.send(anna, "Block", OUR_ACTOR).status_code == 202
    house.tasks()
    assert house.rows(Account) == house.rows(Post) == []
    assert house.rows(PersonRow)[0].blocked_us
    asked = len(house.town.asked("/users/anna"))
    house.hear(anna, "Create", note(house, anna.first), to=[EVERYBODY])
    assert len(house.town.asked("/users/anna")) == asked
    assert house.found("anna", "accounts") == []


def test_block_of_somebody_else_is_nothing_to_us(house, anna):
    house.hear(anna, "Block", "https://b.lab.test/users/other")
    assert house.found("lighthouse") == [anna.first]


def test_block_that_is_taken_back_lets_the_flags_decide_again(house, anna):
    block = activity(anna, "Block", OUR_ACTOR)
    assert house.post(anna.cavage(dump(block))).status_code == 202
    house.work()
    assert house.found("anna", "accounts") == []
    house.hear(anna, "Undo", block)
    assert house.found("anna", "accounts") == [anna.uri]


def test_report_is_kept_for_the_operator(house, anna):
    house.hear(anna, "Flag", [anna.uri, anna.first], content="This is <b>odd</b>")
    (report,) = house.rows(Report)
    assert report.objects == [anna.uri, anna.first]
    assert report.actor == anna.uri


def test_report_about_what_is_not_held_here_is_not_kept(house, anna):
    house.hear(anna, "Flag", ["https://elsewhere.test/users/bob"], content="Not your business")
    assert house.rows(Report) == []
    house.hear(anna, "Flag", [OUR_ACTOR], content="You are odd")
    assert len(house.rows(Report)) == 1


def test_one_server_cannot_bury_the_operator_in_reports(house, anna, monkeypatch):
    monkeypatch.setattr(people, "MOST_WAITING", 2)
    for number in range(4):
        house.hear(anna, "Flag", [anna.uri], content=f"Number {number}")
    assert [row.content for row in house.rows(Report)] == ["Number 0", "Number 1"]


@pytest.mark.parametrize("kind", ["Like", "Announce"])
def test_signal_counts_only_where_both_consent(house, anna, kind):
    ben = house.town.person("ben")
    shy = house.town.person("shy", indexable=False)
    for person in (ben, shy):
        house.hear(person, "Update", house.town.documents[person.uri])
    assert len(house.rows(Account)) == 3
    house.hear(shy, kind, anna.first)
    assert house.rows(Interaction) == []
    signal = activity(ben, kind, anna.first)
    assert house.post(ben.cavage(dump(signal))).status_code == 202
    house.hear(ben, kind, anna.first)
    assert [row.kind for row in house.rows(Interaction)] == [kind.lower()]
    house.hear(ben, "Undo", signal)
    assert house.rows(Interaction) == []


@pytest.mark.parametrize("who", ["ben", "anna"])
def test_signal_goes_with_either_side(house, anna, who):
    ben = house.town.person("ben")
    house.hear(ben, "Update", house.town.documents[ben.uri])
    house.hear(ben, "Like", anna.first)
    assert len(house.rows(Interaction)) == 1
    leaving = {"ben": ben, "anna": anna}[who]
    house.town.documents[leaving.uri]["discoverable"] = False
    house.hear(leaving, "Update", leaving.uri)
    assert house.rows(Interaction) == []


def test_signal_that_comes_while_its_giver_takes_their_yes_back_is_not_kept(
    house, anna, monkeypatch
):
    ben = house.town.person("ben")
    house.hear(ben, "Update", house.town.documents[ben.uri])
    (giver,) = [row.id for row in house.rows(Account) if row.uri == ben.uri]
    context, judge = house.app.context, interactions.judge_accounts

    def uncount():
        with context.database.write() as connection:
            uncount_account(connection, giver)

    leaving = Thread(target=uncount)

    def slowly(*given):
        judged = judge(*given)
        leaving.start()
        time.sleep(0.5)
        return judged

    monkeypatch.setattr(interactions, "judge_accounts", slowly)
    house.hear(ben, "Like", anna.first)
    leaving.join()
    assert house.rows(Interaction) == []


def test_activity_counts_once_however_often_it_comes(house, anna):
    made = activity(anna, "Flag", anna.uri)
    for _ in range(3):
        assert house.post(anna.cavage(dump(made))).status_code in (202, 401)
        house.clock.ahead += house.app.context.rules.hide_after / 10_000
    house.work()
    assert len(house.rows(Report)) == 1
