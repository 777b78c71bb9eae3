"""WebFinger, host-meta, NodeInfo and directories."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from discover.model.actor import Handle
from discover.wire.actor import parse_actor
from discover.wire.directory import Listing, first_ask, listings_for, read_candidates
from discover.wire.documents import ParseError
from discover.wire.nodeinfo import nodeinfo_url, parse_nodeinfo
from discover.wire.webfinger import (
    AskOther,
    Rejected,
    Verified,
    claimed_handle,
    lookup_url,
    lrdd_url,
    parse_host_meta,
    parse_jrd,
    verify_handle,
)
from tests.wire.documents import actor

AP = "application/activity+json"
LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
ALICE = "https://social.one.example/users/alice"


def jrd(subject="acct:alice@one.example", href=ALICE, kind=AP, **more):
    return {"subject": subject, "links": [{"rel": "self", "type": kind, "href": href}], **more}


def test_a_handle_is_asked_for_at_its_host():
    assert lookup_url(Handle("alice", "one.example")) == (
        "https://one.example/.well-known/webfinger?resource=acct:alice@one.example"
    )
    assert lookup_url(Handle("a&b", "h:8080"), "http").endswith("?resource=acct:a%26b@h:8080")


@pytest.mark.parametrize("kind", [AP, LD])
def test_the_self_link_has_one_of_two_types(kind):
    assert parse_jrd(jrd(kind=kind)).self_uri == ALICE


@pytest.mark.parametrize(
    "document",
    [
        {},
        jrd(subject=None),
        jrd(subject=""),
        jrd(kind="application/json"),
        jrd(kind="application/ld+json"),
        jrd(kind=None),
        jrd(href="acct:alice@one.example"),
        {"subject": "acct:alice@one.example"},
        {"subject": "acct:alice@one.example", "links": {"rel": "self"}},
    ],
)
def test_an_answer_without_subject_or_actor_is_refused(document):
    with pytest.raises(ParseError):
        parse_jrd(document)


def test_the_way_to_follow_is_read():
    document = jrd()
    document["links"] += [
        {
            "rel": "http://ostatus.org/schema/1.0/subscribe",
            "template": "https://one.example/i?uri={uri}",
        },
        {"rel": "https://w3id.org/fep/3b86/Follow", "template": "https://one.example/f?o={object}"},
        {"rel": "https://w3id.org/fep/3b86/Object", "template": "javascript:{object}"},
        {"rel": "http://webfinger.net/rel/profile-page", "href": "https://one.example/@alice"},
        "junk",
    ]
    read = parse_jrd(document)
    assert read.subscribe_template == "https://one.example/i?uri={uri}"
    assert read.intents == {"Follow": "https://one.example/f?o={object}"}
    assert read.profile_page == "https://one.example/@alice"


ASKED = Handle("alice", "social.one.example")
APEX = Handle("alice", "one.example")


def test_a_handle_and_an_actor_that_name_each_other_are_verified():
    answer = parse_jrd(jrd(subject="acct:Alice@ONE.example"))
    assert verify_handle(ALICE, APEX, answer) == Verified(Handle("Alice", "one.example"))


def test_another_subject_is_asked_at_its_own_host_once():
    answer = parse_jrd(jrd())
    assert verify_handle(ALICE, ASKED, answer) == AskOther(APEX)
    assert verify_handle(ALICE, APEX, answer, second=True) == Verified(APEX)


def test_a_second_redirection_is_refused():
    answer = parse_jrd(jrd(subject="acct:alice@three.example"))
    assert isinstance(verify_handle(ALICE, APEX, answer, second=True), Rejected)


@pytest.mark.parametrize("href", [f"{ALICE}/", ALICE.upper(), "https://evil.example/users/alice"])
def test_a_handle_of_another_actor_is_refused(href):
    try:
        answer = parse_jrd(jrd(href=href))
    except ParseError:
        return
    assert isinstance(verify_handle(ALICE, APEX, answer), Rejected)


def test_an_alias_proves_nothing():
    answer = parse_jrd(jrd(href="https://evil.example/users/alice", aliases=[ALICE]))
    assert isinstance(verify_handle(ALICE, APEX, answer), Rejected)


def test_a_subject_that_is_no_handle_is_refused():
    answer = parse_jrd(jrd(subject=ALICE))
    assert isinstance(verify_handle(ALICE, APEX, answer), Rejected)


def test_an_actor_claims_its_webfinger_else_its_username_at_its_host():
    assert claimed_handle(parse_actor(actor())) == Handle("alice", "one.example")
    assert claimed_handle(parse_actor(actor(webfinger="a@apex.example"))) == Handle(
        "a", "apex.example"
    )
    assert claimed_handle(parse_actor(actor(preferredUsername="two words"))) is None


XRD = '<?xml version="1.0"?>{0}<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="lrdd" template="https://social.one.example/wf?resource={{uri}}"/></XRD>'


def test_host_meta_names_where_to_ask():
    template = parse_host_meta(XRD.format("").encode())
    assert lrdd_url(template, APEX) == (
        "https://social.one.example/wf?resource=acct%3Aalice%40one.example"
    )


@pytest.mark.parametrize(
    "body",
    [
        XRD.format('<!DOCTYPE x [<!ENTITY a "b">]>').encode(),
        XRD.format('<!DOCTYPE x SYSTEM "file:///etc/passwd">').encode(),
        b"<XRD/>",
        b'<XRD><Link rel="lrdd" template="javascript:{uri}"/></XRD>',
        b'<XRD><Link rel="lrdd" template="https://one.example/"/></XRD>',
        b"not xml",
        b"",
    ],
)
def test_dangerous_or_useless_host_meta_is_refused(body):
    with pytest.raises(ParseError):
        parse_host_meta(body)


SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"


def test_the_highest_known_nodeinfo_is_taken():
    links = [
        {"rel": SCHEMA + version, "href": f"https://one.example/nodeinfo/{version}"}
        for version in ("2.0", "9.9", "2.1", "1.0")
    ]
    assert nodeinfo_url({"links": links}) == "https://one.example/nodeinfo/2.1"
    assert nodeinfo_url({"links": links[0]}) == "https://one.example/nodeinfo/2.0"
    for document in (
        {},
        {"links": []},
        {"links": [links[1]]},
        {"links": [{"rel": SCHEMA + "2.0"}]},
    ):
        with pytest.raises(ParseError):
            nodeinfo_url(document)


def test_nodeinfo_is_read_but_its_numbers_are_not_believed():
    read = parse_nodeinfo(
        {
            "software": {"name": "Mastodon", "version": "4.5.0"},
            "openRegistrations": True,
            "usage": {"users": {"activeMonth": 12}},
            "metadata": {
                "nodeName": "One",
                "nodeDescription": "x",
                "faspBaseUrl": "https://one.example/fasp",
            },
        }
    )
    assert (read.software, read.version, read.name) == ("mastodon", "4.5.0", "One")
    assert (read.open_registrations, read.monthly_active) == (True, 12)
    assert read.fasp_base_url == "https://one.example/fasp"
    baffled = parse_nodeinfo({"usage": {"users": {"activeMonth": 10**11}}})
    assert baffled.monthly_active is None


@pytest.mark.parametrize(
    "document", [{}, {"software": None, "metadata": [], "usage": {"users": {}}}]
)
def test_a_nodeinfo_may_say_nothing(document):
    assert parse_nodeinfo(document).software is None


def walk(listing, *answers, host="one.example"):
    ask, found = first_ask(listing, host), []
    for answer in answers:
        page = read_candidates(answer, ask, set(found))
        found += [*page.uris, *map(str, page.handles)]
        if page.next is None:
            break
        ask = page.next
    return found


def query(url):
    return {key: value[0] for key, value in parse_qs(urlsplit(url).query).items()}


def test_mastodon_lists_its_own_people_and_no_remote_ones():
    rows = [
        {"acct": "alice", "uri": "https://one.example/users/alice"},
        {"acct": "old", "url": "https://one.example/@old"},
        {"acct": "liar", "uri": "https://two.example/users/liar"},
        {"acct": "bob@two.example", "uri": "https://two.example/users/bob"},
        {"acct": None},
        "junk",
    ]
    assert walk(Listing.MASTODON, rows, []) == [
        "https://one.example/users/alice", "old@one.example", "liar@one.example",
    ]  # fmt: skip


def test_mastodon_pages_by_offset_until_nothing_comes():
    ask = first_ask(Listing.MASTODON, "one.example")
    assert query(ask.url) == {"local": "true", "order": "new", "offset": "0", "limit": "80"}
    page = read_candidates([{"acct": "a"}, {"acct": "b"}], ask)
    assert query(page.next.url)["offset"] == "2"
    assert read_candidates([], page.next).next is None


def test_a_directory_that_repeats_itself_ends():
    rows = [{"acct": "a"}]
    assert walk(Listing.MASTODON, rows, rows, rows, rows) == ["a@one.example", "a@one.example"]


def test_misskey_is_asked_by_post():
    ask = first_ask(Listing.MISSKEY, "one.example")
    assert ask.url == "https://one.example/api/users"
    assert json.loads(ask.body)["origin"] == "local"
    rows = [{"username": "a", "host": None}, {"username": "b", "host": "two.example"}]
    assert walk(Listing.MISSKEY, rows, []) == ["a@one.example"]


def test_lemmy_lists_local_communities_by_page():
    mine = {"community": {"actor_id": "https://one.example/c/sky", "local": True}}
    theirs = {"community": {"actor_id": "https://two.example/c/sky", "local": False}}
    ask = first_ask(Listing.LEMMY_COMMUNITIES, "one.example")
    page = read_candidates({"communities": [mine, theirs] * 25}, ask)
    assert page.uris == ("https://one.example/c/sky",)
    assert (query(ask.url)["page"], query(page.next.url)["page"]) == ("1", "2")


@pytest.mark.parametrize("listing", listings_for("PeerTube"))
def test_peertube_lists_accounts_and_channels_of_its_own(listing):
    rows = [
        {"url": "https://one.example/accounts/a", "host": "one.example"},
        {"url": "https://two.example/accounts/b", "host": "two.example"},
    ]
    assert walk(listing, {"total": 2, "data": rows}, {"data": []}) == [
        "https://one.example/accounts/a"
    ]


def test_pixelfed_pages_by_cursor():
    first = {"data": [{"username": "a", "local": True}], "meta": {"next_cursor": "abc"}}
    last = {"data": [{"username": "b", "local": True}], "meta": {"next_cursor": None}}
    page = read_candidates(first, first_ask(Listing.PIXELFED, "one.example"))
    assert query(page.next.url) == {"cursor": "abc"}
    assert walk(Listing.PIXELFED, first, last) == ["a@one.example", "b@one.example"]


def test_wordpress_lists_its_authors():
    assert walk(
        Listing.WORDPRESS, [{"slug": "anna", "link": "https://one.example/author/anna"}], []
    ) == ["anna@one.example"]


@pytest.mark.parametrize("listing", list(Listing))
@pytest.mark.parametrize("answer", [None, "x", {"error": "no"}, {"data": "x"}, 7])
def test_an_answer_of_another_shape_is_refused(listing, answer):
    with pytest.raises(ParseError):
        read_candidates(answer, first_ask(listing, "one.example"))


def test_unknown_software_has_no_list():
    assert listings_for(None) == listings_for("takahe") == ()
