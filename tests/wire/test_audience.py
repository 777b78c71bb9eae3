"""Who a post is for, read from the most private upwards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discover.model.actor import SearchableBy
from discover.model.post import Audience
from discover.wire.audience import PUBLIC as SPELLINGS
from discover.wire.audience import read_audience
from discover.wire.post import parse_post
from tests.wire.documents import PUBLIC, note

FOLLOWERS = "https://one.example/users/alice/followers"
BOB = "https://two.example/users/bob"


@pytest.mark.parametrize("public", sorted(SPELLINGS))
@pytest.mark.parametrize("shape", ["string", "array", "object", "objects"])
def test_public_in_to_is_public_in_every_spelling_and_shape(public, shape):
    to = {
        "string": public,
        "array": [BOB, public],
        "object": {"id": public},
        "objects": [{"id": BOB}, {"id": public}],
    }[shape]
    assert read_audience({"to": to}) is Audience.PUBLIC
    assert read_audience({"to": BOB, "cc": to}) is Audience.UNLISTED


@pytest.mark.parametrize(
    "almost",
    [
        "https://one.example/#Public", "https://one.example/ns#Public", "public", "AS:Public",
        "as:public", " as:Public", "as:Public ", "http://www.w3.org/ns/activitystreams#Public",
        "https://www.w3.org/ns/activitystreams#public", "https://www.w3.org/ns/activitystreams",
        "toot:Public", ["as:Public"], {"name": "as:Public"}, True,
    ],
)  # fmt: skip
def test_what_only_looks_like_public_is_private(almost):
    assert read_audience({"to": [almost], "cc": [almost]}) is Audience.DIRECT


def test_followers_only_is_not_public():
    assert read_audience({"to": [FOLLOWERS], "cc": [BOB]}) is Audience.FOLLOWERS


def test_a_named_followers_collection_is_recognised_whatever_its_path():
    opaque = "https://one.example/c/77"
    assert read_audience({"to": opaque}) is Audience.DIRECT
    assert read_audience({"to": opaque}, followers=opaque) is Audience.FOLLOWERS


@pytest.mark.parametrize(
    "addressed", [{}, {"to": []}, {"to": None}, {"to": [BOB]}, {"bto": PUBLIC}]
)
def test_a_post_to_nobody_or_somebody_is_direct(addressed):
    assert read_audience(addressed) is Audience.DIRECT


@pytest.mark.parametrize(
    "token",
    [
        "kmyblue:LoginOnly", "as:LoginOnly", "LoginUser", "kmyblue:LocalPublic",
        "http://kmy.blue/ns#LoginOnly",
    ],
)  # fmt: skip
@pytest.mark.parametrize("field", ["to", "cc"])
def test_a_login_only_or_local_token_keeps_strangers_out(token, field):
    assert read_audience({"to": [PUBLIC], field: [PUBLIC, token]}) is Audience.LOCAL


def test_the_activity_speaks_only_for_an_object_without_addressing():
    activity = {"to": [PUBLIC]}
    assert read_audience({}, activity) is Audience.PUBLIC
    assert read_audience({"to": [FOLLOWERS]}, activity) is Audience.FOLLOWERS
    assert read_audience({"to": []}, activity) is Audience.DIRECT
    assert read_audience({"cc": [BOB]}, activity) is Audience.DIRECT


def test_a_community_in_audience_does_not_make_a_post_public():
    assert read_audience({"audience": PUBLIC, "to": [BOB]}) is Audience.DIRECT


recipients = st.one_of(
    st.text(max_size=30), st.none(), st.booleans(), st.dictionaries(st.text(max_size=4), st.text())
)
addressing = st.fixed_dictionaries(
    {},
    optional={key: st.one_of(recipients, st.lists(recipients)) for key in ("to", "cc", "audience")},
)


@given(addressing, st.none() | addressing)
def test_nothing_climbs_without_a_spelling_of_public(obj, activity):
    written = repr((obj.get("to"), obj.get("cc"), activity))
    audience = read_audience(obj, activity)
    if not any(repr(spelling) in written for spelling in SPELLINGS):
        assert audience not in (Audience.PUBLIC, Audience.UNLISTED)


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (None, SearchableBy.UNSAID),
        ([], SearchableBy.UNSAID),
        ([PUBLIC], SearchableBy.PUBLIC),
        ([FOLLOWERS], SearchableBy.NARROWED),
        (["https://one.example/users/alice"], SearchableBy.NARROWED),
        (["as:Limited"], SearchableBy.NARROWED),
    ],
)
def test_a_public_post_may_still_not_be_searchable(value, answer):
    post = parse_post(note(searchableBy=value))
    assert post.audience is Audience.PUBLIC
    assert post.searchable_by is answer


def test_a_spelled_out_searchable_by_narrows_too():
    post = parse_post(note(**{"fedibird:searchableBy": [FOLLOWERS], "searchableBy": [PUBLIC]}))
    assert post.searchable_by is SearchableBy.NARROWED
