"""What liars send: each gets one status, and a bounded cost."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
import sqlalchemy as sa

from discover.net.remote_keys import KeyLimits, KnownKey
from discover.net.verify import GoneActor, Refused
from discover.services.consent.servers import add_server
from discover.services.facts import SERVERS
from discover.services.federation.remote_keys import KEYS, RemoteKeys
from tests.support.remote import INBOX, Person
from tests.support.rude_site import answer, in_turn


@pytest.fixture
def alice(site):
    return Person("alice").live_at(site)


@pytest.fixture(scope="module")
def mallory():
    return Person("mallory", host="evil.lab.test")


def rows(desk, table):
    with desk.app.context.database.read() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table))


def refused(desk, request, actor, *, status=401, **given):
    with pytest.raises(Refused) as info:
        desk(request, actor, **given)
    assert info.value.status == status
    return info.value.reason


def altered(request, **headers):
    changed = dict(request.headers) | {name.replace("_", "-"): v for name, v in headers.items()}
    return replace(request, headers={name: v for name, v in changed.items() if v is not None})


SCHEMES = pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])


# The signature and the body


@SCHEMES
def test_signature_by_another_key_is_refused(verify, alice, mallory, scheme):
    forged = getattr(mallory, scheme)(key_id=alice.key_id)
    assert "not made by this key" in refused(verify, forged, alice.uri)
    assert rows(verify, KEYS) == 0


@SCHEMES
def test_another_body_is_refused_without_a_fetch(verify, alice, scheme):
    signed = getattr(alice, scheme)(b'{"type":"Follow"}')
    refused(verify, replace(signed, body=b'{"type":"Delete"}'), alice.uri)
    assert verify.fetches() == 0


@pytest.mark.parametrize(
    "digest",
    [
        "SHA-256=AAAA",
        "SHA-256=not base64",
        "MD5=AAAA",
        "nothing",
        "",
        "SHA-256={sha256},SHA-512=AAAA",
        ",".join(["SHA-256={sha256}"] * 9),
    ],
)
def test_digest_that_does_not_fit_is_refused(verify, alice, digest, digests):
    signed = alice.cavage(digest=digest.format(**digests) or " ")
    refused(verify, signed, alice.uri)
    assert verify.fetches() == 0


@pytest.mark.parametrize(
    "digest",
    [
        "sha-256=:AAAA:",
        "sha-256=1",
        "sha-256=:{sha256}:, sha-512=:AAAA:",
        "md5=:AAAA:",
        "sha-256=:{sha256}:, sha-256=:{sha256}:",
        "(((",
    ],
)
def test_content_digest_that_does_not_fit_is_refused(verify, alice, digest, digests):
    refused(verify, alice.rfc9421(digest=digest.format(**digests)), alice.uri)
    assert verify.fetches() == 0


@SCHEMES
@pytest.mark.parametrize(
    ("method", "url"),
    [("PUT", INBOX), ("POST", "https://waypost.test/actor"), ("POST", f"{INBOX}?more=1")],
)
def test_signature_for_another_request_is_refused(verify, alice, scheme, method, url):
    signed = getattr(alice, scheme)()
    refused(verify, replace(signed, method=method, url=url), alice.uri)


@SCHEMES
def test_signature_for_another_server_is_refused(verify, alice, scheme):
    signed = getattr(alice, scheme)(url="https://other.test/inbox")
    refused(verify, replace(signed, url=INBOX), alice.uri)


@SCHEMES
def test_each_signature_has_one_use_of_its_own_until_its_time_is_over(verify, alice, scheme):
    at = verify.clock.now()
    first, again = getattr(alice, scheme)(at=at), getattr(alice, scheme)(b'{"a":1}', at=at)
    use = verify(first, alice.uri).use
    assert verify(first, alice.uri).use == use
    assert verify(again, alice.uri).use.digest != use.digest
    assert timedelta(minutes=59) < use.until - at <= timedelta(hours=1)


def test_a_slow_look_into_the_table_does_not_fetch_what_another_fetched(verify, alice, monkeypatch):
    store = verify.verifier.keys._store
    look, calls = store.find, count()

    def second_is_late(key_id):
        found, late = look(key_id), next(calls) == 1
        if late:
            time.sleep(0.5)
        return found

    monkeypatch.setattr(store, "find", second_is_late)
    first, second = alice.cavage(), alice.cavage(b'{"type":"Follow"}')
    found = verify.together((first, alice.uri), (second, alice.uri))
    assert [one.actor for one in found] == [alice.uri, alice.uri]
    assert verify.fetches() == 1


# The form


@pytest.mark.parametrize(
    "names",
    [
        "host date digest",
        "(request-target) date digest",
        "(request-target) host digest",
        "(request-target) host date",
        "date",
    ],
)
def test_cavage_that_covers_too_little_is_refused(verify, alice, names):
    assert "not signed" in refused(verify, alice.cavage(names=names), alice.uri)
    assert verify.fetches() == 0


@pytest.mark.parametrize(
    "names",
    [
        ("@target-uri", "content-digest"),
        ("@method", "content-digest"),
        ("@method", "@target-uri"),
        ("@method", "@path", "content-digest"),
        ("@method", "@authority", "content-digest"),
        (),
    ],
)
def test_rfc9421_that_covers_too_little_is_refused(verify, alice, names):
    assert "not signed" in refused(verify, alice.rfc9421(names=names), alice.uri)
    assert verify.fetches() == 0


def test_query_must_be_covered_where_there_is_one(verify, alice):
    names = ("@method", "@authority", "@path", "content-digest")
    assert verify(alice.rfc9421(names=names), alice.uri).actor == alice.uri
    refused(verify, alice.rfc9421(names=names, url=f"{INBOX}?a=b"), alice.uri)


@pytest.mark.parametrize(
    "algorithm", ["rsa-sha1", "hmac-sha256", "none", "ecdsa-sha256", "ed25519"]
)
def test_cavage_algorithm_that_is_unknown_or_not_the_keys_is_refused(verify, alice, algorithm):
    refused(verify, alice.cavage(algorithm=algorithm), alice.uri)


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "rsa-pss-sha512", "ed25519", "x"])
def test_rfc9421_algorithm_that_is_unknown_or_not_the_keys_is_refused(verify, alice, algorithm):
    signed = alice.rfc9421(name_algorithm=False, more=f';alg="{algorithm}"')
    refused(verify, signed, alice.uri)


def test_expiry_is_honoured(verify, alice):
    now = int(datetime.now(UTC).timestamp())
    names = "(request-target) host (created) (expires) digest"
    late = alice.cavage(names=names, algorithm="hs2019", created=now - 60, expires=now - 1)
    assert "expired" in refused(verify, late, alice.uri)
    late = alice.rfc9421(at=datetime.now(UTC) - timedelta(minutes=1), more=f";expires={now - 1}")
    assert "expired" in refused(verify, late, alice.uri)


def test_created_cannot_be_signed_with_an_algorithm_that_forbids_it(verify, alice):
    now = int(datetime.now(UTC).timestamp())
    signed = alice.cavage(names="(request-target) host (created) digest", created=now)
    refused(verify, signed, alice.uri)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        'keyId="x"',
        'keyId="x",signature="!!!"',
        'signature="AAAA"',
        'keyId="a",keyId="b",signature="AAAA"',
        'keyId="a\\"b",signature="AAAA"',
        'keyId="unclosed,signature="AAAA"',
        "keyId=" + "x" * 100_000,
        'keyId="https://a.lab.test/users/alice#main-key",headers="' + "a " * 4000 + '"',
        "\x00\xff",
        ("," * 8000),
    ],
)
def test_signature_header_that_cannot_be_read_is_refused(verify, alice, header):
    refused(verify, altered(alice.cavage(), signature=header), alice.uri)
    assert verify.fetches() == 0


def test_truncated_base64_is_refused(verify, alice):
    signed = alice.cavage()
    cut = signed.headers["signature"][:-4] + '"'
    refused(verify, altered(signed, signature=cut), alice.uri)
    refused(verify, altered(signed, signature=signed.headers["signature"][:-9] + '"'), alice.uri)


@pytest.mark.parametrize(
    "described",
    [
        "",
        "sig1",
        "sig1=1",
        "sig1=()",
        'sig1=("@method" "@target-uri" "content-digest")',
        'sig1=("@method" "@target-uri" "content-digest");created=1.5;keyid="k"',
        'sig1=("@method" "@target-uri" "content-digest");created=99999999999999;keyid="k"',
        'sig1=("@method" "@target-uri" "content-digest");created=-5;keyid="k"',
        'sig1=("@method" "@method" "@target-uri");created=1;keyid="k"',
        'sig1=("@status" "@method" "@target-uri");created=1;keyid="k"',
        'sig1=("@method";req "@target-uri";req);created=1;keyid="k"',
        'sig1=("@nonsense");created=1;keyid="k"',
        'sig1=("X-Missing");created=1;keyid="k"',
        'sig1=(1 2);created=1;keyid="k"',
        'sig1=("@method");created=1;keyid=token',
        "other=()",
        "sig1=(" + '"a" ' * 3000 + ")",
        "sig1=" + "(" * 5000,
    ],
)
def test_signature_input_that_cannot_be_read_is_refused(verify, alice, described):
    refused(verify, altered(alice.rfc9421(), signature_input=described), alice.uri)
    assert verify.fetches() == 0


@pytest.mark.parametrize("date", ["yesterday", "", "Thu, 99 Foo 9999 99:99:99 GMT", None])
def test_date_that_cannot_be_read_is_refused(verify, alice, date):
    refused(verify, altered(alice.cavage(headers={"date": date or ""}), date=date), alice.uri)


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


@crowded
@pytest.mark.usefixtures("crowd")
def test_ten_thousand_fragments_cost_one_fetch(verify, alice, mallory):
    one = mallory.cavage(key_id="https://a.lab.test/users/alice#KEY")
    requests = [
        (altered(one, signature=one.headers["signature"].replace("KEY", str(number))), None)
        for number in range(10_000)
    ]
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
    one = mallory.cavage(key_id="https://evil.lab.test/users/KEY")
    requests = [
        (altered(one, signature=one.headers["signature"].replace("KEY", str(number))), None)
        for number in range(10_000)
    ]
    began = time.monotonic()
    found = verify.together(*requests)
    assert {one.status for one in found} == {401}
    assert verify.fetches() <= _allowed(KeyLimits().each_host, began)
    assert rows(verify, KEYS) == 0


@crowded
@pytest.mark.usefixtures("crowd")
def test_ten_thousand_hosts_cost_a_bounded_number_of_fetches(verify, site, mallory):
    one = mallory.cavage(key_id="https://KEY.lab.test/users/x")
    requests = [
        (altered(one, signature=one.headers["signature"].replace("KEY", f"h{number}")), None)
        for number in range(10_000)
    ]
    began = time.monotonic()
    found = verify.together(*requests)
    assert {one.status for one in found} == {401}
    assert verify.fetches() <= _allowed(KeyLimits().all_hosts, began)
    assert rows(verify, KEYS) == 0


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
