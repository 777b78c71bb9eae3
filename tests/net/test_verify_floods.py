"""Caches, floods and hosts that fail: each question about a key has a bounded cost."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from discover.net.remote_keys import KeyLimits, KeyTrouble, KnownKey
from discover.services.federation.remote_keys import KEYS, RemoteKeys
from tests.net.conftest import altered, refused, rows
from tests.support.remote import Person
from tests.support.rude_site import answer, in_turn

# Caches and floods


def test_key_is_fetched_once_and_known_after_a_restart(verify, alice):
    verify(alice.cavage(), alice.uri)
    verify(alice.rfc9421(), alice.uri)
    verify.verifier = verify.app.verifier()
    verify(alice.cavage(b"[]"), alice.uri)
    assert verify.fetches() == 1


def test_rotated_key_is_fetched_again_once(verify, site, alice):
    verify(alice.cavage(), alice.uri)
    renewed = Person("alice").live_at(site)
    assert verify(renewed.cavage(), alice.uri).actor == alice.uri
    assert verify.fetches() == 2
    refused(verify, alice.cavage(b"[]"), alice.uri)
    assert verify.fetches() == 2


def test_forgeries_make_one_refresh_in_a_while(verify, alice, mallory):
    verify(alice.cavage(), alice.uri)
    for number in range(10):
        refused(verify, mallory.cavage(b"%d" % number, key_id=alice.key_id), alice.uri)
    assert verify.fetches() == 2
    verify.clock.ahead = timedelta(minutes=6)
    late = mallory.cavage(key_id=alice.key_id, at=verify.clock.now())
    refused(verify, late, alice.uri)
    assert verify.fetches() == 3


def test_host_that_cannot_be_reached_is_not_asked_at_once_again(verify, site, alice):
    site.replies["/users/alice"] = answer(500)
    for number in range(5):
        refused(verify, alice.cavage(b"%d" % number), alice.uri)
    assert verify.fetches() == 1


def test_failure_is_remembered_without_the_request_that_met_it(verify, site, alice):
    site.replies["/users/alice"] = answer(500)
    body = b"x" * 100_000
    for number in range(20):
        site.replies[f"/users/alice/{number}"] = answer(500)
        refused(verify, alice.cavage(body, key_id=f"{alice.uri}/{number}"), alice.uri)
    gc.collect()
    held = [one for one in gc.get_objects() if isinstance(one, KeyTrouble)]
    assert held == []


def test_known_key_stays_good_while_its_host_is_down(verify, site, alice):
    verify(alice.cavage(), alice.uri)
    site.replies["/users/alice"] = answer(500)
    verify.clock.ahead = timedelta(days=2)
    assert verify(alice.cavage(at=verify.clock.now()), alice.uri).actor == alice.uri
    verify.clock.ahead = timedelta(days=8)
    refused(verify, alice.cavage(at=verify.clock.now()), alice.uri)


@pytest.fixture
def crowd():
    """Thousands at once outlast the time of a fetch. Of a connection that is given up in the very
    moment it stands, anyio leaves the socket to the garbage collector: it is asked here.
    """
    yield
    gc.collect()


crowded = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


def ten_thousand(mallory, key_id):
    """Requests of one sender, with a number for KEY in the address of each one's key."""
    one = mallory.cavage(key_id=key_id)
    signed = one.headers["signature"]
    return [
        (altered(one, signature=signed.replace("KEY", f"h{number}")), None)
        for number in range(10_000)
    ]


@crowded
@pytest.mark.usefixtures("crowd")
def test_ten_thousand_fragments_cost_one_fetch(verify, alice, mallory):
    requests = ten_thousand(mallory, "https://a.lab.test/users/alice#KEY")
    found = verify.together(*requests)
    assert {one.status for one in found} == {401}
    assert verify.fetches() == 1
    assert rows(verify, KEYS) == 0


def _allowed(rate, began):
    """What the limit lets through in the time it took; a busy machine takes longer."""
    return rate.burst + rate.per_second * (time.monotonic() - began) + 1


@crowded
@pytest.mark.usefixtures("crowd")
def test_ten_thousand_key_ids_cost_a_bounded_number_of_fetches(verify, site, mallory):
    requests = ten_thousand(mallory, "https://evil.lab.test/users/KEY")
    began = time.monotonic()
    found = verify.together(*requests)
    assert {one.status for one in found} == {401}
    assert verify.fetches() <= _allowed(KeyLimits().each_host, began)
    assert rows(verify, KEYS) == 0


@crowded
@pytest.mark.usefixtures("crowd")
def test_ten_thousand_hosts_cost_a_bounded_number_of_fetches(verify, site, mallory):
    requests = ten_thousand(mallory, "https://KEY.lab.test/users/x")
    began = time.monotonic()
    found = verify.together(*requests)
    assert {one.status for one in found} == {401}
    assert verify.fetches() <= _allowed(KeyLimits().all_hosts, began)
    assert rows(verify, KEYS) == 0


def test_long_addresses_of_keys_are_not_remembered_at_their_length(verify, mallory):
    """Bounded in number is not enough: whoever makes an address up chooses its length."""
    long = "x" * 1_900
    requests = [
        (mallory.cavage(key_id=f"https://evil.lab.test/{number}/{long}"), None)
        for number in range(400)
    ]
    verify.together(*requests[:50])
    verify.together(*requests[50:100])  # more than is fetched
    gc.collect()
    tracemalloc.start()
    for start in range(100, 400, 50):
        verify.together(*requests[start : start + 50])
    gc.collect()
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert kept < 300 * len(long) / 2


def test_flood_about_one_host_does_not_keep_others_out(verify, site, alice, mallory):
    flood = [
        (mallory.cavage(b"%d" % number, key_id=f"https://evil.lab.test/users/{number}"), None)
        for number in range(100)
    ]
    verify.together(*flood)
    assert verify(alice.cavage(), alice.uri).actor == alice.uri


def test_rows_of_keys_are_bounded(verify):
    store = RemoteKeys(verify.app.context, most=30, most_of_host=10)
    now = datetime.now(UTC)
    for number in range(100):
        host = f"h{number % 5}.test"
        moment = now + timedelta(seconds=number)
        key = KnownKey(
            f"https://{host}/{number}", f"https://{host}/u", host, "", None, None, moment
        )
        store.keep(key)
    assert rows(verify, KEYS) <= 40
    assert store.find("https://h4.test/99") is not None


def test_slow_key_host_is_given_up(verify, site, alice):
    async def never(_seen, _writer):
        await asyncio.sleep(30)

    site.replies["/users/alice"] = never
    began = datetime.now(UTC)
    refused(verify, alice.cavage(), alice.uri)
    assert datetime.now(UTC) - began < timedelta(seconds=8)


def test_key_that_comes_back_is_found_after_a_while(verify, site, alice):
    good = site.replies["/users/alice"]
    site.replies["/users/alice"] = in_turn(answer(503), good)
    refused(verify, alice.cavage(), alice.uri)
    verify.clock.ahead = timedelta(minutes=6)
    assert verify(alice.cavage(at=verify.clock.now()), alice.uri).actor == alice.uri
