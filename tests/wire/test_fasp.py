"""FASP documents and messages, read and written."""

from __future__ import annotations

import pytest

from discover.policy.fasp import fits, knows
from discover.wire import fasp
from discover.wire.documents import ParseError
from discover.wire.signed import BadSignature

SOURCE = {"subscription": {"id": "7"}}
KEY = "KvVQVgD4/WcdgbUDWH7EVaYX9W7Jz5fGWt+Wg8h+YvI="  # from the specification


def test_a_key_and_its_fingerprint():
    raw = fasp.read_key(KEY)
    assert len(raw) == 32
    assert fasp.write_key(raw) == KEY
    assert fasp.fingerprint(b"") == "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.mark.parametrize(
    "text", [None, 7, "", "AAAA", KEY[:-2], KEY + "AAAA", KEY.replace("+", "-")]
)
def test_what_is_no_key(text):
    with pytest.raises(ParseError):
        fasp.read_key(text)


@pytest.mark.parametrize(("value", "read"), [("7", "7"), (7, "7"), (0, "0"), ("a-b_c", "a-b_c")])
def test_ids_are_texts(value, read):
    assert fasp.read_id(value) == read


@pytest.mark.parametrize("value", [None, True, "", 1.5, [], {}, "x" * 201, "a\nb", "ü"])
def test_what_is_no_id(value):
    assert fasp.read_id(value) is None


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("https://example.social/api/fasp/", "https://example.social/api/fasp"),
        (" https://example.social/ ", "https://example.social"),
        ("https://example.social/a//", "https://example.social/a"),
    ],
)
def test_base_urls_have_no_slash_at_their_end(text, read):
    assert fasp.read_base_url(text) == read


def test_a_registration_answer_without_a_usable_completion_uri():
    read = fasp.read_registered(
        {"faspId": 23, "publicKey": KEY, "registrationCompletionUri": "javascript:alert(1)"}
    )
    assert (read.fasp_id, read.completion_url) == ("23", None)


def test_an_announcement_of_each_kind():
    event = fasp.read_announcement(
        {
            "source": SOURCE,
            "category": "content",
            "eventType": "trending",
            "objectUris": ["https://a.example/1", "https://a.example/1", 5, "mailto:x"],
        }
    )
    assert event == fasp.Announcement(
        "subscription", "7", "content", "trending", ("https://a.example/1",)
    )
    backfill = {"source": {"backfillRequest": {"id": 3}}, "category": "account"}
    more = fasp.read_announcement(
        backfill | {"objectUris": ["https://a.example/2"], "moreObjectsAvailable": True}
    )
    assert (more.kind, more.source_id, more.event, more.more) == ("backfill", "3", None, True)
    assert not fasp.read_announcement(
        backfill | {"objectUris": [], "moreObjectsAvailable": True}
    ).more


@pytest.mark.parametrize(
    ("category", "event", "asked", "answer"),
    [
        ("account", "new", ("account", "lifecycle"), True),
        ("content", "trending", ("content", "trends"), True),
        ("content", None, ("content", ""), True),
        ("content", "new", ("account", "lifecycle"), False),
        ("content", "trending", ("content", "lifecycle"), False),
        ("content", "new", ("content", "trends"), False),
        ("content", None, ("content", "lifecycle"), False),
        ("content", "new", ("content", ""), False),
    ],
)
def test_an_announcement_fits_what_was_asked_for(category, event, asked, answer):
    assert fits(category, event, asked=asked) is answer


@pytest.mark.parametrize(
    ("capability", "version", "answer"),
    [("trends", "0", True), ("trends", "0.1", True), ("trends", "1", False), ("x", "0", False)],
)
def test_capabilities_by_major_version(capability, version, answer):
    assert knows(capability, version) is answer


def test_a_signed_answer_is_read_as_it_was_written():
    unsigned = fasp.response(204, b"", created=1_700_000_000, key_id="71")
    read = fasp.read_response(204, unsigned.headers(b"signature"))
    assert read.base == unsigned.base
    assert read.value == b"signature"
    assert read.components == {"@status", "content-digest"}
    other = fasp.read_response(401, unsigned.headers(b"signature"))
    assert other.base != unsigned.base, "the status is part of what is signed"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"signature-input": 'sig1=("@status");created=1'},
        {"signature-input": 'sig1=("@status")', "signature": "sig1=:AAAA:"},
        {"signature-input": 'sig1=("@status");created=1', "signature": "sig2=:AAAA:"},
        {"signature-input": 'sig1=("@status";req);created=1', "signature": "sig1=:AAAA:"},
        {"signature-input": 'sig1=("x-none");created=1', "signature": "sig1=:AAAA:"},
        {"signature-input": 'sig1=("@status" "@status");created=1', "signature": "sig1=:AAAA:"},
        {"signature-input": "sig1=7;created=1", "signature": "sig1=:AAAA:"},
        {"signature-input": "}", "signature": "{"},
    ],
)
def test_an_answers_signature_that_cannot_be_read(headers):
    with pytest.raises(BadSignature):
        fasp.read_response(200, headers)
