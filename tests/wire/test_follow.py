"""The address at which somebody's own server follows an account."""

from __future__ import annotations

import pytest

from discover.model.actor import Handle
from discover.wire.documents import read_document
from discover.wire.follow import (
    KNOWN,
    WITHOUT,
    Target,
    app_url,
    fill,
    known_template,
    lookup_url,
    template_of,
)
from discover.wire.webfinger import parse_jrd

MARTA = Target("marta@stars.example", "https://stars.example/users/marta")
URI = "https%3A%2F%2Fstars.example%2Fusers%2Fmarta"
HOME = "https://home.example"


@pytest.mark.parametrize(
    ("template", "address"),
    [
        (f"{HOME}/authorize_interaction?uri={{uri}}", f"{HOME}/authorize_interaction?uri={URI}"),
        # Whatever the parameter is called: BookWyrm reads an address there and fails on a handle.
        (f"{HOME}/ostatus_subscribe?acct={{uri}}", f"{HOME}/ostatus_subscribe?acct={URI}"),
        (
            f"{HOME}/ostatus_subscribe?acct={{acct}}",
            f"{HOME}/ostatus_subscribe?acct=marta@stars.example",
        ),
        (
            f"{HOME}/i?object={{object}}&on-success={{on-success}}",
            f"{HOME}/i?object={URI}&on-success=",
        ),
        ("javascript:alert(1)//{uri}", None),
        ("https://me:secret@home.example/{uri}", None),
        ("//home.example/{uri}", None),
        ("https://home.example/ {uri}", None),
    ],
)
def test_the_account_goes_where_the_template_wants_it(template, address):
    assert fill(template, MARTA) == address


def jrd(*links):
    me = {"rel": "self", "type": "application/activity+json", "href": f"{HOME}/users/me"}
    import json

    return parse_jrd(
        read_document(
            json.dumps({"subject": "acct:me@home.example", "links": [me, *links]}).encode()
        )
    )


SUBSCRIBE = {"rel": "http://ostatus.org/schema/1.0/subscribe", "template": f"{HOME}/s?uri={{uri}}"}
INTENT = {"rel": "https://w3id.org/fep/3b86/Follow", "template": f"{HOME}/f?o={{object}}"}


def test_an_activity_intent_is_preferred_and_a_useless_template_is_none():
    assert template_of(jrd(SUBSCRIBE)) == SUBSCRIBE["template"]
    assert template_of(jrd(SUBSCRIBE, INTENT)) == INTENT["template"]
    assert template_of(jrd({**SUBSCRIBE, "template": f"{HOME}/s"})) is None
    assert template_of(jrd()) is None


LEMMY = {**SUBSCRIBE, "template": f"{HOME}/activitypub/externalInteraction?uri={{uri}}"}


def test_lemmys_page_for_communities_is_no_page_to_follow_a_person():
    assert template_of(jrd(LEMMY)) is None


ADDRESSES = {
    "akkoma": f"/ostatus_subscribe?acct={URI}",
    "bookwyrm": f"/ostatus_subscribe?acct={URI}",
    "calckey": f"/authorize-follow?acct={URI}",
    "cherrypick": f"/authorize-follow?acct={URI}",
    "fedibird": f"/authorize_interaction?uri={URI}",
    "firefish": f"/authorize-follow?acct={URI}",
    "friendica": f"/contact/follow?url={URI}",
    "funkwhale": f"/search?id={URI}",
    "gnusocial": f"/main/ostatussub?profile={URI}",
    "hometown": f"/authorize_interaction?uri={URI}",
    "hubzilla": f"/follow?f=&url={URI}",
    "iceshrimp": f"/authorize-follow?acct={URI}",
    "lemmy": f"/search?q={URI}&type=All",
    "mastodon": f"/authorize_interaction?uri={URI}",
    "mbin": "/search?search%5Bq%5D=marta@stars.example",
    "misskey": f"/authorize-follow?acct={URI}",
    "mobilizon": f"/interact?uri={URI}",
    "peertube": f"/remote-interaction?uri={URI}",
    "pixelfed": f"/authorize_interaction?uri={URI}",
    "pleroma": f"/ostatus_subscribe?acct={URI}",
    "sharkey": f"/authorize-follow?acct={URI}",
    "snac": f"/authorize_interaction?uri={URI}",
    "streams": f"/follow?url={URI}",
}


@pytest.mark.parametrize("software", sorted({*KNOWN, *ADDRESSES}))
def test_a_known_software_gets_the_address_that_its_source_has(software):
    assert fill(known_template(software, HOME), MARTA) == f"{HOME}{ADDRESSES[software]}"
    assert known_template(software.title(), HOME) == known_template(software, HOME)


@pytest.mark.parametrize("software", [*sorted(WITHOUT), "something-new", None])
def test_a_software_without_such_a_page_leaves_the_handle_to_copy(software):
    assert known_template(software, HOME) is None


def test_a_home_is_asked_about_the_account_there_or_about_itself():
    assert lookup_url(Handle("me", "home.example"), HOME) == (
        f"{HOME}/.well-known/webfinger?resource=acct:me@home.example"
    )
    assert lookup_url("home.example", HOME).endswith("?resource=https://home.example")


def test_only_https_actors_open_in_an_app():
    assert app_url(MARTA.uri) == "web+ap://stars.example/users/marta"
    assert app_url("http://stars.example/users/marta") is None
