"""Signatures that are good, made by a signer that shares no code with the verifier."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from discover.net.verify import Refused, Signer


def test_cavage_signature_names_the_actor(verify, alice):
    signer = verify(alice.cavage(), alice.uri)
    assert signer.use is not None  # to be written down with what comes of the request
    assert replace(signer, use=None) == Signer(
        actor=alice.uri,
        key_id=alice.key_id,
        host="a.lab.test",
        inbox=f"{alice.uri}/inbox",
        shared_inbox="https://a.lab.test/inbox",
    )


@pytest.mark.parametrize("algorithm", ["rsa-sha256", "hs2019", None, "RSA-SHA256"])
def test_cavage_names_of_one_rsa_algorithm_are_understood(verify, alice, algorithm):
    assert verify(alice.cavage(algorithm=algorithm), alice.uri).actor == alice.uri


@pytest.mark.parametrize("algorithm", ["ed25519", "hs2019", None])
def test_cavage_with_an_ed25519_key_is_understood(verify, alice, algorithm):
    signed = alice.cavage(ed=True, algorithm=algorithm)
    assert verify(signed, alice.uri).key_id == alice.ed_key_id


def test_cavage_may_sign_its_moment_instead_of_a_date(verify, alice):
    now = int(datetime.now(UTC).timestamp())
    signed = alice.cavage(
        names="(request-target) host (created) (expires) digest",
        algorithm="hs2019",
        created=now,
        expires=now + 60,
    )
    assert verify(signed, alice.uri).actor == alice.uri


@pytest.mark.parametrize("algorithm", ["rsa-v1_5-sha256", "rsa-pss-sha512", "ed25519"])
@pytest.mark.parametrize("named", [True, False])
def test_rfc9421_algorithms_are_understood_named_or_not(verify, alice, algorithm, named):
    signed = alice.rfc9421(algorithm=algorithm, name_algorithm=named)
    assert verify(signed, alice.uri).actor == alice.uri


def test_rfc9421_may_cover_the_parts_of_the_target(verify, alice):
    names = ("@method", "@authority", "@path", "@query", "content-digest", "host")
    signed = alice.rfc9421(names=names, url="https://waypost.test/inbox?a=1")
    assert verify(signed, alice.uri).actor == alice.uri


def test_another_signature_beside_the_senders_does_not_disturb(verify, alice):
    signed = alice.rfc9421(label="sig1")
    headers = dict(signed.headers)
    headers["signature-input"] = f'proxy=("date");created=1;keyid="x", {headers["signature-input"]}'
    headers["signature"] = f"proxy=:AAAA:, {headers['signature']}"
    both = type(signed)(signed.method, signed.url, headers, signed.body)
    assert verify(both, alice.uri).actor == alice.uri


@pytest.mark.parametrize("scheme", ["cavage", "rfc9421"])
def test_signed_get_needs_no_digest_and_may_come_again(verify, alice, scheme):
    signed = getattr(alice, scheme)(b"", method="GET", url="https://waypost.test/followers")
    assert verify(signed, None).actor == alice.uri
    assert verify(signed, None).actor == alice.uri


@pytest.mark.parametrize(
    "digest",
    [
        "sha-256={sha256}",
        "SHA-256={sha256},SHA-512={sha512}",
        "MD5=AAAA,SHA-256={sha256}",
    ],
)
def test_several_digests_are_fine_when_the_known_ones_fit(verify, alice, digest, digests):
    assert verify(alice.cavage(digest=digest.format(**digests)), alice.uri).actor == alice.uri


@pytest.mark.parametrize(
    "digest", ["sha-512=:{sha512}:, sha-256=:{sha256}:", "md5=:AAAA:, sha-256=:{sha256}:"]
)
def test_several_content_digests_too(verify, alice, digest, digests):
    assert verify(alice.rfc9421(digest=digest.format(**digests)), alice.uri).actor == alice.uri


def test_our_own_signer_is_understood_in_both_schemes(verify, site, our_request):
    for scheme in ("cavage", "rfc9421"):
        for method in ("GET", "POST"):
            request, actor = our_request(scheme, method)
            assert verify(request, actor).actor == actor


@pytest.mark.parametrize("ago", [timedelta(minutes=59), timedelta(minutes=-4)])
def test_clocks_may_differ_a_little(verify, alice, ago):
    at = datetime.now(UTC) - ago
    assert verify(alice.cavage(at=at), alice.uri).actor == alice.uri
    assert verify(alice.rfc9421(at=at), alice.uri).actor == alice.uri


@pytest.mark.parametrize("ago", [timedelta(minutes=61), timedelta(minutes=-6)])
def test_past_and_future_are_refused(verify, alice, ago):
    at = datetime.now(UTC) - ago
    for signed in (alice.cavage(at=at), alice.rfc9421(at=at)):
        with pytest.raises(Refused) as refused:
            verify(signed, alice.uri)
        assert refused.value.status == 401
