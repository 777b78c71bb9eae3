"""The address at which somebody's own server follows an account."""

from __future__ import annotations

import pytest

from discover.model.actor import Handle
from discover.wire.documents import read_document
from discover.wire.follow import (
    KNOWN,
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
        (
            f"{HOME}/authorize-follow?acct={{uri}}",
            f"{HOME}/authorize-follow?acct=marta@stars.example",
        ),
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


def test_every_known_software_gets_an_address_that_names_the_account():
    for software in KNOWN:
        address = fill(known_template(software, HOME), MARTA)
        assert address.startswith(f"{HOME}/")
        assert URI in address or "marta@stars.example" in address
    assert known_template("gotosocial", HOME) is None
    assert known_template(None, HOME) is None


def test_a_home_is_asked_about_the_account_there_or_about_itself():
    assert lookup_url(Handle("me", "home.example"), HOME) == (
        f"{HOME}/.well-known/webfinger?resource=acct:me@home.example"
    )
    assert lookup_url("home.example", HOME).endswith("?resource=https://home.example")


def test_only_https_actors_open_in_an_app():
    assert app_url(MARTA.uri) == "web+ap://stars.example/users/marta"
    assert app_url("http://stars.example/users/marta") is None
