"""Servers add us as a relay, which is their admin's consent; and we subscribe to relays."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from discover.services.consent.servers import add_server, list_servers, remove_server
from discover.services.consent.withdraw import forget_server
from discover.services.federation.relays import subscribe, subscriptions, unsubscribe
from discover.store.tables import Account, Follower, Following, Post, Server
from tests.support.town import AS, EVERYBODY, HOST, OUR_ACTOR, activity, asked_for_themselves, dump

PUBLIC_SPELLINGS = [EVERYBODY, "as:Public", "Public"]


def opted_in(house, host=HOST):
    return {row.host: row.opt_in for row in house.rows(Server)}.get(host)


@pytest.fixture
def instance(house):
    """Mastodon's own actor."""
    return house.town.service("/actor", preferredUsername=HOST)


@pytest.mark.parametrize("public", PUBLIC_SPELLINGS)
def test_server_that_adds_us_as_a_relay_is_opted_in_and_its_people_are_found(
    house, instance, public
):
    anna = house.town.person("anna")
    follow = activity(instance, "Follow", public)
    assert house.post(instance.cavage(dump(follow))).status_code == 202
    house.work()
    (accept,) = house.town.delivered("Accept")
    assert accept["object"] == {name: follow[name] for name in ("id", "type", "actor", "object")}
    assert accept["actor"] == OUR_ACTOR
    assert opted_in(house) == "relay"
    (record,) = list_servers(house.app.context)
    assert record.decision.allowed
    assert record.relay_since is not None
    assert follow["id"] in record.note
    assert house.town.delivered("Follow") == [], "Mastodon's own actor cannot be followed"
    post = house.town.post(anna, "A lighthouse")
    house.hear(anna, "Create", house.town.documents[post], to=[EVERYBODY])
    house.hear(anna, "Create", house.town.documents[post], to=[EVERYBODY])
    assert house.found("lighthouse") == [post]


def test_server_that_removes_us_as_a_relay_is_out_at_once(house, instance):
    anna = house.town.person("anna")
    follow = activity(instance, "Follow", EVERYBODY)
    house.post(instance.cavage(dump(follow)))
    house.work()
    house.hear(anna, "Update", anna.uri)
    assert house.found("anna", "accounts") == [anna.uri]
    house.send(instance, "Undo", follow)
    house.tasks()
    assert opted_in(house) is None
    assert house.rows(Account) == house.rows(Post) == house.rows(Follower) == []
    assert house.found("anna", "accounts") == []


def test_undo_that_overtakes_its_follow_wins(house, instance):
    follow = activity(instance, "Follow", EVERYBODY)
    house.send(instance, "Undo", follow["id"])
    house.tasks()
    house.post(instance.cavage(dump(follow)))
    house.work()
    assert opted_in(house) is None
    assert house.rows(Follower) == []


def test_undo_before_the_server_was_asked_leaves_no_consent(house, instance):
    follow = activity(instance, "Follow", EVERYBODY)
    house.post(instance.cavage(dump(follow)))
    house.tasks()
    house.send(instance, "Undo", follow)
    house.work()
    assert opted_in(house) is None


def test_operators_own_record_outlives_the_relay(house, instance):
    house.opt_in()
    follow = activity(instance, "Follow", EVERYBODY)
    house.post(instance.cavage(dump(follow)))
    house.work()
    (record,) = list_servers(house.app.context)
    assert (record.opt_in, record.relay_since is not None) == ("operator", True)
    house.hear(instance, "Undo", follow)
    assert opted_in(house) == "operator"


def test_server_that_opted_out_is_not_opted_in_by_its_relays_list(house, instance):
    forget_server(house.app.context, HOST)
    assert house.send(instance, "Follow", EVERYBODY).status_code == 403
    assert opted_in(house) == "none"


def test_pleromas_relay_is_accepted_and_followed_back(house):
    relay = house.town.service("/relay")
    house.hear(relay, "Follow", OUR_ACTOR)
    assert opted_in(house) == "relay"
    (back,) = house.town.delivered("Follow")
    assert (back["object"], back["to"]) == (relay.uri, [relay.uri])
    house.hear(relay, "Accept", back)
    assert [(row.state, row.relay) for row in house.rows(Following)] == [("accepted", True)]
    house.hear(relay, "Undo", {"type": "Follow", "object": OUR_ACTOR, "actor": relay.uri})
    assert opted_in(house) is None
    assert house.rows(Following) == []
    (undo,) = house.town.delivered("Undo")
    assert undo["object"]["id"] == back["id"]


def test_misskeys_relay_account_speaks_for_its_server(house):
    house.town.software = "misskey"
    relay = house.town.service("/users/9abc", preferredUsername="relay.actor")
    house.hear(relay, "Follow", EVERYBODY)
    assert opted_in(house) == "relay"


def test_application_account_elsewhere_does_not_speak_for_its_server(house):
    relay = house.town.service("/users/9abc", preferredUsername="relay.actor")
    house.hear(relay, "Follow", EVERYBODY)
    assert opted_in(house) is None
    assert len(house.town.delivered("Accept")) == 1, "it is a follower like others"


def test_actor_that_nodeinfo_names_speaks_for_its_server(house):
    fetcher = house.town.service("/users/fetcher")
    rel = f"{AS}#Application"
    house.town.documents[f"https://{HOST}/.well-known/nodeinfo"] = {
        "links": [{"rel": rel, "href": fetcher.uri}]
    }
    house.hear(fetcher, "Follow", EVERYBODY)
    assert opted_in(house) == "relay"


def test_actor_that_webfinger_names_for_the_host_speaks_for_its_server(house):
    own = house.town.service(f"/users/{HOST}", preferredUsername=HOST)
    own.name = HOST
    house.hear(own, "Follow", EVERYBODY)
    assert opted_in(house) == "relay"


@pytest.mark.parametrize("kind", ["Person", "Service"])
def test_person_or_bot_cannot_opt_their_server_in(house, kind):
    eve = house.town.person("eve", type=kind, discoverable=False)
    house.hear(eve, "Follow", EVERYBODY)
    assert opted_in(house) is None


def test_person_named_like_the_host_cannot_opt_their_server_in(house):
    squatter = house.town.person(HOST, discoverable=False)
    house.hear(squatter, "Follow", EVERYBODY)
    assert opted_in(house) is None


def test_person_at_a_servers_path_cannot_opt_their_server_in(house):
    squatter = house.town.service("/actor", type="Person")
    house.hear(squatter, "Follow", EVERYBODY)
    assert opted_in(house) is None


def test_server_that_hides_its_actor_is_not_opted_in(house, instance):
    house.send(instance, "Follow", EVERYBODY)
    house.town.gone(instance.uri, 403)
    house.work()
    assert opted_in(house) is None


def test_block_by_a_servers_own_actor_opts_it_out(house, instance):
    anna = house.town.person("anna")
    house.hear(instance, "Follow", EVERYBODY)
    house.hear(anna, "Update", anna.uri)
    block = activity(instance, "Block", OUR_ACTOR)
    house.post(instance.cavage(dump(block)))
    house.tasks()
    assert [row.opted_out for row in house.rows(Server)] == [True]
    assert house.rows(Account) == []
    house.hear(instance, "Undo", block)
    assert [row.opted_out for row in house.rows(Server)] == [False]
    assert opted_in(house) == "none", "a yes has to be said anew"


def test_block_by_an_instance_actor_we_never_met_opts_its_server_out(house, instance):
    house.opt_in()
    house.hear(instance, "Block", OUR_ACTOR)
    assert [row.opted_out for row in house.rows(Server)] == [True]


def test_person_who_asked_for_themselves_is_looked_at_when_their_server_leaves(house, instance):
    anna = house.town.person("anna")
    house.hear(instance, "Follow", EVERYBODY)
    asked_for_themselves(house, anna.uri)
    house.hear(anna, "Update", anna.uri)
    house.hear(instance, "Undo", {"type": "Follow", "object": EVERYBODY, "actor": instance.uri})
    assert opted_in(house) == "none"
    assert [row.uri for row in house.rows(Account)] == [anna.uri]


def test_relay_that_only_follows_back_has_not_opted_its_server_in(house):
    relay = house.town.service("/actor", "relay.lab.test")
    assert subscribe(house.app.context, relay.uri, f"{relay.uri}/inbox")
    house.work()
    house.hear(relay, "Follow", OUR_ACTOR)
    assert opted_in(house, "relay.lab.test") is None
    assert len(house.town.delivered("Accept")) == 1


def test_mastodons_kind_of_relay_is_asked_for_public_at_its_inbox(house):
    relay = house.town.service("/actor", "relay.lab.test")
    inbox = "https://relay.lab.test/inbox"
    assert subscribe(house.app.context, inbox, inbox)
    assert not subscribe(house.app.context, inbox, inbox)
    house.work()
    (follow,) = house.town.delivered("Follow")
    assert follow["object"] == EVERYBODY
    assert [one.state for one in subscriptions(house.app.context)] == ["pending"]
    other = house.town.service("/actor", "other.lab.test")
    house.hear(other, "Accept", follow)
    assert [one.state for one in subscriptions(house.app.context)] == ["pending"]
    house.hear(relay, "Accept", follow)
    assert [one.state for one in subscriptions(house.app.context)] == ["accepted"]
    assert unsubscribe(house.app.context, inbox)
    house.work()
    (undo,) = house.town.delivered("Undo")
    assert undo["object"]["id"] == follow["id"]
    assert undo["object"]["object"] == EVERYBODY


def test_relay_may_say_no(house):
    relay = house.town.service("/actor", "relay.lab.test")
    subscribe(house.app.context, relay.uri, f"{relay.uri}/inbox")
    house.work()
    house.hear(relay, "Reject", house.town.delivered("Follow")[0]["id"])
    assert [one.state for one in subscriptions(house.app.context)] == ["rejected"]


def test_what_a_relay_sends_is_only_a_hint(house):
    relay = house.town.service("/actor", "relay.lab.test")
    subscribe(house.app.context, relay.uri, f"{relay.uri}/inbox")
    house.opt_in()
    anna = house.town.person("anna")
    stranger = house.town.person("stranger", "b.lab.test")
    mine, theirs = house.town.post(anna, "A lighthouse"), house.town.post(stranger, "A lighthouse")
    for uri in (mine, theirs, mine):
        house.hear(relay, "Announce", uri, to=[EVERYBODY])
    assert house.found("lighthouse") == [mine]
    assert house.town.asked("b.lab.test/users/stranger") == []


def test_only_our_relays_may_forward_what_others_wrote(house):
    house.opt_in()
    anna = house.town.person("anna")
    house.hear(anna, "Update", anna.uri)
    relay = house.town.service("/actor", "relay.lab.test")
    uri = house.town.post(anna, "A lighthouse")
    made = activity(anna, "Create", house.town.documents[uri] | {"content": "<p>Turnips</p>"})
    assert house.post(relay.cavage(dump(made))).status_code == 403
    subscribe(house.app.context, relay.uri, f"{relay.uri}/inbox")
    house.work()
    time.sleep(1.1)  # so long the door may not know of it
    made["id"] += "x"
    assert house.post(relay.cavage(dump(made))).status_code == 202
    house.work()
    assert house.found("lighthouse") == [uri]
    assert house.found("turnips") == []


def waypost(house, *words):
    settings = house.app.settings
    lab = ",".join(f"{name}={address}:{port}" for name, address, port in settings.lab_hosts)
    given = {
        "WAYPOST_HOME": str(settings.home),
        "WAYPOST_DATABASE_URL": settings.database_url,
        "WAYPOST_PUBLIC_URL": settings.public_url,
        "WAYPOST_LAB_NETWORKS": "127.0.0.0/8",
        "WAYPOST_LAB_HOSTS": lab,
        "WAYPOST_LAB_PLAIN_HTTP": "1",
    }
    return subprocess.run(
        [Path(sys.executable).with_name("waypost"), *words],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_operator_adds_lists_and_removes_a_relay(door):
    relay = door.town.service("/actor", "relay.lab.test")
    added = waypost(door, "relay", "add", relay.uri)
    assert (added.returncode, "asked" in added.stdout) == (0, True), added.stderr
    assert waypost(door, "relay", "add", relay.uri).returncode == 1
    door.work()
    (follow,) = door.town.delivered("Follow")
    assert follow["object"] == relay.uri
    assert "pending" in waypost(door, "relay", "list").stdout
    assert waypost(door, "relay", "remove", relay.uri).returncode == 0
    door.work()
    assert len(door.town.delivered("Undo")) == 1
    assert waypost(door, "relay", "remove", relay.uri).returncode == 1


@pytest.mark.parametrize(
    ("address", "code"),
    [("relay.lab.test", 2), ("https://relay.lab.test/nothing", 3), ("ftp://x.test/inbox", 2)],
)
def test_wrong_relay_is_one_plain_line(door, address, code):
    answer = waypost(door, "relay", "add", address)
    assert answer.returncode == code
    assert len(answer.stderr.strip().splitlines()) == 1


def test_list_of_servers_shows_the_relays_proof(door):
    own = door.town.service("/actor")
    door.hear(own, "Follow", EVERYBODY)
    assert "has us as a relay since" in waypost(door, "server", "list").stdout
    remove_server(door.app.context, HOST)
    add_server(door.app.context, HOST, "by letter")
    assert "by letter" in waypost(door, "server", "list").stdout
