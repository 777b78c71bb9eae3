"""TXT records from a real DNS server."""

from __future__ import annotations

import asyncio

import pytest

from discover.net.dns import DnsResolver
from discover.ports import DnsFailure
from discover.settings import Settings
from tests.support.nameserver import SERVFAIL, SILENCE

NAME = "_waypost.example.social"


def ask(nameserver, name=NAME, seconds=1.0):
    return asyncio.run(DnsResolver([("127.0.0.1", nameserver.port)], seconds=seconds).txt(name))


def test_a_record_is_read_as_it_is(nameserver):
    nameserver.put(NAME, "v=waypost1; consent=in")
    assert ask(nameserver) == ("v=waypost1; consent=in",)


def test_the_strings_of_one_record_are_joined_without_a_blank(nameserver):
    nameserver.put(NAME, ["v=waypost1; cons", "ent=in"], "another")
    assert sorted(ask(nameserver)) == ["another", "v=waypost1; consent=in"]


def test_an_answer_too_long_for_udp_is_asked_for_again_by_tcp(nameserver):
    nameserver.put(NAME, *(f"{number}" + "x" * 200 for number in range(6)))
    assert len(ask(nameserver)) == 6


def test_a_name_that_does_not_exist_certainly_has_no_record(nameserver):
    assert ask(nameserver) == ()


def test_a_name_without_txt_records_certainly_has_none(nameserver):
    nameserver.put(NAME)
    assert ask(nameserver) == ()


@pytest.mark.parametrize("how", [SERVFAIL, SILENCE])
def test_a_server_that_fails_or_is_silent_has_said_nothing(nameserver, how):
    nameserver.put(NAME, "v=waypost1; consent=in")
    nameserver.fail(NAME, how)
    with pytest.raises(DnsFailure):
        ask(nameserver)


@pytest.mark.parametrize("name", ["a" * 64 + ".example", ".".join(["abcdefgh"] * 40), "a..b"])
def test_a_name_that_is_none_is_not_asked_for(nameserver, name):
    with pytest.raises(DnsFailure):
        ask(nameserver, name)
    assert nameserver.asked == []


def test_resolvers_are_set_as_address_and_port(monkeypatch):
    monkeypatch.setenv("WAYPOST_DNS_SERVERS", "9.9.9.9:53, [2620:fe::fe]:53")
    assert Settings(_env_file=None).dns_servers == (("9.9.9.9", 53), ("2620:fe::fe", 53))
    monkeypatch.setenv("WAYPOST_DNS_SERVERS", "dns.example:53")
    with pytest.raises(ValueError):
        Settings(_env_file=None)
