"""Who says no is gone: from the answers at once, from the raw index with the next batch."""

from __future__ import annotations

from datetime import timedelta

import pytest

from discover.model.actor import Handle
from discover.model.query import Kind
from discover.services.consent.retention import enforce_retention
from discover.services.consent.servers import remove_server
from discover.services.consent.why import explain_account, explain_server
from discover.services.consent.withdraw import forget_person, forget_server, unforget_person
from discover.services.find.accounts import find_account
from discover.services.index import outbox
from discover.services.index.indexing import index_all
from discover.services.index.verify import verify

ROBOTS_FOR_US = "User-agent: Waypost\nDisallow: /\n"


@pytest.fixture
def trip(journey):
    """A crawled world."""
    made = journey(accounts=60, seed=11)
    made.opt_in_all()
    made.crawl()
    return made


def somebody(trip, software="mastodon"):
    """A listed person of that software whose posts are indexed."""
    posts = trip.posts()
    for row in trip.lab.truth()["accounts"]:
        if (
            row["software"] == software
            and row["uri"] in trip.listed()
            and row["expect"]["posts_indexed"]
            and sum(uri.startswith(row["uri"] + "/") for uri in posts) > 1
        ):
            return row
    raise AssertionError(f"nobody on {software} is listed with posts")


def assert_gone(trip, person, kept_id):
    """Nothing of them anywhere: database, answers, raw index."""
    handle = person["handle"]
    assert person["uri"] not in trip.listed()
    assert not any(uri.startswith(person["uri"] + "/") for uri in trip.posts())
    assert not trip.found(handle)
    assert find_account(trip.app.context, Handle.parse(handle)) is None
    assert kept_id not in trip.raw(Kind.ACCOUNTS)
    assert verify(trip.app.context).clean


@pytest.mark.parametrize(
    "change",
    [
        {"discoverable": False},
        {"bio": "Stars and tea. #nobot"},
        {"bio": "Stars and tea. #NoIndex"},
        {"gone": "404"},
        {"gone": "410"},
        {"suspended": True},
        {"memorial": True},
        {"noindex": True},
    ],
    ids=lambda change: "-".join(f"{k}={str(v)[-8:]}" for k, v in change.items()),
)
def test_a_withdrawal_seen_at_the_origin_removes_account_and_posts(trip, change):
    person = somebody(trip)
    kept_id = trip.id_of(person["handle"])
    assert trip.found(person["handle"])
    trip.lab.change(person["handle"], **change)
    trip.visit_again(person["host"])
    assert_gone(trip, person, kept_id)
    verdict = explain_account(trip.app.context, Handle.parse(person["handle"]))
    assert verdict.list.answer == "no"


def test_indexable_switched_off_removes_the_posts_and_keeps_the_profile(trip):
    person = somebody(trip)
    trip.lab.change(person["handle"], indexable=False)
    trip.visit_again(person["host"])
    assert person["uri"] in trip.listed()
    assert not any(uri.startswith(person["uri"] + "/") for uri in trip.posts())
    assert verify(trip.app.context).clean


def test_a_post_edited_to_unlisted_is_gone_and_so_is_a_deleted_one(trip):
    person = somebody(trip)
    edited, deleted = [u for u in sorted(trip.posts()) if u.startswith(person["uri"] + "/")][-2:]
    trip.lab.change_post(edited, audience="unlisted")
    trip.lab.change_post(deleted, deleted=True)
    trip.visit_again(person["host"])
    assert edited not in trip.posts()
    assert deleted not in trip.posts()
    assert verify(trip.app.context).clean


def test_a_new_post_is_found_after_the_next_visit(trip):
    person = somebody(trip)
    uri = trip.lab.write(person["handle"], "Quokkas at the zwirbelturm, who knew?")
    trip.visit_again(person["host"])
    assert uri in trip.posts()
    assert [post.uri for post in trip.search("zwirbelturm", "posts").posts] == [uri]


def test_robots_txt_that_names_us_removes_the_whole_server(trip):
    person = somebody(trip)
    kept_id = trip.id_of(person["handle"])
    trip.lab.change_host(person["host"], robots="forbids-us")
    trip.visit_again(person["host"])
    assert_gone(trip, person, kept_id)
    assert explain_server(trip.app.context, person["host"]).decision.answer == "no"


def test_a_server_error_at_robots_txt_hides_its_people_until_it_is_over(trip):
    person = somebody(trip)
    kept_id = trip.id_of(person["handle"])
    trip.lab.change_host(person["host"], robots="error")
    trip.visit_again(person["host"])
    assert not trip.found(person["handle"])
    assert kept_id not in trip.raw(Kind.ACCOUNTS)
    trip.lab.change_host(person["host"], robots="shipped")
    trip.clock.ahead += timedelta(hours=2)
    trip.visit_again(person["host"])
    assert trip.found(person["handle"])
    assert verify(trip.app.context).clean


def test_answers_hide_a_withdrawal_before_the_index_follows(trip):
    person = somebody(trip)
    kept_id = trip.id_of(person["handle"])
    forget_person(trip.app.context, Handle.parse(person["handle"]))
    assert kept_id in trip.raw(Kind.ACCOUNTS)  # the index has not heard of it yet
    assert not trip.found(person["handle"])
    index_all(trip.app.context)
    assert_gone(trip, person, kept_id)


def test_who_was_forgotten_does_not_come_back_with_the_next_crawl(trip):
    person = somebody(trip)
    kept_id = trip.id_of(person["handle"])
    handle = Handle.parse(person["handle"])
    forget_person(trip.app.context, handle)
    trip.lab.clear_log()
    trip.visit_again()
    assert_gone(trip, person, kept_id)
    path = person["uri"].split(".test", 1)[1]
    asked = {entry["path"] for entry in trip.lab.log(person["host"])}
    assert not any(one.startswith(path) for one in asked)
    unforget_person(trip.app.context, handle, person["uri"])
    trip.visit_again()
    assert trip.found(person["handle"])


def test_a_removed_server_is_gone_and_not_asked_again(trip):
    person = somebody(trip)
    kept_id = trip.id_of(person["handle"])
    remove_server(trip.app.context, person["host"])
    index_all(trip.app.context)
    assert_gone(trip, person, kept_id)
    trip.lab.clear_log()
    trip.visit_again()
    assert not trip.lab.log(person["host"])


def test_a_forgotten_server_stays_out_even_for_its_neighbours_mentions(trip):
    person = somebody(trip)
    kept_id = trip.id_of(person["handle"])
    forget_server(trip.app.context, person["host"])
    index_all(trip.app.context)
    trip.visit_again()
    assert_gone(trip, person, kept_id)


def test_evidence_that_cannot_be_renewed_hides_after_a_week_and_purges_after_a_month(trip):
    person = somebody(trip)
    kept_id = trip.id_of(person["handle"])
    trip.lab.rude("status", host=person["host"], path="/users/*", status=503)
    trip.clock.ahead = timedelta(days=6)
    trip.visit_again(person["host"])
    assert trip.found(person["handle"])
    trip.clock.ahead = timedelta(days=7, hours=1)
    assert not trip.found(person["handle"])
    enforce_retention(trip.app.context)
    index_all(trip.app.context)
    assert kept_id not in trip.raw(Kind.ACCOUNTS)
    assert person["uri"] in trip.listed()  # hidden, not purged
    trip.clock.ahead = timedelta(days=31)
    enforce_retention(trip.app.context)
    index_all(trip.app.context)
    assert_gone(trip, person, kept_id)


def test_renewed_evidence_brings_a_hidden_account_back(trip):
    person = somebody(trip)
    trip.clock.ahead = timedelta(days=8)
    enforce_retention(trip.app.context)
    index_all(trip.app.context)
    assert not trip.found(person["handle"])
    trip.visit_again()
    assert trip.found(person["handle"])
    assert verify(trip.app.context).clean


def test_what_left_the_index_while_evidence_was_old_comes_back_with_new_evidence(trip):
    person = somebody(trip)
    kept_id = trip.id_of(person["handle"])
    trip.clock.ahead = timedelta(days=8)
    with trip.app.context.database.write() as connection:
        outbox.note_whole_account(connection, kept_id, trip.clock.now())
    index_all(trip.app.context)
    assert kept_id not in trip.raw(Kind.ACCOUNTS)
    trip.visit_again()
    assert trip.found(person["handle"])
    # Servers that check our signatures' date do not answer from another week.
    enforce_retention(trip.app.context)
    index_all(trip.app.context)
    assert kept_id in trip.raw(Kind.ACCOUNTS)
    assert verify(trip.app.context).clean


def test_posts_leave_when_they_are_older_than_the_retention(trip):
    assert trip.posts()
    trip.clock.ahead = timedelta(days=190)
    enforce_retention(trip.app.context)
    index_all(trip.app.context)
    assert not trip.posts()
    assert not trip.raw(Kind.POSTS)
