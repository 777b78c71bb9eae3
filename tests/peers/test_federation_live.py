"""Our actor among servers that are not ours: followed, told, asked, obeyed, and heard by them."""

from __future__ import annotations

from typing import Any

import pytest

from discover.services.consent.servers import add_server
from discover.services.tasks import enqueue
from tests.support.cluster import Cluster
from tests.support.meeting import Meeting, beside, person, post, town
from tests.support.peers import (
    FEDIFY_HOST,
    PUBBY_HOST,
    Peer,
    pubby_world,
    run_fedify,
    run_pubby,
    run_relay,
)

pytestmark = pytest.mark.peer
PUBLIC = {"as:Public", "https://www.w3.org/ns/activitystreams#Public"}


@pytest.fixture(scope="module")
def prepare(tmp_path_factory):
    """Makes a Waypost that can reach one peer, and is reached by it; it does not run yet."""
    made = []

    def make(peer: Peer, **settings: str) -> Meeting:
        home = tmp_path_factory.mktemp("federation") / "home"
        one = Cluster(home, 0, **({"lab_hosts": peer.hosts_setting} | settings))
        one.environment["WAYPOST_PUBLIC_URL"] = one.base
        made.append(one)
        return Meeting(one, peer)

    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="module")
def meet(prepare):
    def start(peer: Peer, **settings: str) -> Meeting:
        one = prepare(peer, **settings)
        one.start()
        return one

    return start


@pytest.fixture(scope="module")
def meeting(meet):
    """Fedify's server has opted in by its admin's word; its people came to notice by a post."""
    with run_fedify(town()) as peer:
        one = meet(peer)
        with beside(one.waypost) as ctx:
            add_server(ctx, FEDIFY_HOST, "its admin is this test")
        one.sends("dora", "create", post="1")  # who does not want to be found
        one.bring("ada", "astronomy")
        one.bring("bea", "baking")
        one.bring("cleo", "cycling")
        yield one


@pytest.mark.parametrize(
    ("authorized", "theirs", "ours"),
    [(False, "rfc9421", "cavage"), (True, "draft-cavage-http-signatures-12", "rfc9421")],
    ids=["open", "authorized fetch"],
)
def test_a_server_adds_us_as_a_relay_and_takes_it_back(meet, authorized, theirs, ours):
    world = town(authorizedFetch=authorized, signed=theirs)
    with run_fedify(world) as peer:
        one = meet(peer, signature_first=ours)

        # A person may follow us too. That is nobody's consent.
        asked = one.sends("ada", "follow")
        one.eventually(lambda: one.answer("Accept", asked), "ada holds our Accept")
        assert one.followers() == 1
        one.sends("ada", "create", post="1")
        one.sends("ada", "undo")
        one.eventually(lambda: one.followers() == 0, "she left us")
        assert one.servers() == {}

        asked = one.sends(FEDIFY_HOST, "follow-public")
        one.eventually(lambda: one.answer("Accept", asked), "Fedify holds our Accept")
        one.eventually(lambda: one.has_in(FEDIFY_HOST), "the server is in")
        listed = {row["host"]: row for row in one.waypost.json("server", "list")}
        assert listed[FEDIFY_HOST]["opt_in"] == "relay"

        # Each side's first choice of signature was taken by the other at the first knock.
        knocks = [knock for knock in peer.knocks() if knock["url"] == one.to["inbox"]]
        scheme = "cavage" if "cavage" in theirs else theirs
        assert {(knock["scheme"], knock["status"]) for knock in knocks} == {(scheme, 202)}
        heard = [seen for seen in peer.seen() if seen["activity"]]
        assert {(seen["scheme"], seen["status"]) for seen in heard} == {(ours, 202)}

        # Its people are read without anybody telling us their names: by what it pushes.
        one.sends("dora", "create", post="1")
        one.bring("ada", "astronomy")
        assert not one.people("diving")
        assert not one.posts("diving")

        one.sends(FEDIFY_HOST, "undo")
        one.eventually(lambda: not one.people("astronomy"), "ada is gone")
        assert not one.posts("astronomy")
        assert FEDIFY_HOST not in one.servers()
        one.eventually(one.is_clean, "index and database agree")


def test_a_pushed_post_is_found_changed_and_gone_as_its_author_says(meeting):
    ada = meeting.person("ada")
    fresh = post("comet", "A comet over the harbour")
    meeting.change("ada", posts=[fresh, *ada["posts"]])
    meeting.sends("ada", "create", post="comet")
    meeting.eventually(lambda: meeting.posts("comet") == {fresh["text"]}, "the comet is found")

    changed = {**fresh, "text": "A meteor over the harbour"}
    meeting.change("ada", posts=[changed, *ada["posts"]])
    meeting.sends("ada", "update", post="comet")
    meeting.eventually(lambda: meeting.posts("meteor") == {changed["text"]}, "it is a meteor now")
    assert not meeting.posts("comet")

    quiet = {**changed, "audience": "unlisted"}
    meeting.change("ada", posts=[quiet, *ada["posts"]])
    meeting.sends("ada", "update", post="comet")
    meeting.eventually(lambda: not meeting.posts("meteor"), "an unlisted post is not searched")

    meeting.change("ada", posts=[changed, *ada["posts"]])
    meeting.sends("ada", "update", post="comet")
    meeting.eventually(lambda: meeting.posts("meteor"), "it is public again")
    meeting.change("ada", posts=ada["posts"])
    meeting.sends("ada", "delete", post="comet")
    meeting.eventually(lambda: not meeting.posts("meteor"), "it is deleted")
    assert meeting.posts("astronomy")


def test_a_post_that_was_only_pushed_is_not_believed(meeting):
    """The push says public. What its own server shows to strangers is what counts: nothing."""
    bea = meeting.person("bea")
    secret = post("secret", "A secret recipe", audience="followers")
    meeting.change("bea", posts=[post("open", "An open recipe"), secret, *bea["posts"]])
    meeting.sends("bea", "create", post="secret", audience="public")
    meeting.sends("bea", "create", post="open")
    meeting.eventually(lambda: meeting.posts("recipe"), "the open one is found")
    assert meeting.posts("recipe") == {"An open recipe"}
    asked = [one for one in meeting.peer.seen() if one["url"].endswith("/bea/notes/secret")]
    assert [one["status"] for one in asked] == [404]


def test_a_person_who_is_deleted_there_is_gone_here(meeting):
    assert meeting.people("baking") == {"bea"}
    meeting.change("bea", gone=True)
    meeting.sends("bea", "delete-actor")
    meeting.eventually(lambda: not meeting.people("baking"), "bea is gone")
    assert not meeting.posts("baking")


def text_of(create: dict[str, Any]) -> str:
    return create["object"]["content"].casefold()


def recipients(create: dict[str, Any]) -> set[str]:
    everybody: set[str] = set()
    for part in (create, create["object"]):
        for field in ("to", "cc", "bto", "bcc", "audience"):
            value = part.get(field, [])
            everybody |= set(value if isinstance(value, list) else [value])
    return everybody


def test_a_message_is_obeyed_and_answered_to_its_writer_alone(meeting):
    cleo = f"http://{FEDIFY_HOST}/users/cleo"
    for words in ("status", "OUT", "in"):
        (told,) = meeting.says("cleo", words)
        assert told["actor"] == told["object"]["attributedTo"] == meeting.actor
        assert recipients(told) == {cleo}
        assert not recipients(told) & PUBLIC
        if words == "OUT":
            meeting.eventually(lambda: not meeting.people("cycling"), "cleo is gone")
            assert not meeting.posts("cycling")
    meeting.eventually(lambda: meeting.people("cycling") == {"cleo"}, "cleo is back")
    meeting.eventually(lambda: meeting.posts("cycling"), "and what she wrote")


def test_a_person_comes_in_and_leaves_in_german(meeting):
    assert not meeting.people("diving")
    (told,) = meeting.says("dora", "Nimm mich auf!", "de")
    assert "de" in told["object"]["contentMap"]
    # Her flags still say no, and the answer says so. It takes both.
    assert "discoverable" in text_of(told)
    meeting.change("dora", discoverable=True, indexable=True)
    meeting.sends("dora", "update-actor")
    meeting.eventually(lambda: meeting.people("diving") == {"dora"}, "dora is found")
    (told,) = meeting.says("dora", "raus", "de")
    assert "de" in told["object"]["contentMap"]
    meeting.eventually(lambda: not meeting.people("diving"), "dora is gone")

    meeting.sends("dora", "update-actor")
    ada = meeting.person("ada")
    meeting.change("ada", posts=[post("later", "Sent after it"), *ada["posts"]])
    meeting.sends("ada", "create", post="later")
    meeting.eventually(lambda: meeting.posts("Sent after"), "what dora sent was looked at")
    assert not meeting.people("diving")


def test_fedify_believes_our_new_keys(meeting):
    def accepted_with() -> str:
        asked = meeting.sends("cleo", "follow")
        meeting.eventually(lambda: meeting.answer("Accept", asked), "Fedify holds our Accept")
        answer = meeting.answer("Accept", asked)
        (seen,) = [one for one in meeting.peer.seen() if one["activity"] == answer]
        meeting.sends("cleo", "undo")
        return seen["keyId"]

    before = accepted_with()
    meeting.waypost.run("keys", "rotate")
    made = {one["key_id"] for one in meeting.waypost.json("keys", "list")}
    assert before in made
    meeting.eventually(lambda: accepted_with() != before, "the new key signs")
    assert accepted_with() in made - {before}
    refused = [one for one in meeting.peer.seen() if one["activity"] and one["status"] >= 400]
    assert refused == []


def test_fedify_follows_a_topic_hears_its_boost_and_that_it_is_taken_back(meet):
    """Fedify verifies with the key of the topic's own actor, which it fetches by its id."""
    sky = post("sky", "What a sky #astronomy", 0.001) | {"tags": ["astronomy"]}
    ada = person("ada", "astronomy", posts=[sky])
    with run_fedify({"pageSize": 5, "actors": [ada, person("bea", "baking")]}) as peer:
        one = meet(peer, topic_actors="astronomy")
        topic = f"{one.actor}/topics/astronomy"
        to = {"id": topic, "inbox": one.to["inbox"]}
        with beside(one.waypost) as ctx:
            add_server(ctx, FEDIFY_HOST, "its admin is this test")
        asked = peer.send(FEDIFY_HOST, {"from": "bea", "kind": "follow", "to": to})
        one.eventually(lambda: one.answer("Accept", asked), "Fedify holds our Accept")
        assert one.answer("Accept", asked)["actor"] == topic
        one.sends("ada", "create", post="sky")
        one.eventually(lambda: one.posts("sky"), "what ada wrote is found")
        with beside(one.waypost) as ctx:
            enqueue(ctx, "topic_boosts")  # as the scheduler does every half hour
        uri = f"http://{FEDIFY_HOST}/users/ada/notes/sky"
        one.eventually(lambda: one.answer("Announce", uri), "Fedify heard the boost")
        announce = one.answer("Announce", uri)
        assert announce["actor"] == topic
        # By its follower's server and by its author's, which may be the same.
        heard = [seen for seen in peer.seen() if seen["activity"] == announce]
        assert {seen["keyId"].partition("#")[0] for seen in heard} == {topic}
        assert announce["cc"] == [f"{topic}/followers", f"http://{FEDIFY_HOST}/users/ada"]

        one.says("ada", "out")
        one.eventually(lambda: one.answer("Undo", announce["id"]), "the boost is taken back")
        refused = [seen for seen in peer.seen() if seen["activity"] and seen["status"] >= 400]
        assert refused == []


def test_pubby_and_we_follow_each_other(meet):
    """Pubby knows draft-cavage only; we knock with RFC 9421 first."""
    world = {PUBBY_HOST: pubby_world()[PUBBY_HOST] | {"indexable": True}}
    with run_pubby(world) as peer:
        one = meet(peer, signature_first="rfc9421", follow_people="1")
        asked = one.sends("harbour", "follow")
        one.eventually(lambda: one.answer("Accept", asked), "Pubby holds our Accept")
        knocks = [seen for seen in peer.seen() if (seen["activity"] or {}).get("type") == "Accept"]
        tried = [(seen["scheme"], seen["status"]) for seen in knocks]
        assert tried == [("rfc9421", 401), ("cavage", 202)]
        assert not one.people("ships")
        assert peer.received("Follow") == []

        one.says("harbour", "in")
        one.eventually(lambda: one.posts("Rain"), "who came in is found with what they wrote")
        assert one.people("ships") == {"harbour"}
        with beside(one.waypost) as ctx:
            enqueue(ctx, "follows")  # as the scheduler does every five minutes
        one.eventually(lambda: peer.received("Follow"), "who came in is followed")
        (follow,) = peer.received("Follow")
        assert follow["object"] == f"http://{PUBBY_HOST}/ap/actor"
        one.eventually(
            lambda: one.waypost.get("/following").json()["totalItems"] == 1, "Pubby accepted us"
        )

        one.says("harbour", "out")
        one.eventually(lambda: one.answer("Undo", follow["id"]), "we unfollow who leaves")
        one.eventually(lambda: not one.people("ships"), "harbour is gone")
        assert not one.posts("Rain")


def test_a_relay_takes_us_and_what_it_announces_is_only_a_hint(prepare):
    """ActivityRelay speaks https to servers it asks about themselves: names lead it there."""
    ours, stranger = "http://waypost.test", "stranger.test"
    world = town(signed="draft-cavage-http-signatures-12")  # the only one that it reads
    with run_fedify(world, hosts=(FEDIFY_HOST, stranger)) as peer:
        one = prepare(peer)
        with run_relay(waypost=one.waypost.port, fedify=peer.port) as relay:
            one.waypost.environment |= {
                "WAYPOST_PUBLIC_URL": ours,
                "WAYPOST_LAB_HOSTS": f"{peer.hosts_setting},{relay.hosts_setting}",
            }
            one.start()
            with beside(one.waypost) as ctx:
                add_server(ctx, FEDIFY_HOST, "its admin is this test")
            peer.send(FEDIFY_HOST, {"from": FEDIFY_HOST, "kind": "follow", "to": relay.to})

            one.waypost.run("relay", "add", relay.actor)
            one.eventually(lambda: one.relays() == {relay.actor: "accepted"}, relay.log)
            (listed,) = one.waypost.json("relay", "list")
            assert (listed["url"], listed["state"]) == (relay.actor, "accepted")
            fedify = f"http://{FEDIFY_HOST}/users"
            assert relay.subscribers() == {f"{ours}/actor", f"{fedify}/{FEDIFY_HOST}"}
            # It follows us back, as its software does with everybody: that is nobody's consent.
            one.eventually(lambda: one.followers() == 1, "it follows us back")
            one.eventually(lambda: one.has_in(FEDIFY_HOST), "Fedify is in")

            for uri in (
                f"http://{stranger}/users/ada/notes/1",
                f"{fedify}/dora/notes/1",
                f"{fedify}/ada/notes/1",
            ):
                order = {"from": FEDIFY_HOST, "kind": "announce", "to": relay.to, "uri": uri}
                peer.send(FEDIFY_HOST, order)
            one.eventually(lambda: one.posts("astronomy"), relay.log)
            one.eventually(lambda: one.people("astronomy") == {"ada"}, "ada is found")
            assert one.posts("astronomy") == {"ada wrote about astronomy"}
            assert not one.people("diving")
            assert not [seen for seen in peer.seen() if stranger in seen["url"]]
            assert set(one.servers()) == {FEDIFY_HOST}

            one.waypost.run("relay", "remove", relay.actor)
            one.eventually(
                lambda: relay.subscribers() == {f"{fedify}/{FEDIFY_HOST}"}, "it let us go"
            )
            assert one.relays() == {}
