"""The readable part of actor documents, in each software's shape."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from discover.model.actor import ActorType, ProfileField
from discover.wire.actor import parse_actor
from tests.wire.documents import actor


def test_the_bio_is_plain_text_and_safe_html():
    read = parse_actor(
        actor(summary='<p>Hi<script>x</script></p><p><a href="/x" onclick="y">me</a></p>')
    )
    assert read.summary == "Hi\nme"
    assert "onclick" not in read.summary_html
    assert "href" not in read.summary_html


@pytest.mark.parametrize(
    ("attachment", "fields"),
    [
        ([{"type": "PropertyValue", "name": "Web", "value": '<a href="https://a.example">a</a>'}], (("Web", "a"),)),
        ({"type": "schema:PropertyValue", "name": "x", "value": "y"}, (("x", "y"),)),
        ([{"type": "http://schema.org#PropertyValue", "name": "x", "value": "y"}], (("x", "y"),)),
        ([{"type": "Note", "name": "x", "content": "<p>y</p>"}], (("x", "y"),)),
        ([{"type": "Link", "name": "x", "href": "https://a.example/"}], (("x", "https://a.example/"),)),
        ([{"type": "IdentityProof", "name": "x", "signatureValue": "y"}], ()),
        (["nonsense", 7, None], ()),
        ("nonsense", ()),
    ],
)  # fmt: skip
def test_fields_are_read_in_every_shape(attachment, fields):
    assert parse_actor(actor(attachment=attachment)).fields == tuple(
        ProfileField(name, value) for name, value in fields
    )


def test_only_so_many_fields_and_so_long_texts_are_kept():
    row = {"type": "PropertyValue", "name": "x" * 9000, "value": "y" * 9000}
    read = parse_actor(actor(attachment=[row] * 60, name="n" * 9000, summary="b" * 90_000))
    assert len(read.fields) == 50
    assert {(len(field.name), len(field.value)) for field in read.fields} == {(2047, 2047)}
    assert len(read.name) == 2048
    assert len(read.summary) == 20_000


URL = "https://one.example/a.png"


@pytest.mark.parametrize(
    ("icon", "seen"),
    [
        (URL, (URL, "")),
        ({"type": "Image", "url": URL}, (URL, "")),
        ({"type": "Image", "url": URL, "name": "me"}, (URL, "me")),
        ({"type": "Image", "url": URL, "summary": "me"}, (URL, "me")),
        ([{"type": "Image", "url": URL}, {"url": "https://one.example/b.png"}], (URL, "")),
        ({"url": {"type": "Link", "href": URL}}, (URL, "")),
        ({"url": [{"href": URL}]}, (URL, "")),
        ({"type": "Image"}, (None, "")),
        ({"url": "data:image/png;base64,AA"}, (None, "")),
        (None, (None, "")),
        ([], (None, "")),
    ],
)
def test_pictures_are_found_in_every_shape(icon, seen):
    read = parse_actor(actor(icon=icon, image=icon))
    assert (read.avatar_url, read.avatar_alt) == seen
    assert read.header_url == seen[0]


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://one.example/@alice", "https://one.example/@alice"),
        ({"type": "Link", "href": "https://one.example/@alice"}, "https://one.example/@alice"),
        (
            [
                {"type": "Link", "mediaType": "application/activity+json", "href": "https://one.example/ap"},
                {"type": "Link", "mediaType": "text/html", "href": "https://one.example/@alice"},
            ],
            "https://one.example/@alice",
        ),
        (["https://one.example/1", "https://one.example/2"], "https://one.example/1"),
        ("javascript:alert(1)", None),
        (None, None),
    ],
)  # fmt: skip
def test_the_profile_page_is_found_in_every_shape(url, seen):
    assert parse_actor(actor(url=url)).url == seen


@pytest.mark.parametrize(
    "name", ["alice", {"@value": "alice"}, {"en": "alice"}, ["alice"], [{"@value": "alice"}]]
)
def test_a_username_may_be_a_language_map(name):
    assert parse_actor(actor(preferredUsername=name)).username == "alice"


@pytest.mark.parametrize(
    "value", ["alice@one.example", "acct:alice@one.example", "@alice@one.example"]
)
def test_webfinger_is_kept_without_acct(value):
    assert parse_actor(actor(webfinger=value)).webfinger == "alice@one.example"


@pytest.mark.parametrize(
    ("published", "seen"),
    [
        ("2020-05-01T00:00:00Z", datetime(2020, 5, 1, tzinfo=UTC)),
        ("2020-05-01", datetime(2020, 5, 1, tzinfo=UTC)),
        ("2020-05-01T02:00:00+02:00", datetime(2020, 5, 1, tzinfo=UTC)),
        ("2020-05-01T00:00:00", datetime(2020, 5, 1, tzinfo=UTC)),
        ("2999-01-01T00:00:00Z", datetime(2999, 1, 1, tzinfo=UTC)),
        ("0000-00-00T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        (1588291200, None),
        (None, None),
    ],
)
def test_odd_dates_do_not_hurt(published, seen):
    assert parse_actor(actor(published=published)).published == seen


ALICE = "https://one.example/users/alice"
KEY = {"id": f"{ALICE}#main-key", "owner": ALICE, "publicKeyPem": "PEM"}


@pytest.mark.parametrize(
    ("key", "seen"),
    [
        (KEY, (f"{ALICE}#main-key", "PEM")),
        ([{"id": "x"}, KEY], (f"{ALICE}#main-key", "PEM")),
        ({**KEY, "owner": "https://one.example/users/eve"}, (None, None)),
        ([{**KEY, "owner": "https://one.example/users/eve"}, KEY], (f"{ALICE}#main-key", "PEM")),
        (f"{ALICE}#main-key", (None, None)),
        ({**KEY, "publicKeyPem": 7}, (None, None)),
    ],
)
def test_a_key_counts_only_for_its_owner(key, seen):
    read = parse_actor(actor(publicKey=key))
    assert (read.public_key_id, read.public_key_pem) == seen


def test_hashtags_come_from_tags_and_bio_as_one_key():
    tags = [{"type": "Hashtag", "name": "#Cafe"}, {"type": "Emoji", "name": ":x:"}, "junk"]
    assert parse_actor(actor(tag=tags, summary="<p>#Café #Sky</p>")).hashtags == ("cafe", "sky")


@pytest.mark.parametrize("kind", list(ActorType))
def test_every_actor_type_is_read(kind):
    assert parse_actor(actor(type=kind.value)).type is kind
    assert parse_actor(actor(type=["Thing", f"as:{kind.value}"])).type is kind


def test_a_tombstone_beside_another_type_is_a_tombstone():
    assert parse_actor(actor(type=["Person", "Tombstone"])).type is ActorType.TOMBSTONE


def test_addresses_may_be_objects():
    read = parse_actor(
        actor(
            followers={"type": "Collection", "id": f"{ALICE}/followers"},
            endpoints={"sharedInbox": "https://one.example/inbox"},
            alsoKnownAs="https://old.example/users/alice",
        )
    )
    assert read.followers == f"{ALICE}/followers"
    assert read.shared_inbox == "https://one.example/inbox"
    assert read.also_known_as == ("https://old.example/users/alice",)
