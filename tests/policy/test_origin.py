"""A document, its author and its key belong to the host it came from."""

import pytest

from discover.policy.origin import host_of, same_origin


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
