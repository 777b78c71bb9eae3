"""Every example of fediverse-pasture-inputs through our parser."""

from __future__ import annotations

import re
from typing import Any

import pytest

from discover.model.post import Audience, MediaKind, Post
from discover.wire.documents import ParseError
from discover.wire.post import parse_post
from tests.support import pasture

SUITES = pasture.load()
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
AUTHOR = "http://pasture-one-actor/actor"
NOTE1 = "http://pasture-one-actor/assets/note1.jsonap"
UNREADABLE_TYPES = {"Document", "Place", "Profile", "Relationship", "Tombstone", None}


def whole(example: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The example on top of a complete public Note, as the pasture itself sends it."""
    return {
        "@context": "https://www.w3.org/ns/activitystreams",
        "type": "Note",
        "id": "http://pasture-one-actor/objects/1",
        "attributedTo": AUTHOR,
        "published": "2026-11-01T10:00:00Z",
        "to": [PUBLIC],
        "cc": [],
        **example,
        **more,
    }


def readable(example: dict[str, Any]) -> bool:
    kinds = example.get("type", "Note")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    complete = all(example.get(key, "there") for key in ("id", "attributedTo"))
    return complete and UNREADABLE_TYPES.isdisjoint(kinds)


def examples(suite: str) -> list[Any]:
    return [
        pytest.param(example, id=f"{suite}-{number}")
        for number, example in enumerate(SUITES[suite])
    ]


def posts(suite: str) -> list[tuple[dict[str, Any], Post]]:
    return [(example, parse_post(whole(example))) for example in SUITES[suite]]


EVERY = [case for suite in SUITES for case in examples(suite)]


def test_the_pasture_is_whole():
    assert len(EVERY) >= 262
    assert len(SUITES) >= 22


@pytest.mark.parametrize("example", EVERY)
def test_each_example_is_read_or_plainly_refused(example):
    if readable(example):
        post = parse_post(whole(example))
        assert post.audience is Audience.PUBLIC
        assert post.author == AUTHOR
        assert post.text or "content" not in example or "<" in example["content"]
        assert not re.search(
            r"<(?!/?(p|br|a|span|del|pre|code|em|strong|b|i|u|blockquote|ul|ol|li)[ >])", post.html
        )
    else:
        with pytest.raises(ParseError):
            parse_post(whole(example))


@pytest.mark.parametrize("example", EVERY)
def test_no_example_is_public_when_sent_to_followers_only(example):
    if readable(example):
        followers = f"{AUTHOR}/followers"
        post = parse_post(whole(example, to=[followers], cc=[]), followers=followers)
        assert post.audience is Audience.FOLLOWERS


@pytest.mark.parametrize("example", EVERY)
def test_no_example_is_public_when_public_stands_in_cc(example):
    if readable(example):
        post = parse_post(whole(example, to=[f"{AUTHOR}/followers"], cc=[PUBLIC]))
        assert post.audience is Audience.UNLISTED


@pytest.mark.parametrize("example", examples("public_addressing"))
def test_each_spelling_of_public_is_public(example):
    assert parse_post(whole(example)).audience is Audience.PUBLIC


def test_the_author_is_found_in_every_shape():
    assert {post.author for _, post in posts("attributed_to")} == {AUTHOR}


def test_one_of_two_authors_is_the_wanted_one():
    both = next(e for e in SUITES["attributed_to"] if len(e["attributedTo"]) == 2)
    second = "http://pasture-one-actor/second"
    assert parse_post(whole(both), author=second).author == second


def test_content_warnings_and_sensitive_files_fold_the_post():
    for example, post in posts("content_warnings"):
        assert post.sensitive
        assert post.content_warning == example.get("summary", "")


def test_markup_in_a_warning_does_not_reach_the_page():
    for _, post in posts("html_tags_summary"):
        assert "<" not in post.content_warning


def test_hashtags_are_read_in_every_shape():
    tags = {example["content"]: post.hashtags for example, post in posts("hashtags")}
    assert tags["tag '#test'"] == ("test",)
    assert tags["tag '#test' not in list"] == ("test",)
    assert tags["tag 'nohash'"][0] == "nohash"
    assert tags["tag '#CamelCase'"] == ("camelcase",)
    assert tags["tag '#ümläütß'"] == ("umlautss",)
    assert tags["tag '＃widehashtag'"] == ("widehashtag",)
    assert tags["tag '#牛'"] == ("牛",)
    jsonld = {example["content"]: post.hashtags for example, post in posts("hashtag_jsonld")}
    assert jsonld["using as:Hashtag"] == ("test",)


def test_mentions_are_the_addresses_of_the_mention_tags():
    for example, post in posts("mentions"):
        tags = example["tag"] if isinstance(example["tag"], list) else [example["tag"]]
        expected = {tag["href"] for tag in tags if tag.get("type") in ("Mention", "as:Mention")}
        assert set(post.mentions) == expected


def test_language_is_the_first_of_the_content_map():
    for example, post in posts("language"):
        first = next(iter(example.get("contentMap", {})), None)
        assert post.language_declared == (first is not None)
        if first:
            assert post.language == first
        if "content" not in example:
            assert post.text == example["contentMap"][first]


def test_plain_text_is_not_read_as_html():
    texts = {(e["mediaType"], e["content"]): p.text for e, p in posts("media_type")}
    assert texts["text/html", "<b>text</b>"] == "text"
    assert texts["text/plain", "<b>text</b>"] == "<b>text</b>"


def test_images_are_found_in_every_shape_but_data_urls():
    for example, post in posts("image_attachments"):
        if example["content"] in ("inline image", "Format eps", "Format tiff"):
            continue
        assert [item.kind for item in post.media] == [MediaKind.IMAGE], example["content"]


def test_descriptions_of_images_are_kept():
    for example, post in posts("image_description"):
        (media,) = post.media
        expected = {"no description": "", "only summary": "summary", "only content": "content"}
        unsaid = "no comment" in example["content"]
        assert media.alt == ("" if unsaid else expected.get(example["content"], "name"))


def test_attachments_have_their_kind_and_links_are_no_media():
    kinds = {e["content"]: [m.kind for m in p.media] for e, p in posts("attachments")}
    assert kinds["Video"] == [MediaKind.VIDEO]
    assert kinds["Audio"] == kinds["Audio as Document"] == [MediaKind.AUDIO]
    assert kinds["Link"] == kinds["Payment Link, see FEP-0ea0"] == kinds["Recipe"] == []
    assert kinds["10 images"] == [MediaKind.IMAGE] * 10
    for _, post in posts("recommended_attachments"):
        assert len(post.media) >= 1


def test_emojis_need_a_name_and_a_picture():
    for example, post in posts("emoji"):
        lacks = "missing icon" in example["content"] or "just id" in example["content"]
        assert len(post.emojis) == (0 if lacks else 1)


def test_quotes_are_found_under_every_name():
    for _, post in posts("quotes"):
        assert post.quotes == NOTE1


def test_replies_are_recognised_in_every_shape():
    for example, post in posts("in_reply_to"):
        expected = {"invalid uri": "http://invalid.example/", "collection": None}
        assert post.in_reply_to == expected.get(example["content"], NOTE1)


def test_the_page_for_people_is_never_a_film():
    for example, post in posts("url"):
        assert post.url is None or "video" not in post.url
        if "html.example" in str(example["url"]):
            assert post.url == "http://html.example/objects/123"


def test_scripts_leave_nothing_behind():
    for suite in ("html_tags", "html_bad", "html_tags_article"):
        for example, post in posts(suite):
            if "script>" in example["content"]:
                assert post.text == ""
                assert post.html == ""


def test_lines_end_where_blocks_end():
    texts = {example["content"]: post.text for example, post in posts("html_tags")}
    assert texts["<h1>h1</h1><h2>h2</h2>"] == "h1\nh2"
    assert texts["line<br/>break"] == "line\nbreak"
    assert texts["<del>old</del><ins>new</ins>"] == "oldnew"
    assert texts[
        "wbr: Fernstraßen<wbr />bau<wbr />privat<wbr />finanzierungs<wbr />gesetz"
    ].endswith("Fernstraßenbauprivatfinanzierungsgesetz")


def test_a_link_stays_a_link_that_helps_nobody_track():
    for _, post in posts("html_anchor"):
        assert 'rel="nofollow noopener noreferrer ugc"' in post.html
        assert "target=" not in post.html
        assert 'class="fun' not in post.html


def test_a_summary_is_a_warning_on_notes_and_never_on_films():
    warned = {str(e["type"]): p.content_warning for e, p in posts_of_types()}
    assert warned["Note"] == "summary"
    assert warned["Video"] == warned["Article"] == warned["Event"] == ""


def posts_of_types() -> list[tuple[dict[str, Any], Post]]:
    return [
        (example, parse_post(whole(example)))
        for example in SUITES["object_types"]
        if readable(example)
    ]


def test_a_post_without_date_is_read_without_date():
    (undated,) = [e for e in SUITES["necessary_properties"] if e.get("published", 1) is None]
    assert parse_post(whole(undated)).published is None
