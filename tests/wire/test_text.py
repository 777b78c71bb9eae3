"""HTML to text and to safe HTML; hashtags; language."""

from __future__ import annotations

import pytest

from discover.wire import hashtags, language
from discover.wire.text import html_text, plain, read_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<p>one</p>two", "one\ntwo"),
        ("#<span>tag</span>", "#tag"),
        ("a<b>b</b>c", "abc"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("a\n  b", "a b"),
        ("&lt;b&gt; &amp; &nbsp; x", "<b> & x"),
        ("a &amp;amp; b", "a &amp; b"),
        ("<style>x</style><script>y</script>z", "z"),
        ("<!-- hidden -->z", "z"),
        ('<img src="x" alt="y">z', "z"),
        ("5 < 6 > 4", "5 < 6 > 4"),
        ("na\ue000m\ue001e \x00\u202egnp", "name gnp"),
        ("family 👨\u200d👩\u200d👧", "family 👨\u200d👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("", ""),
    ],
)
def test_text_reads_as_a_person_sees_it(html, text):
    assert read_html(html).text == text
    assert html_text(html) == text


@pytest.mark.parametrize(
    "html",
    [
        '<a href="javascript:alert(1)">x</a>', '<a href="/relative">x</a>', '<a href="//other.example">x</a>',
        '<a href="data:text/html,x">x</a>', '<a href="mailto:a@one.example">x</a>',
    ],
)  # fmt: skip
def test_only_web_links_stay_links(html):
    assert read_html(html).html == '<a rel="nofollow noopener noreferrer ugc">x</a>'
    assert read_html(html).links == ()


def test_only_known_classes_and_tags_stay():
    html = '<div><p class="mention evil" style="x" id="y">a</p><h1>b</h1><img src="https://x.example/"></div>'
    assert read_html(html).html == '<p class="mention">a</p><p>b</p>'


def test_a_word_in_quotes_does_not_break_out_of_an_attribute():
    safe = read_html('<a href="https://one.example/?q=&quot;><script>alert(1)</script>">x</a>')
    assert "<script" not in safe.html
    assert safe.text == "x"


def test_links_are_those_that_are_neither_tag_nor_mention():
    html = (
        '<a href="https://a.example/?x=1&amp;y=2">a</a><a class="mention hashtag" href="https://b.example">b</a>'
        '<a class="u-url mention" href="https://c.example">c</a>'
    )
    assert read_html(html).links == ("https://a.example/?x=1&y=2",)


def test_an_appended_quote_is_dropped_only_on_request():
    html = '<p class="quote-inline">RE: <a href="https://a.example">a</a></p><p>Well</p>'
    assert read_html(html).text == "RE: a\nWell"
    dropped = read_html(html, drop_quote=True)
    assert (dropped.text, dropped.html, dropped.links) == ("Well", "<p>Well</p>", ())
    nested = 'Hm<span class="quote-inline"><br>RE: <span>x</span>y</span>.'
    assert read_html(nested, drop_quote=True).text == "Hm."


def test_a_name_is_one_clean_line():
    assert plain(" A\nlice\u200b \ud83d\ue000 ", 100) == "A lice"
    assert plain("abcdef", 3) == "abc"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("#Astronomy", "astronomy"),
        ("＃Ａｓｔｒｏ", "astro"),
        ("#Café", "cafe"),
        ("#CAFE\u0301", "cafe"),
        ("#Straße", "strasse"),
        ("#Łódź", "lodz"),
        ("#天文", "天文"),
        ("#がんばる", "がんばる"),
        ("#ｶﾞﾝﾊﾞﾙ", "ガンバル"),
        ("#йод", "йод"),
        ("#İstanbul", "istanbul"),
        ("#", ""),
    ],
)
def test_one_tag_has_one_key(written, key):
    assert hashtags.fold(written) == key
    assert hashtags.fold(hashtags.fold(written)) == key


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("#one, #two.", ("one", "two")),
        ("(#one)#two", ("one",)),
        ("a#b http://x.example/#frag &#39; C#", ()),
        ("#2026 #2026goals", ("2026goals",)),
        ("#日本語タグ です", ("日本語タグ",)),
        ("#One #one", ("one",)),
    ],
)
def test_hashtags_are_found_in_text(text, keys):
    assert hashtags.in_text(text) == keys


@pytest.mark.parametrize(
    ("tag", "read"),
    [
        ("de", "de"), ("de-AT", "de-at"), ("zh_Hant_TW", "zh-hant-tw"), (" EN ", "en"), ("und", None),
        ("", None), ("english", None), (None, None), (7, None), ("x-klingon", None),
    ],
)  # fmt: skip
def test_declared_languages_are_normalised(tag, read):
    assert language.declared(tag) == read


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What a lovely day at the beach", "en"),
        ("Heute scheint endlich wieder die Sonne", "de"),
        ("J'aime beaucoup ce livre", "fr"),
        ("Me gusta mucho la astronomía", "es"),
        ("Bom dia a todos vocês", "pt"),
        ("Dzień dobry wszystkim", "pl"),
        ("Доброго ранку всім друзям", "uk"),
        ("今天天气很好，我们去公园", "zh"),
        ("かわいい", "ja"),
        ("東京タワーに行った", "ja"),
        ("좋아요", "ko"),
        ("Καλημέρα", "el"),
    ],
)
def test_languages_are_detected(text, found):
    assert language.detect(text) == found


@pytest.mark.parametrize(
    "text",
    ["", "lol ok", "🎉🎉🎉", "https://example.com/heute-scheint-die-sonne", "@heute@scheint.example #sonne", "12345", "asdf qwer zxcv poiu"],
)  # fmt: skip
def test_nothing_certain_is_undetermined(text):
    assert language.detect(text) == "und"


def test_addresses_and_tags_do_not_sway_the_language():
    text = "Heute scheint endlich wieder die Sonne #the #weather https://example.com/the/weather/is/nice"
    assert language.detect(text) == "de"
