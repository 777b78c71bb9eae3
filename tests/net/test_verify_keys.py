"""Whose key it is: only documents on the key's own host say so, and who is gone can only leave."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from discover.net.verify import GoneActor
from discover.services.consent.servers import add_server
from discover.services.facts import SERVERS
from discover.services.federation.remote_keys import KEYS
from tests.net.conftest import SCHEMES, refused, rows
from tests.support.remote import Person
from tests.support.rude_site import answer

# Whose key it is


@SCHEMES
def test_key_of_another_host_proves_nothing(verify, site, alice, mallory, scheme):
    mallory.live_at(site)
    signed = getattr(mallory, scheme)()
    assert "host" in refused(verify, signed, alice.uri)
    assert verify.fetches() == 0


def test_key_of_a_neighbour_proves_nothing(verify, site, alice):
    bob = Person("bob").live_at(site)
    assert "not the actor's" in refused(verify, bob.cavage(), alice.uri)


def test_owner_on_another_host_is_refused(verify, site, alice, mallory):
    key = {"id": mallory.key_id, "owner": alice.uri, "publicKeyPem": mallory.pem()}
    mallory.live_at(site, publicKey=key, assertionMethod=[])
    refused(verify, mallory.cavage(), None)


def test_actor_that_claims_anothers_id_is_refused(verify, site, alice, mallory):
    """The document at mallory's address says that it is alice."""
    mallory.live_at(site, id=alice.uri)
    refused(verify, mallory.cavage(), None)
    bob = Person("bob").live_at(site, id=alice.uri)
    refused(verify, bob.cavage(), None)
    refused(verify, bob.cavage(), alice.uri)


def separate_key(site, person, **more):
    """GoToSocial's way: the key is at an address of its own, which shows a stub of the actor."""
    key_id = f"{person.uri}/main-key"
    key = {"id": key_id, "owner": person.uri, "publicKeyPem": person.pem()}
    stub = {"id": person.uri, "type": "Person", "publicKey": key} | more
    site.replies[f"/users/{person.name}/main-key"] = answer(200, json.dumps(stub).encode())
    return key_id, key


def test_key_at_its_own_address_is_good_when_its_owner_lists_it(verify, site):
    bob = Person("bob")
    key_id, key = separate_key(site, bob)
    bob.live_at(site, publicKey=key)
    assert verify(bob.cavage(key_id=key_id), bob.uri).inbox == f"{bob.uri}/inbox"
    assert verify.fetches() == 2


def test_key_document_without_an_actor_is_good_when_its_owner_lists_it(verify, site):
    bob = Person("bob")
    key_id, key = separate_key(site, bob)
    document = {"type": "CryptographicKey"} | key
    site.replies["/users/bob/main-key"] = answer(200, json.dumps(document).encode())
    bob.live_at(site, publicKey=key_id)
    assert verify(bob.cavage(key_id=key_id), bob.uri).actor == bob.uri


def test_key_that_its_owner_does_not_list_is_refused(verify, site, alice):
    """Somebody could put a document on alice's host, but not into alice's document."""
    intruder = Person("alice")
    key_id, _ = separate_key(site, intruder)
    assert "both list it" in refused(verify, intruder.cavage(key_id=key_id), alice.uri)


def test_key_that_two_documents_show_differently_is_refused(verify, site):
    bob, other = Person("bob"), Person("bob")
    key_id, _ = separate_key(site, other)
    bob.live_at(site, publicKey={"id": key_id, "owner": bob.uri, "publicKeyPem": bob.pem()})
    refused(verify, bob.cavage(key_id=key_id), bob.uri)
    refused(verify, other.cavage(key_id=key_id), bob.uri)


def test_key_that_owns_itself_is_refused_after_one_fetch(verify, site):
    bob = Person("bob")
    key_id = f"https://{bob.host}/key"
    document = {"id": key_id, "type": "Key", "owner": key_id, "publicKeyPem": bob.pem()}
    site.replies["/key"] = answer(200, json.dumps(document).encode())
    refused(verify, bob.cavage(key_id=key_id), None)
    assert verify.fetches() == 1


def test_keys_that_name_each_other_are_refused_after_two_fetches(verify, site):
    bob = Person("bob")
    for one, other in (("/one", "/two"), ("/two", "/one")):
        document = {
            "id": f"https://{bob.host}{one}",
            "type": "Key",
            "owner": f"https://{bob.host}{other}",
            "publicKeyPem": bob.pem(),
        }
        site.replies[one] = answer(200, json.dumps(document).encode())
    refused(verify, bob.cavage(key_id=f"https://{bob.host}/one"), None)
    assert verify.fetches() == 2


def test_key_address_that_leads_to_another_host_is_refused(verify, site, mallory):
    mallory.live_at(site)
    site.replies["/users/bob"] = answer(302, b"", {"location": mallory.uri})
    refused(verify, mallory.cavage(key_id="https://a.lab.test/users/bob#main-key"), None)


@pytest.mark.parametrize(
    "reply",
    [
        answer(200, b"<html>", {"content-type": "text/html"}),
        answer(200, b'{"publicKey": {}}', {"content-type": "application/json"}),
        answer(200, b"[]"),
        answer(200, b'{"type":"Person"}'),
        answer(200, b"[" * 10_000),
        answer(401),
        answer(500),
        answer(200, b" " * 2_000_000),
    ],
)
def test_document_that_is_no_actor_gives_no_key(verify, site, alice, reply):
    site.replies["/users/alice"] = reply
    refused(verify, alice.cavage(), alice.uri)
    assert rows(verify, KEYS) == 0


@pytest.mark.parametrize(
    "material",
    [
        {"publicKeyPem": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"},
        {"publicKeyPem": "x" * 30_000},
        {"publicKeyPem": 5},
        {"publicKeyMultibase": "z6Mk"},
        {"publicKeyMultibase": "u" + "A" * 47},
        {},
    ],
)
def test_key_that_is_none_gives_no_key(verify, site, alice, material):
    key = {"id": alice.key_id, "owner": alice.uri} | material
    alice.live_at(site, publicKey=key, assertionMethod=None)
    refused(verify, alice.cavage(), alice.uri)


@pytest.mark.parametrize(
    "key_id",
    [
        "acct:alice@a.lab.test",
        "alice",
        "https://user:pw@a.lab.test/users/alice#main-key",
        "ftp://a.lab.test/key",
        "https://127.0.0.1/key",
        "https://a.lab.test:22/key",
        "https:///key",
        "https://a.lab.test/" + "x" * 5000,
    ],
)
def test_key_id_that_is_no_public_address_is_refused(verify, alice, key_id):
    refused(verify, alice.cavage(key_id=key_id), None)
    assert verify.fetches() == 0


def test_inbox_on_another_host_is_not_taken(verify, site, alice):
    alice.live_at(
        site,
        inbox="https://victim.lab.test/inbox",
        endpoints={"sharedInbox": "https://victim.lab.test/inbox"},
    )
    signer = verify(alice.cavage(), alice.uri)
    assert (signer.inbox, signer.shared_inbox) == (None, None)


# Blocked and gone


def test_key_of_a_blocked_host_is_never_fetched(verify, site, alice):
    add_server(verify.app.context, "a.lab.test", "")
    with verify.app.context.database.write() as connection:
        connection.execute(sa.update(SERVERS).values(blocked=True))
    refused(verify, alice.cavage(), alice.uri, status=403)
    assert site.paths() == []


@pytest.mark.parametrize("status", [404, 410])
def test_delete_of_itself_by_an_actor_that_is_gone_is_believed(verify, site, alice, status):
    site.replies["/users/alice"] = answer(status)
    found = verify(alice.cavage(), alice.uri, activity_type="Delete", activity_object=alice.uri)
    assert found == GoneActor(alice.uri)


def test_delete_is_not_believed_because_of_a_missing_key_alone(verify, site, alice):
    signed = alice.cavage(key_id="https://a.lab.test/no-such-key")
    given = {"activity_type": "Delete", "activity_object": alice.uri}
    refused(verify, signed, alice.uri, **given)
    refused(verify, alice.cavage(key_id=f"{alice.uri}#x"), alice.uri, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"activity_type": "Delete", "activity_object": "https://a.lab.test/users/bob"},
        {"activity_type": "Update", "activity_object": "https://a.lab.test/users/alice"},
        {},
    ],
)
def test_actor_that_is_gone_can_do_nothing_else(verify, site, alice, given):
    site.replies["/users/alice"] = answer(410)
    refused(verify, alice.cavage(), alice.uri, **given)


def test_delete_signed_with_a_key_we_know_needs_no_fetch(verify, site, alice):
    verify(alice.cavage(), alice.uri)
    site.replies["/users/alice"] = answer(410)
    given = {"activity_type": "Delete", "activity_object": alice.uri}
    assert verify(alice.rfc9421(), alice.uri, **given).actor == alice.uri
    assert verify.fetches() == 1


def test_key_whose_actor_turns_out_to_be_gone_is_forgotten(verify, site, alice):
    verify(alice.cavage(), alice.uri)
    site.replies["/users/alice"] = answer(410)
    verify.clock.ahead = timedelta(days=2)
    refused(verify, alice.cavage(at=verify.clock.now()), alice.uri)
    assert rows(verify, KEYS) == 0
