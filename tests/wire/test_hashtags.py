"""Hashtags in every script: read whole, from text as from `tag`, under one stable key."""

from __future__ import annotations

import re
import sys
import unicodedata
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from discover.model.letters import MARKS
from discover.policy.leading import tokens
from discover.services.facts import PERSONS, POSTS
from discover.services.topics.catalogue import catalogue
from discover.wire.commands import Verb, parse
from discover.wire.hashtags import fold, in_tags, in_text, written
from discover.wire.optout import opt_out_tags
from discover.wire.post import parse_post
from tests.support.site import actor, filled_site, posts

# With vowel signs, tones, viramas, joiners, accents
TAGS = [
    "हिन्दी", "हिमालय", "मराठी", "नेपाली", "বাংলা", "ਪੰਜਾਬੀ", "ગુજરાતી", "ଓଡ଼ିଆ", "தமிழ்", "తెలుగు",
    "ಕನ್ನಡ", "മലയാളം", "සිංහල", "ශ්\u200dරී", "ภาษาไทย", "ดนตรี", "ລາວ", "မြန်မာ", "ខ្មែរ",
    "བོད", "مُوسِيقى", "کتاب\u200cخوانی", "می\u200cخوانم", "שָׁלוֹם", "ދިވެހި", "ᱥᱟᱱᱛᱟᱲᱤ", "がん",
    "Bücher", "Việt", "й", "Ελλάδα", "한국어", "日本語", "cat", "no_bot", "open·source", "𑄌𑄋𑄴𑄟𑄳𑄦",
]  # fmt: skip
FORMS = ["NFC", "NFD"]


def test_marks_are_those_of_unicode():
    mark = re.compile(f"[{MARKS}]")
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        assert (mark.match(letter) is not None) == (unicodedata.category(letter)[0] == "M"), hex(
            code
        )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tag", TAGS)
def test_hashtag_in_text_is_the_one_in_tag(tag, form):
    typed = unicodedata.normalize(form, tag)
    listed = in_tags([{"type": "Hashtag", "name": f"#{unicodedata.normalize('NFC', tag)}"}])
    assert in_text(f"a #{typed}, (#{typed}) #{typed}.") == listed == (fold(tag),)
    assert written(f"see #{typed}!", fold(tag)) == (unicodedata.normalize("NFC", tag),)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tag", TAGS)
def test_command_takes_the_whole_hashtag(tag, form):
    found = parse(unicodedata.normalize(form, f"only #{tag}"))
    assert found is not None
    assert (found.verb, found.tags) == (Verb.ONLY, (fold(tag),))


@pytest.mark.parametrize("tag", TAGS)
def test_command_takes_the_whole_topic(tag):
    assert fold(parse(f"suggest {tag}").topic) == fold(tag)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("tag", [tag for tag in TAGS if "·" not in tag])
def test_operators_own_opt_out_word_is_heard(tag, form):
    text = unicodedata.normalize(form, f"me #{tag}!")
    assert len(opt_out_tags([text], (), frozenset({tag}))) == 1
    assert opt_out_tags([f"#{tag}ก"], (), frozenset({tag})) == ()


@pytest.mark.parametrize("sign", ["#️⃣ keys", "#1️⃣", "#️⃣", "# हिन्दी", "#2026", "#ा", "a#हिन्दी"])
def test_what_names_nothing_is_no_hashtag(sign):
    assert in_text(sign) == ()


def test_emoji_before_a_hashtag_hides_nothing():
    assert in_text("❤️#cat #❤️ #cat\ufe0f") == ("cat",)
    assert opt_out_tags(["❤️#nobot"], ()) == ("nobot",)


@settings(deadline=None)
@given(
    st.text(st.sampled_from([*"aÉøß#_·1", *"".join(TAGS), *"\u0301\u0345\u0323\u200c\ufe0fΐᾂΪİﬁ"]))
)
def test_folding_is_stable(tag):
    key = fold(tag)
    assert fold(key) == key
    for form in FORMS:
        assert fold(unicodedata.normalize(form, tag)) == key


@settings(deadline=None)
@given(st.text(st.characters(categories=["L", "M", "Nd", "Pc"])))
def test_keys_of_text_are_folded(text):
    for key in in_text(f"#{text}"):
        assert fold(key) == key
        assert in_text(f"#{key}") == (key,)


@pytest.mark.parametrize("name", ["हिन्दी", "موسيقى", "ดนตรี"])
def test_words_of_a_profile_are_whole_too(name):
    assert "हिन्दी" in tokens("मैं हिन्दी लिखता")
    assert catalogue()._joined(name) == fold(name)


def test_only_tagged_posts_are_kept_in_every_script(tmp_path):
    uri = "https://stars.example/users/zahra"

    def tagged(number: int, tag: str):
        return parse_post(
            {
                "id": f"{uri}/statuses/{number}",
                "type": "Note",
                "attributedTo": uri,
                "to": ["https://www.w3.org/ns/activitystreams#Public"],
                "content": f"<p>night <a>#{tag}</a></p>",
                "published": datetime.now(UTC).isoformat(),
                "tag": [{"type": "Hashtag", "name": f"#{tag}"}],
            },
            author=uri,
        )

    with filled_site(tmp_path / "home") as site:
        ctx = site.app.context
        person = {"uri": uri, "act": "in_tags", "tags": ["کتاب", fold("हिम")], "blocked_us": False}
        with ctx.database.write() as connection:
            connection.execute(
                sa.insert(PERSONS).values(at=ctx.clock.now(), source="test", **person)
            )
        said = ["کتاب\u200cخوانی", "کتاب", "हिमालय", "हिम", "हिम्मत"]
        zahra = actor("zahra")
        site.see(zahra, posts(zahra, *(tagged(n, tag) for n, tag in enumerate(said))))
        with ctx.database.read() as connection:
            kept = connection.scalars(
                sa.select(POSTS.c.hashtags).where(POSTS.c.uri.like(f"{uri}%"))
            )
            assert sorted(map(tuple, kept)) == sorted([("کتاب",), ("हिम",)])
