"""Which addresses and URLs may be contacted."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discover.policy.address import is_public, may_contact, read_url, redirect_target

FORBIDDEN = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::8.8.8.8",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "fe80::1%eth0",
    "2606:4700::1111%eth0",
    "5f00::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.1",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00:1450::200e",
    "2001:4860:4860::8888",
    "64:ff9b::8.8.8.8",
]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_special_purpose_address_is_refused(text: str) -> None:
    assert not may_contact(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_public_address_is_allowed(text: str) -> None:
    assert may_contact(ip_address(text))


@given(st.ip_addresses())
def test_whatever_python_calls_private_is_never_public(address: IPv4Address | IPv6Address) -> None:
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback:
        nat64 = isinstance(address, IPv6Address) and address in ip_network("64:ff9b::/96")
        assert nat64 or not is_public(address)


@given(st.ip_addresses(v=4))
def test_wrapped_address_is_never_more_public_than_itself(inner: IPv4Address) -> None:
    number = int(inner)
    for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::"):
        assert is_public(inner) or not is_public(IPv6Address(int(IPv6Address(prefix)) | number))
    assert not is_public(IPv6Address((0x2002 << 112) | (number << 80)))


@given(st.ip_addresses(), st.ip_addresses(v=4))
def test_laboratory_opens_its_own_networks_and_nothing_else(
    address: IPv4Address | IPv6Address, lab: IPv4Address
) -> None:
    network = ip_network(f"{lab}/16", strict=False)
    inside = address.version == 4 and address in network
    assert may_contact(address, [network]) == (is_public(address) or inside)


def test_opened_loopback_does_not_open_its_mapped_form() -> None:
    lab = [ip_network("127.0.0.0/8")]
    assert may_contact(ip_address("127.0.0.1"), lab)
    assert not may_contact(ip_address("::ffff:127.0.0.1"), lab)
    assert not may_contact(ip_address("64:ff9b::127.0.0.1"), lab)


@pytest.mark.parametrize(
    ("url", "spelled"),
    [
        ("https://Example.SOCIAL", "https://example.social/"),
        ("https://example.social:443/a?b#c", "https://example.social/a?b"),
        ("https://example.social./x", "https://example.social/x"),
        ("http://example.social:8080/", "http://example.social:8080/"),
        ("https://bücher.example/ü?q=ö", "https://xn--bcher-kva.example/%C3%BC?q=%C3%B6"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ("https://a.test/%7Euser/@me;v=1?x=%5B1%5D", "https://a.test/%7Euser/@me;v=1?x=%5B1%5D"),
    ],
)
def test_url_is_spelled_in_one_way(url: str, spelled: str) -> None:
    assert str(read_url(url)) == spelled
    assert str(read_url(spelled)) == spelled


@pytest.mark.parametrize(
    "url",
    [
        "", "example.social", "//example.social/", "ftp://example.social/", "javascript:alert(1)",
        "https://", "https:///x", "https://user@example.social/", "https://a b.test/",
        "https://exa\nmple.social/", "https://example.social/\x00", "https://example.social\\@evil/",
        "https://example.social:99999/", "https://example.social:x/", "https://-x.test/",
        "https://a..b/", "https://[::1%25eth0]/", "https://[zz]/", "https://" + "a" * 5000,
        "https://exam%70le.social/", "https://<script>/",
    ],
)  # fmt: skip
def test_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        read_url(url)


@given(st.text(max_size=60))
def test_reading_any_text_gives_a_url_that_reads_the_same_or_a_refusal(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.social/{text}"):
        try:
            target = read_url(url)
        except ValueError:
            continue
        assert target.host.isascii()
        assert target.path.isascii()
        assert target.path.startswith("/")
        assert not set(" \r\n\t\\@") & set(target.authority)
        assert read_url(str(target)) == target


def test_redirect_never_leaves_https_outside_a_laboratory() -> None:
    here = read_url("https://a.test/x")
    assert str(redirect_target(here, "/y", plain_allowed=False)) == "https://a.test/y"
    assert str(redirect_target(here, "//b.test/y", plain_allowed=False)) == "https://b.test/y"
    assert redirect_target(here, "http://a.test/y", plain_allowed=True).scheme == "http"
    for location in ("http://a.test/y", "ftp://a.test/", "https://u@a.test/", "https://-/"):
        with pytest.raises(ValueError):
            redirect_target(here, location, plain_allowed=False)
