"""A document, its author and its key belong to the host it came from."""

import pytest

from discover.model.actor import Handle
from discover.policy.address import read_url
from discover.policy.origin import host_of, same_origin
from discover.services.consent.servers import read_host
from discover.wire.blocklist import read_blocked_host
from discover.wire.operators import parse
from discover.wire.urls import host_of as wire_host_of


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("https://Social.Example/users/a", "social.example"),
        ("https://social.example:443/a", "social.example"),
        ("https://social.example:8443/a", "social.example:8443"),
        ("http://social.example:443/a", "social.example:443"),
        ("https://social.example./a", "social.example"),
        ("https://bücher.example/a", "xn--bcher-kva.example"),
        ("acct:a@social.example", None),
        ("https:///a", None),
        ("https://user@social.example/a", None),
        ("https://social.example:99999/a", None),
        ("//social.example/a", None),
        ("", None),
        ("javascript:alert(1)", None),
    ],
)
def test_host_of(uri, host):
    assert host_of(uri) == host


def test_subdomains_and_lookalikes_are_other_origins():
    assert same_origin("https://a.example/1", "https://A.example/2")
    assert not same_origin("https://a.example/1", "https://b.a.example/1")
    assert not same_origin("https://a.example/1", "https://a.example.evil/1")
    assert not same_origin("urn:a", "urn:a")


@pytest.mark.parametrize(
    "name",
    [
        "straße.social",
        "βόλος.example",
        "نامه\u200cای.example",
        "faß.example",
        "Bücher.example",
        "a。example",
    ],
)
def test_every_door_spells_a_host_as_the_request_would(name):
    asked = read_url(f"https://{name}/x").host
    assert asked.isascii()
    assert host_of(f"https://{name}/users/a") == asked
    assert wire_host_of(f"https://{name}/users/a") == asked
    assert Handle.parse(f"@anna@{name}").host == asked
    assert read_host(name) == asked
    assert read_blocked_host(name) == asked
    assert parse(f"server:{name}").servers == (asked,)


def test_who_owns_a_lookalike_does_not_speak_for_the_other():
    assert not same_origin("https://straße.social/actor", "https://strasse.social/actor")
    assert read_host("straße.social") != "strasse.social"
    assert Handle.parse("a@straße.social") != Handle.parse("a@strasse.social")


@pytest.mark.parametrize(
    "name", ["-a.example", "a..example", "a%2eb.example", "☃\u200d.example", ""]
)
def test_what_is_no_name_has_no_host(name):
    assert host_of(f"https://{name}/a") is None
    assert wire_host_of(f"https://{name}/a") == ""
    with pytest.raises(ValueError, match="not a handle"):
        Handle.parse(f"a@{name}")


def test_an_address_stands_in_brackets_so_that_its_port_is_not_a_part_of_it():
    assert host_of("https://[2A00:0:0::1]:8080/a") == "[2a00::1]:8080"
    assert host_of("https://[2a00::1:8080]/a") == "[2a00::1:8080]"
