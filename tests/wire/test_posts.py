"""Posts in the dialect of each software."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from discover.model.post import Audience, Media, MediaKind
from discover.wire.documents import ParseError
from discover.wire.post import parse_post
from tests.wire.documents import PUBLIC, note, stored

ALICE = "https://one.example/users/alice"


def german(_text: str) -> str:
    return "de"


def test_mastodon_note():
    post = parse_post(stored("one.example/users/alice/statuses/1.json"))
    assert post.text == (
        "@bob Clear skies tonight: https://example.com/very/long/path/to/a/page\n#Astrodon and Café"
    )
    assert post.hashtags == ("astrodon",)
    assert post.mentions == ("https://two.example/users/bob",)
    assert post.links == ("https://example.com/very/long/path/to/a/page",)
    assert post.language == "de"
    assert post.language_declared
    assert post.media == (
        Media(
            MediaKind.IMAGE,
            "https://files.one.example/1.jpg",
            "The Milky Way over a lake",
            "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH",
        ),
    )
    assert post.emojis == ((":star:", "https://files.one.example/star.png"),)
    assert (post.likes, post.shares, post.replies) == (3, 1, None)
    assert post.in_reply_to is None
    assert post.updated is None
    assert post.audience is Audience.PUBLIC


def test_misskey_quote_loses_its_re_line_and_its_empty_warning():
    post = parse_post(stored("misskey.example/notes/1.json"))
    assert post.text == "見て！"
    assert "RE:" not in post.html
    assert post.quotes == "https://one.example/users/alice/statuses/1"
    assert post.content_warning == ""
    assert post.sensitive
    assert post.in_reply_to == "https://misskey.example/notes/0"
    assert post.language == "ja"
    assert not post.language_declared
    assert post.links == ()


def test_lemmy_page_has_a_title_a_link_and_a_picture():
    post = parse_post(stored("lemmy.example/post/1.json"))
    assert (post.type, post.title) == ("Page", "A telescope for beginners")
    assert post.links == ("https://shop.example/telescope",)
    assert post.media[0].url == "https://lemmy.example/pictrs/image/1.jpg"
    assert (post.language, post.language_declared) == ("en", True)
    assert post.audience is Audience.PUBLIC


def test_peertube_video_is_a_film_by_the_wanted_one_of_two_authors():
    document = stored("peertube.example/videos/watch/1.json")
    post = parse_post(document)
    assert (post.type, post.title) == ("Video", "How we built the dome")
    assert post.author == "https://peertube.example/accounts/anna"
    assert post.url == "https://peertube.example/w/1"
    assert post.media[0].kind is MediaKind.VIDEO
    assert post.media[0].url == "https://peertube.example/static/1-720.mp4"
    assert post.language == "fr"
    assert post.content_warning == ""
    channel = "https://peertube.example/video-channels/dome"
    assert parse_post(document, author=channel).author == channel
    stranger = "https://peertube.example/accounts/eve"
    assert parse_post(document, author=stranger).author != stranger


def test_a_summary_warns_on_a_note_and_sums_up_an_article():
    warned = parse_post(note(summary="<b>Spiders</b>"))
    assert (warned.content_warning, warned.sensitive) == ("Spiders", True)
    article = note(type="Article", name="Spiders &amp; webs", summary="<p>About webs</p>")
    assert parse_post(article).content_warning == ""
    assert parse_post(article).title == "Spiders & webs"
    del article["content"]
    assert parse_post(article).text == "About webs"


def test_wordpress_warns_through_the_subject():
    post = parse_post(note(type="Article", summary="Excerpt", **{"dcterms:subject": "Spiders"}))
    assert (post.content_warning, post.sensitive) == ("Spiders", True)


@pytest.mark.parametrize("value", [True, "true", 1])
def test_what_is_marked_as_sensitive_is_folded(value):
    assert parse_post(note(sensitive=value)).sensitive


@pytest.mark.parametrize("value", [False, None])
def test_what_is_not_is_not(value):
    assert not parse_post(note(sensitive=value)).sensitive


@pytest.mark.parametrize(
    ("more", "language", "declared"),
    [
        ({"contentMap": {"en-GB": "<p>Hello</p>"}}, "en-gb", True),
        ({"contentMap": {"zh_TW": "x", "en": "y"}}, "zh-tw", True),
        ({"summaryMap": {"fr": "x"}}, "fr", True),
        ({"contentMap": {"und": "x"}}, "de", False),
        ({"contentMap": {"": "x"}}, "de", False),
        ({"contentMap": "en"}, "de", False),
        ({"language": {"identifier": "pt-BR", "name": "x"}}, "pt-br", True),
        ({"language": "nonsense language"}, "de", False),
        ({}, "de", False),
    ],
)
def test_a_declared_language_wins_over_a_detected_one(more, language, declared):
    post = parse_post(note(**more), detect_language=german)
    assert (post.language, post.language_declared) == (language, declared)


def test_bridged_english_is_not_believed():
    bridged = note(id="https://bsky.brid.gy/convert/ap/1", contentMap={"en": "<p>Guten Tag</p>"})
    post = parse_post(bridged, detect_language=german)
    assert (post.language, post.language_declared) == ("de", False)


def test_a_text_only_in_the_content_map_is_read():
    document = note(contentMap={"eo": "<p>Saluton</p>"})
    del document["content"]
    assert parse_post(document).text == "Saluton"


def test_answers_of_a_poll_are_searchable():
    post = parse_post(note(type="Question", oneOf=[{"name": "Mars"}, {"name": "Venus"}]))
    assert post.text == "Hello\nMars\nVenus"


def test_a_preview_card_is_a_link_and_no_medium():
    post = parse_post(note(attachment={"type": "Link", "href": "https://news.example/a"}))
    assert post.media == ()
    assert post.links == ("https://news.example/a",)


def test_a_deleted_quote_is_no_quote():
    assert parse_post(note(quote={"type": "Tombstone", "id": "https://x.example/1"})).quotes is None


@pytest.mark.parametrize(
    ("updated", "seen"),
    [
        ("2026-11-01T10:00:00Z", None),
        ("2026-10-01T10:00:00Z", None),
        ("2026-11-02T10:00:00+01:00", datetime(2026, 11, 2, 9, tzinfo=UTC)),
        ("soon", None),
    ],
)
def test_an_edit_is_later_than_the_post(updated, seen):
    assert parse_post(note(updated=updated)).updated == seen


@pytest.mark.parametrize("text", ["<p>#noindex</p>", "<p>#<span>NoBot</span> hi</p>"])
def test_an_opt_out_in_the_post_itself_is_seen(text):
    assert parse_post(note(content=text)).opt_out_tags
    assert parse_post(note(summary=text)).opt_out_tags
    assert parse_post(note(contentMap={"en": "x", "de": text})).opt_out_tags
    assert parse_post(note(type="Article", name=text)).opt_out_tags


def test_an_opt_out_behind_every_limit_is_seen():
    for words in (9_000, 30_000):
        post = parse_post(note(content="<p>word </p>" * words + "#noindex"))
        assert post.opt_out_tags == ("noindex",)
        assert len(post.text) <= 50_000


def test_the_author_of_an_object_without_one_is_its_activitys():
    document = note()
    del document["attributedTo"]
    assert parse_post(document, activity={"type": "Create", "actor": ALICE}).author == ALICE
    with pytest.raises(ParseError):
        parse_post(document)


@pytest.mark.parametrize(
    "more",
    [
        {"type": "ChatMessage"},
        {"type": ["Note", "ChatMessage"]},
        {"type": "Tombstone"},
        {"type": "Person"},
        {"type": 7},
        {"id": "bear:?t=token&u=https://one.example/1"},
        {"id": "tag:one.example,2026:1"},
        {"id": None},
        {"attributedTo": []},
        {"attributedTo": "alice"},
    ],
)
def test_what_is_no_post_is_refused(more):
    with pytest.raises(ParseError):
        parse_post(note(**more))


@pytest.mark.parametrize(
    ("kind", "read"), [("Review", "Review"), ("Quotation", "Quotation"), (["Note", "x:Y"], "Note")]
)
def test_bookwyrm_and_double_types_are_read(kind, read):
    assert parse_post(note(type=kind)).type == read


def test_a_quoted_passage_of_a_book_is_text():
    post = parse_post(note(type="Quotation", quote="<p>Call me Ishmael.</p>"))
    assert post.text == "Call me Ishmael.\nHello"


def test_absurd_counts_are_not_believed():
    post = parse_post(
        note(likes={"totalItems": -1}, shares={"totalItems": True}, replies={"totalItems": 2**31})
    )
    assert (post.likes, post.shares, post.replies) == (None, None, None)


def test_public_stays_public_for_bare_objects():
    assert parse_post(note(to=PUBLIC)).audience is Audience.PUBLIC
