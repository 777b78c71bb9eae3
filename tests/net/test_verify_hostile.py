"""What liars send: signatures, digests and headers that do not fit. Each gets one status."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from discover.services.federation.remote_keys import KEYS
from tests.net.conftest import SCHEMES, altered, refused, rows
from tests.support.remote import INBOX

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
