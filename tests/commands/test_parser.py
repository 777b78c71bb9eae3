"""What a message says, in eight languages; and what it must never be taken for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discover.services.talk.texts import TEXTS
from discover.wire.command_words import LANGUAGES, NEUTRAL, WORDS, Verb
from discover.wire.commands import parse, read_message, said

OWN = "https://way.example/actor"
ANN = "https://social.example/users/ann"

PHRASES = [
    (verb, language, phrase.strip())
    for verb, languages in WORDS.items()
    for language, text in languages.items()
    for phrase in text.split(",")
]
PLAIN = [one for one in PHRASES if one[0] not in (Verb.ONLY, Verb.SUGGEST)]

ENTITIES = {
    "masto": '<p><span class="h-card" translate="no"><a href="https://way.example/@waypost"'
    ' class="u-url mention">@<span>waypost</span></a></span> {}</p>',
    "akkoma": '<span class="h-card"><a class="u-url mention" data-user="A1"'
    ' href="https://way.example/actor" rel="ugc">@<span>waypost</span></a></span> {}',
    "misskey": '<p><a href="https://way.example/@waypost" class="u-url mention">@waypost@way.example'
    "</a><span> {}</span></p>",
    "gotosocial": '<p><span class="h-card"><a href="https://way.example/@waypost" class="u-url'
    ' mention" rel="nofollow">@<span>waypost</span></a></span><br>{}</p>',
    "friendica": '@<a href="https://way.example/actor">Waypost the index</a> {}',
    "plain": "@waypost@way.example {}",
    "behind": "<p>{}<br><br>@waypost</p>",
    "two": '<p><a href="https://social.example/@ben" class="u-url mention">@<span>ben</span></a>'
    " @waypost {}</p>",
}


def understood(text):
    found = parse(text, "waypost")
    return found.verb if found else None


@pytest.mark.parametrize(("verb", "language", "phrase"), PLAIN)
def test_every_word_is_understood(verb, language, phrase):
    found = parse(phrase)
    assert found is not None
    assert found.verb is verb
    assert language in found.languages or language == NEUTRAL or not found.languages


@pytest.mark.parametrize(("verb", "language", "phrase"), [p for p in PHRASES if p not in PLAIN])
def test_words_that_need_something_do_nothing_alone(verb, language, phrase):
    assert parse(phrase) is None
    if verb is Verb.ONLY:
        found = parse(f"{phrase} #Gärten #写真")
        assert found.tags == ("garten", "写真")
    else:
        found = parse(f"{phrase} Astronomie")
        assert found.topic == "Astronomie"
    assert found.verb is verb
    assert language in found.languages or not found.languages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_several_words_for_each_command(language):
    for languages in WORDS.values():
        assert len(languages[language].split(",")) >= 4


@pytest.mark.parametrize("shape", ENTITIES)
@pytest.mark.parametrize("word", ["out", "RAUS!", "<strong>Sortir</strong>", "ＯＵＴ", "登録解除"])
def test_markup_and_our_own_name_in_any_form_do_not_matter(shape, word):
    html = ENTITIES[shape].format(word)
    assert understood(said(html, (OWN,))) is Verb.OUT


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("Hello! Please remove me, thank you.", Verb.OUT),
        ("bitte raus, danke", Verb.OUT), ("/out", Verb.OUT), ("!stop", Verb.OUT),
        ("Désinscris-moi s’il te plaît", Verb.OUT), ("¡Fuera!", Verb.OUT),
        ("Sair, por favor. Obrigado!", Verb.OUT), ("ESCI", Verb.OUT), ("wypisz mnie proszę", Verb.OUT),
        ("退会をお願いします。", Verb.OUT), ("登録解除してください！", Verb.OUT), ("ｵﾌﾟﾄｱｳﾄ", Verb.OUT),
        ("In, please", Verb.IN), ("ich bin dabei! 🎉", Verb.IN), ("「登録」", Verb.IN),
        ("登録お願いします", Verb.IN), ("Je participe :blobcat:", Verb.IN), ("apuntame", Verb.IN),
        ("in profile", Verb.IN_PROFILE), ("Nur mein Profil.", Verb.IN_PROFILE),
        ("プロフィールだけ登録してください", Verb.IN_PROFILE),
        ("Perché?", Verb.WHY), ("PERCHE", Verb.WHY), ("pourquoi ???", Verb.WHY),
        ("¿Por qué?", Verb.WHY), ("なぜ？", Verb.WHY), ("Why am I here?", Verb.WHY),
        ("Bin ich drin?", Verb.STATUS), ("Aide", Verb.HELP), ("help!!!", Verb.HELP),
        ("waypost: status", Verb.STATUS), ("status https://way.example/about", Verb.STATUS),
    ],
)  # fmt: skip
def test_as_people_write(text, verb):
    assert understood(said(text)) is verb


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "?!", "thanks", "@someone", "not in", "I'm not in", "don't opt in", "in or out",
        "in, not out", "out of curiosity: why?", "in my opinion you are great", "nicht rein",
        "ne m'inscris pas", "no quiero entrar", "não quero entrar", "non voglio entrare",
        "nie zapisuj mnie", "登録しないでください", "参加しません", "参加したくない", "登録しない",
        "so #cool", "in #love with this", "just #wow", "in #astronomy", "in profile #a",
        "only", "nur", "suggest", "only you can do this #help",
        "I read about opting in and out on https://way.example/out",
        "get in the car and leave",
    ],
)  # fmt: skip
def test_what_is_no_clear_word_does_nothing(text):
    assert parse(text, "waypost") is None


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("only #Art #café", ("art", "cafe")), ("#art #photo only", ("art", "photo")),
        ("nur #Kunst und #Musik bitte", ("kunst", "musik")), ("solo #arte, #música", ("arte", "musica")),
        ("＃写真 と ＃猫 のみ", ("写真", "猫")), ("Tylko #ogród i #Las", ("ogrod", "las")),
        ("only #a #A #á", ("a",)),
        ('only <a href="https://social.example/tags/art" class="mention hashtag">#<span>Art</span></a>',
         ("art",)),
    ],
)  # fmt: skip
def test_only_names_hashtags_in_any_spelling(text, tags):
    found = parse(said(text))
    assert (found.verb, found.tags) == (Verb.ONLY, tags)


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("suggest astronomy", "astronomy"), ("Suggest people about black holes, please", "black holes"),
        ("suggest #Astronomy", "astronomy"), ("hey, recommend accounts for #jazz music", "jazz music"),
        ("Empfiehl mir Leute zu Gärtnern", "Gärtnern"), ("Vorschläge zum Thema Brot", "Brot"),
        ("Suggère des comptes sur la cuisine", "la cuisine"), ("recomienda cuentas sobre ajedrez", "ajedrez"),
        ("sugira contas sobre música", "música"), ("consigliami account su cinema", "cinema"),
        ("Poleć konta o szachach", "szachach"), ("天文のおすすめ", "天文"), ("おすすめ 鉄道", "鉄道"),
        ("鉄道のおすすめを教えて", None), ("写真について紹介してください", "写真"),
    ],
)  # fmt: skip
def test_suggest_takes_a_topic(text, topic):
    found = parse(said(text))
    assert (found.topic if found else None) == topic


def test_a_word_of_one_language_tells_the_language_and_a_shared_one_those():
    assert parse("raus").languages == {"de"}
    assert parse("por que").languages == {"es", "pt"}
    assert parse("out").languages == frozenset()


@given(st.text(max_size=300))
def test_any_text_at_all_is_read_without_harm(text):
    found = parse(said(text), "waypost")
    if found is not None:
        assert len(found.topic) <= 100
        assert (found.verb is Verb.ONLY) == bool(found.tags)


ALONE = [(verb, phrase) for verb, _, phrase in PLAIN]


@given(
    st.sampled_from(ALONE), st.booleans(), st.sampled_from(["", " ", "!", "…", " 🙂", "?!", "\n"])
)
def test_case_and_punctuation_change_nothing(pair, upper, after):
    verb, phrase = pair
    if "ß" in phrase or "I'm" in phrase:
        upper = False
    assert understood((phrase.upper() if upper else phrase) + after) is verb


@given(
    st.sampled_from([p for v, p in ALONE if v in (Verb.IN, Verb.IN_PROFILE)]),
    st.sampled_from(["not", "never", "nicht", "ne", "no", "não", "non", "nie", "don't", "kein"]),
    st.booleans(),
)
def test_an_opt_in_with_a_no_beside_it_is_none(phrase, negation, before):
    text = f"{negation} {phrase}" if before else f"{phrase} {negation}"
    assert understood(text) not in (Verb.IN, Verb.IN_PROFILE, Verb.ONLY)


@given(st.text(alphabet="@.:#aぁé <>&", max_size=3000))
def test_strange_long_text_takes_no_time(text):
    parse(said(text), "waypost")


def create(**changes):
    note = {
        "id": f"{ANN}/statuses/1", "type": "Note", "attributedTo": ANN, "to": [OWN], "cc": [],
        "tag": [{"type": "Mention", "href": OWN, "name": "@waypost@way.example"}],
        "content": "<p>@waypost out</p>", "published": "2026-11-22T10:00:00Z",
        "contentMap": {"en-GB": "<p>@waypost out</p>"},
    } | changes  # fmt: skip
    note = {name: value for name, value in note.items() if value is not None}
    return {"type": "Create", "id": f"{note['id']}/activity", "actor": ANN, "object": note}


def test_a_direct_message_is_read():
    message = read_message(create(), OWN)
    assert (message.author, message.uri, message.others) == (ANN, f"{ANN}/statuses/1", 0)
    assert message.language == "en-gb"
    assert message.published.year == 2026


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "Article"}, {"attributedTo": "https://social.example/users/ben"},
        {"attributedTo": [ANN, "https://social.example/users/ben"]},
        {"id": "https://elsewhere.example/1"}, {"id": "nonsense"},
        {"to": ["https://other.example/actor"], "tag": None}, {"content": "", "contentMap": None},
        {"content": None, "contentMap": None}, {"to": None, "tag": [], "cc": None},
    ],
)  # fmt: skip
def test_what_is_not_the_senders_own_note_to_us_is_none(changes):
    assert read_message(create(**changes), OWN) is None


@pytest.mark.parametrize("kind", ["Update", "Announce", "Like"])
def test_edits_and_boosts_are_no_messages(kind):
    assert read_message(create() | {"type": kind}, OWN) is None


def test_an_object_that_is_only_named_is_none():
    assert read_message(create() | {"object": f"{ANN}/statuses/1"}, OWN) is None


def test_others_are_counted_once_each_and_the_public_is_nobody():
    ben, cleo = "https://social.example/users/ben", "https://b.example/users/cleo"
    public = "https://www.w3.org/ns/activitystreams#Public"
    mentions = [{"type": "Mention", "href": one} for one in (OWN, ben)]
    message = read_message(
        create(to=[public], cc=[f"{ANN}/followers", OWN, ben], tag=mentions), OWN
    )
    assert message.others == 1
    crowd = read_message(create(to=[OWN, ben, cleo], tag=None), OWN)
    assert crowd.others == 2


def test_a_single_tag_that_is_no_list_and_content_only_in_a_map():
    found = read_message(
        create(
            to=OWN, cc=None, tag={"type": "Mention", "href": OWN}, content=None,
            contentMap={"de": "raus"},
        ),
        OWN,
    )  # fmt: skip
    assert (found.html, found.language) == ("raus", "de")


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_languages_say_all_sentences_with_the_same_places(language):
    import string

    def places(text):
        return {part[1] for part in string.Formatter().parse(text) if part[1]}

    english, other = TEXTS["en"], TEXTS[language]
    assert set(other.words) == set(english.words)
    assert set(other.reasons) == set(english.reasons)
    for name, text in english.words.items():
        assert places(other.words[name]) == places(text), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_that_the_help_names_are_understood(language):
    """Every quoted word in the help, as that language quotes."""
    import re

    for name, text in TEXTS[language].words.items():
        if not name.startswith("help_"):
            continue
        for word in re.findall("[“„«「]\\s?(.+?)\\s?[”“»」]", text):
            found = parse(word, "waypost")
            assert found is not None, word
            assert found.verb.value.startswith(name.removeprefix("help_").replace("_", " "))


@pytest.mark.parametrize(
    ("text", "verb", "pack"),
    [
        ("pack out", Verb.PACK_OUT, ""),
        ("pack out topic-astronomy", Verb.PACK_OUT, "topic-astronomy"),
        ("Leave the pack good-people, please", None, None),
        ("leave pack Good-People!", Verb.PACK_OUT, "good-people"),
        ("pack in good-people", Verb.PACK_IN, "good-people"),
        ("@waypost pack in good-people", Verb.PACK_IN, "good-people"),
        ("pack out search-天文", Verb.PACK_OUT, "search-天文"),
        ("leave", Verb.OUT, ""),
        ("I pack in my lunch", None, None),
    ],
)
def test_packs_are_entered_and_left_by_name(text, verb, pack):
    found = parse(text, "waypost")
    assert (found.verb if found else None) is verb
    if found:
        assert found.topic == pack
