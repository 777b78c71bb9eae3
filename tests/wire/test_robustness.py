"""Whatever a stranger sends, nothing but ParseError comes out, and never a yes by accident."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discover.model.actor import Flag
from discover.wire.activity import read_item
from discover.wire.actor import parse_actor
from discover.wire.collection import next_page, read_collection
from discover.wire.directory import Listing, first_ask, read_candidates
from discover.wire.documents import ParseError, read_document, read_json
from discover.wire.nodeinfo import nodeinfo_url, parse_nodeinfo
from discover.wire.post import parse_post
from discover.wire.text import html_text, read_html
from discover.wire.webfinger import parse_host_meta, parse_jrd
from tests.wire.documents import actor, note

# Any code point at all, halves of surrogate pairs included: JSON can carry them.
strings = st.text(st.characters(exclude_categories=()), max_size=20) | st.sampled_from(
    ["https://one.example/1", "http://[", "https://one.example:99999/", "Note", "Person", "as:Public",
     "<p>#<b>nobot", "2026-11-01T10:00:00Z", "0000-01-01T00:00:00Z", "\ud800", "\ue000", "@value", "#"]
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | strings,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(strings | st.sampled_from(["id", "type", "name", "url", "href", "@value"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
ACTOR_KEYS = [*actor(), "tag", "attachment", "icon", "image", "url", "publicKey", "endpoints", "movedTo",
              "published", "webfinger", "searchableBy", "noindex", "nameMap", "summaryMap", "generator",
              "alsoKnownAs", "toot:indexable", "_misskey_makeNotesHiddenBefore"]  # fmt: skip
POST_KEYS = [*note(), "tag", "attachment", "image", "url", "summary", "contentMap", "language", "quote",
             "oneOf", "inReplyTo", "updated", "likes", "sensitive", "name", "icon", "mediaType"]  # fmt: skip


def changed(document, keys):
    """A good document with some of its parts replaced by anything."""
    return st.dictionaries(st.sampled_from(keys), values, max_size=4).map(
        lambda new: {**document, **new}
    )


@settings(max_examples=300)
@given(changed(actor(), ACTOR_KEYS) | st.dictionaries(strings, values))
def test_any_actor_is_read_or_refused_and_only_true_is_true(document):
    try:
        read = parse_actor(document)
    except ParseError:
        return
    json.dumps(asdict(read), default=str, ensure_ascii=False).encode()  # fits every store
    for name in ("discoverable", "indexable"):
        if document.get(name) is not True:
            assert getattr(read.signals, name) is not Flag.TRUE or (
                name not in document and document.get(f"toot:{name}") is True
            )


@settings(max_examples=300)
@given(changed(note(), POST_KEYS) | st.dictionaries(strings, values), st.none() | values)
def test_any_post_is_read_or_refused(document, activity):
    try:
        post = parse_post(document, activity=activity if isinstance(activity, dict) else None)
    except ParseError:
        return
    json.dumps(asdict(post), default=str, ensure_ascii=False).encode()
    assert "\ue000" not in post.text + post.html + post.title
    assert "\x00" not in post.text + post.html + post.title + post.content_warning


@given(values)
def test_any_item_collection_and_answer_is_read_or_refused(value):
    read_item(value)
    document = (
        value if isinstance(value, dict) else {"type": "OrderedCollectionPage", "items": value}
    )
    for read in (
        parse_jrd,
        nodeinfo_url,
        parse_nodeinfo,
        lambda d: read_collection(d, "https://one.example/o"),
    ):
        try:
            read(document)
        except ParseError:
            continue


@given(st.sampled_from(list(Listing)), values)
def test_any_directory_is_read_or_refused(listing, value):
    for answer in (value, [value], {"data": [value]}, {"communities": [value]}):
        try:
            found = read_candidates(answer, first_ask(listing, "one.example"))
        except ParseError:
            continue
        assert all(handle.host == "one.example" for handle in found.handles)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["id", "next", "first", "type", "items"]), values),
        max_size=3,
    )
)
def test_a_walk_through_any_collection_ends(pages):
    seen: set[str] = set()
    url = "https://one.example/outbox"
    for page in pages * 20:
        document = {"type": "OrderedCollectionPage", **page}
        try:
            target = next_page(read_collection(document, url), url, seen)
        except ParseError:
            return
        if target is None:
            return
        assert target not in seen
        seen.add(url)
        url = target


@given(
    st.text(
        st.sampled_from("<>/\"'=&;#pabrsn \n\ue000") | st.characters(exclude_categories=()),
        max_size=60,
    )
)
def test_any_html_becomes_harmless(html):
    safe = read_html(html)
    assert "<script" not in safe.html
    assert "\ue000" not in safe.text + safe.html
    html_text(html).encode()
    assert read_html(safe.html).html == safe.html


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(body):
    for read in (read_json, read_document, parse_host_meta):
        try:
            read(body)
        except ParseError:
            continue


def test_a_byte_order_mark_is_tolerated():
    assert read_document(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b'"x"', b"{", b'{"a": NaN}', b'{"a": Infinity}', b"<html></html>",
        '{"a": "ü"}'.encode("latin-1"), '{"a": 1}'.encode("utf-16"),
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_json_object_in_utf_8_is_refused(body):
    with pytest.raises(ParseError):
        read_document(body)


@pytest.mark.parametrize("depth", [41, 900, 100_000])
@pytest.mark.parametrize(("left", "right"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_deep_documents_are_refused(depth, left, right):
    with pytest.raises(ParseError):
        read_json(left * depth + b"1" + right * depth)


def test_the_depth_is_counted_exactly():
    body = b"[" * 40 + b"]" * 40
    read_json(body, depth=40)
    with pytest.raises(ParseError):
        read_json(body, depth=39)


@pytest.mark.parametrize(
    "body",
    [
        b'{"indexable": false, "indexable": true}',
        b'{"indexable": 1, "indexable": true}',
        b'{"index\\u0061ble": false, "indexable": true}',
        b'{"x": [{"to": "a", "to": "b"}]}',
    ],
)
def test_a_name_given_twice_with_two_values_is_refused(body):
    with pytest.raises(ParseError):
        read_document(body)


def test_a_name_repeated_with_one_value_is_harmless():
    assert read_document(b'{"a": [1], "a": [1]}') == {"a": [1]}
