"""What an actor document says about consent, in every spelling."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from discover.model.actor import ActorType, Flag, SearchableBy
from discover.wire.actor import HIDDEN_FOR_GOOD, MOVED_NOWHERE, parse_actor
from discover.wire.documents import ParseError
from tests.wire.documents import PUBLIC, actor

TOOT = "http://joinmastodon.org/ns#"


def without(*names, **more):
    document = actor(**more)
    for name in names:
        document.pop(name, None)
    return document


def signals(document, **more):
    return parse_actor(document, **more).signals


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, Flag.TRUE),
        (False, Flag.FALSE),
        ("true", Flag.MALFORMED),
        (1, Flag.MALFORMED),
        (0, Flag.MALFORMED),
        (None, Flag.MALFORMED),
        ([True], Flag.MALFORMED),
        ({"@value": True}, Flag.MALFORMED),
        ({}, Flag.MALFORMED),
    ],
)
@pytest.mark.parametrize("name", ["discoverable", "indexable"])
def test_only_json_true_is_consent(name, value, flag):
    assert getattr(signals(actor(**{name: value})), name) is flag


def test_an_absent_flag_is_absent_and_not_false():
    assert signals(without("indexable")).indexable is Flag.ABSENT


@pytest.mark.parametrize("key", ["toot:indexable", TOOT + "indexable", "pixelfed:indexable"])
def test_a_spelled_out_flag_counts(key):
    assert signals({**without("indexable", "@context"), key: True}).indexable is Flag.TRUE


def test_takahe_spells_discoverable_with_its_prefix():
    assert signals({**without("discoverable"), "toot:discoverable": True}).discoverable is Flag.TRUE


def test_a_prefix_that_the_context_maps_to_mastodon_counts():
    document = {**without("indexable"), "@context": [{"m": TOOT}], "m:indexable": True}
    assert signals(document).indexable is Flag.TRUE


@pytest.mark.parametrize(
    ("context", "key"),
    [
        ([], "other:indexable"),
        ([{"other": "https://other.example/ns#"}], "other:indexable"),
        ([{"toot": "https://other.example/ns#"}], "toot:indexable"),
        ([], "https://other.example/ns#indexable"),
    ],
)
def test_a_flag_of_another_vocabulary_is_no_consent(context, key):
    document = {**without("indexable"), "@context": context, key: True}
    assert signals(document).indexable is Flag.ABSENT


@pytest.mark.parametrize("other", [False, "true", None])
def test_two_spellings_that_disagree_are_no_consent(other):
    assert signals(actor(**{"toot:indexable": other})).indexable is not Flag.TRUE


@pytest.mark.parametrize(
    ("value", "flag"), [(True, Flag.TRUE), (False, Flag.FALSE), ("yes", Flag.MALFORMED)]
)
def test_noindex_is_read_under_any_prefix(value, flag):
    assert signals(actor(noindex=value)).noindex is flag
    assert signals(actor(**{"sharkey:noindex": value})).noindex is flag


def test_one_noindex_of_two_is_enough():
    assert signals(actor(noindex=False, **{"x:noindex": True})).noindex is Flag.TRUE


@pytest.mark.parametrize("value", [True, "true", 1, "false", {}])
def test_anything_but_false_locks_suspends_and_remembers(value):
    seen = signals(actor(suspended=value, memorial=value, manuallyApprovesFollowers=value))
    assert (seen.suspended, seen.memorial, seen.locked) == (True, True, True)


@pytest.mark.parametrize("value", [False, None])
def test_false_and_null_do_not(value):
    seen = signals(actor(suspended=value, memorial=value, manuallyApprovesFollowers=value))
    assert (seen.suspended, seen.memorial, seen.locked) == (False, False, False)


@pytest.mark.parametrize(
    ("value", "moved_to"),
    [
        ("https://two.example/users/a", "https://two.example/users/a"),
        ({"id": "https://two.example/users/a"}, "https://two.example/users/a"),
        ("nonsense", MOVED_NOWHERE),
        (True, MOVED_NOWHERE),
        ("", None),
        (None, None),
    ],
)
def test_a_move_is_a_move_even_if_its_target_is_unreadable(value, moved_to):
    assert signals(actor(movedTo=value)).moved_to == moved_to


TAGGED = '<p>Hi <a href="https://one.example/tags/{0}" class="mention hashtag" rel="tag">#<span>{0}</span></a></p>'


@pytest.mark.parametrize(
    "tag",
    [
        "nobot", "NoBot", "nobots", "noindex", "noindexing", "nosearch", "NOARCHIVE", "no_bot",
        "keinbot", "nichtindexieren", "pasdebot", "naoindexar", "nãoindexar", "検索避け", "безботов",
        "봇금지", "禁止索引",
    ],
)  # fmt: skip
def test_an_opt_out_tag_in_the_bio_is_seen_as_mastodon_writes_it(tag):
    assert signals(actor(summary=TAGGED.format(tag))).opt_out_tags


@pytest.mark.parametrize(
    "text",
    [
        "#nobot", "Sky watcher #nobot", "(#nobot)", "#no-bot", "＃nobot", "＃ｎｏｂｏｔ", "##nobot",
        "#no\u200bbot", "#n\u00adobot", "hello,#nobot!", "#nobot\u202c",
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["name", "bio", "field name", "field value", "nameMap"])
def test_an_opt_out_tag_counts_wherever_it_stands(place, text):
    field = {"type": "PropertyValue", "name": "x", "value": "y"}
    document = {
        "name": actor(name=text),
        "bio": actor(summary=f"<p>{text}</p>"),
        "field name": actor(attachment=[{**field, "name": text}]),
        "field value": actor(attachment={**field, "value": f"<b>{text}</b>"}),
        "nameMap": actor(nameMap={"en": "Alice", "de": text}),
    }[place]
    assert signals(document).opt_out_tags == ("nobot",)


def test_an_opt_out_tag_counts_behind_every_limit():
    fields = [{"type": "PropertyValue", "name": "x", "value": "y"}] * 60
    last = {"type": "PropertyValue", "name": "x", "value": "#nobot"}
    assert signals(actor(attachment=[*fields, last])).opt_out_tags == ("nobot",)
    assert signals(actor(summary="<p>word </p>" * 5000 + "#noindex")).opt_out_tags == ("noindex",)


def test_an_opt_out_tag_counts_among_the_tags_alone():
    tag = {"type": "Hashtag", "name": "#NoBot", "href": "https://one.example/tags/nobot"}
    assert signals(actor(tag=tag)).opt_out_tags == ("nobot",)
    assert signals(actor(tag=[tag])).opt_out_tags == ("nobot",)


@pytest.mark.parametrize(
    "text",
    [
        "#ethnobotany", "ethnobotany", "nobot", "#nobotany", "#nobridge", "#robots", "piano#nobot",
        "https://one.example/about#nobot",
    ],
)  # fmt: skip
def test_other_words_are_no_opt_out(text):
    assert signals(actor(summary=f"<p>{text}</p>")).opt_out_tags == ()


def test_the_operator_can_add_tags():
    document = actor(summary="<p>#LeaveMeBe</p>")
    assert signals(document).opt_out_tags == ()
    seen = signals(document, extra_opt_out_tags=frozenset({"leavemebe"}))
    assert seen.opt_out_tags == ("leavemebe",)


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (PUBLIC, SearchableBy.PUBLIC),
        (["as:Public"], SearchableBy.PUBLIC),
        ([], SearchableBy.UNSAID),
        (None, SearchableBy.UNSAID),
        (["https://one.example/users/alice/followers"], SearchableBy.NARROWED),
        ("https://one.example/users/alice", SearchableBy.NARROWED),
        (["as:Limited", "kmyblue:Limited"], SearchableBy.NARROWED),
        (True, SearchableBy.NARROWED),
        ("https://one.example/#Public", SearchableBy.NARROWED),
    ],
)
def test_searchable_by_narrows_unless_it_names_the_public(value, answer):
    assert signals(actor(searchableBy=value)).searchable_by is answer


@pytest.mark.parametrize(
    "token",
    [
        "searchable_by_nobody", "searchable_by_followers_only", "searchable_by_reacted_users_only",
        "[searchability:private]", "[searchability:followers]", "[searchability:reactors]",
    ],
)  # fmt: skip
def test_kmyblue_words_in_the_bio_narrow(token):
    document = actor(summary=f"<p>Hi {token}</p>", searchableBy=PUBLIC)
    assert signals(document).searchable_by is SearchableBy.NARROWED


@pytest.mark.parametrize("token", ["searchable_by_all_users", "[searchability:public]"])
def test_kmyblue_words_for_everybody_do_not(token):
    assert signals(actor(summary=token)).searchable_by is SearchableBy.UNSAID


@pytest.mark.parametrize(
    "key",
    [
        "_misskey_requireSigninToViewContents",
        "hidesToPublicFromUnauthedWeb",
        "gts:hidesToPublicFromUnauthedWeb",
    ],
)
def test_hiding_from_logged_out_readers_is_seen(key):
    assert signals(actor(**{key: True})).hidden_from_strangers
    assert not signals(actor(**{key: False})).hidden_from_strangers


def test_misskey_hides_notes_before_an_instant():
    seen = signals(actor(_misskey_makeNotesHiddenBefore=1_760_000_000))
    assert seen.posts_hidden_before == datetime.fromtimestamp(1_760_000_000, UTC)


def test_the_later_of_two_instants_counts():
    document = actor(
        _misskey_makeNotesHiddenBefore=1_700_000_000,
        _misskey_makeNotesFollowersOnlyBefore=1_760_000_000,
    )
    assert signals(document).posts_hidden_before == datetime.fromtimestamp(1_760_000_000, UTC)


@pytest.mark.parametrize("value", [-86400, 0, "soon", [], 1e300, True])
def test_notes_that_hide_by_age_or_unreadably_are_hidden_for_good(value):
    seen = signals(actor(_misskey_makeNotesFollowersOnlyBefore=value))
    assert seen.posts_hidden_before == HIDDEN_FOR_GOOD


def test_no_gate_hides_nothing():
    assert signals(actor(_misskey_makeNotesHiddenBefore=None)).posts_hidden_before is None


AKKOMA_STRIPPED = {
    "@context": ["https://www.w3.org/ns/activitystreams"],
    "id": "https://akkoma.example/users/a",
    "type": "Person",
    "preferredUsername": "a",
    "inbox": "https://akkoma.example/users/a/inbox",
    "outbox": "https://akkoma.example/users/a/outbox",
    "publicKey": {"id": "https://akkoma.example/users/a#main-key", "publicKeyPem": "x"},
    "webfinger": "acct:a@akkoma.example",
}
FRIENDICA_STRIPPED = {
    **AKKOMA_STRIPPED,
    "id": "https://friendica.example/profile/a",
    "diaspora:guid": "1234",
    "name": "a",
    "url": "https://friendica.example/profile/a",
    "manuallyApprovesFollowers": False,
    "discoverable": False,
}


def test_a_stripped_document_is_reduced():
    assert signals(AKKOMA_STRIPPED).reduced
    assert signals(FRIENDICA_STRIPPED).reduced


@pytest.mark.parametrize(
    "more",
    [
        {"discoverable": False},  # a withdrawal must not pass for a stripped document
        {"discoverable": True},
        {"summary": ""},
        {"icon": None},
        {"followers": "https://akkoma.example/users/a/followers"},
    ],
)
def test_a_document_that_says_something_is_not_reduced(more):
    assert not signals({**AKKOMA_STRIPPED, **more}).reduced


def test_a_whole_friendica_document_that_says_no_is_a_no():
    seen = signals({**FRIENDICA_STRIPPED, "name": "Anna", "summary": "<p>Hi</p>"})
    assert not seen.reduced
    assert seen.discoverable is Flag.FALSE


def test_a_suspended_mastodon_account_is_not_reduced():
    seen = signals(actor(suspended=True, name="", summary="", discoverable=False, indexable=False))
    assert seen.suspended
    assert not seen.reduced


def test_misskey_betrays_itself_by_its_terms_and_not_by_a_context():
    assert signals(actor(_misskey_summary=None)).software_hint == "misskey"
    assert signals(actor(isCat=False)).software_hint == "misskey"
    fedify = actor(**{"@context": [{"misskey": "https://misskey-hub.net/ns#"}]})
    assert signals(fedify).software_hint is None


def test_bridgy_fed_betrays_itself_by_its_host():
    assert signals(actor(id="https://bsky.brid.gy/ap/did:plc:1")).software_hint == "bridgy-fed"


def test_a_tombstone_is_gone_and_not_unreadable():
    read = parse_actor({"id": "https://one.example/users/alice", "type": "Tombstone"})
    assert read.type is ActorType.TOMBSTONE


@pytest.mark.parametrize(
    "document",
    [
        {},
        actor(type="Note"),
        actor(type="Robot"),
        actor(type=None),
        actor(id=None),
        actor(id="ftp://one.example/alice"),
        actor(id="https://user:pass@one.example/alice"),
        actor(id="https:///alice"),
        actor(preferredUsername=""),
        actor(preferredUsername=None),
        actor(preferredUsername="a" * 3000),
    ],
)
def test_what_is_no_actor_is_refused(document):
    with pytest.raises(ParseError):
        parse_actor(document)
