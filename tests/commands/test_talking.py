"""Through the inbox: what people tell our actor becomes true, and only they are told so."""

from datetime import UTC, datetime, timedelta

import pytest

from discover.model.actor import Handle
from discover.services.find.packs import find_pack, keep_pack, pick
from discover.services.talk.commands import MOST_OF_PERSON
from discover.store.tables import (
    Account,
    CommandRow,
    Delivery,
    Following,
    PackMember,
    PersonRow,
    Post,
    Server,
    VerdictHistory,
    VerdictRow,
    Visit,
)
from tests.support.town import EVERYBODY, HOST, OUR_ACTOR


def acts(talk):
    return {row.uri: row.act for row in talk.house.rows(PersonRow)}


def uris(talk, model):
    return {row.uri for row in talk.house.rows(model)}


def test_person_on_a_server_that_did_not_opt_in_comes_in_and_is_found(talk, ann):
    answer = talk.say(ann, "in")
    assert "you are in" in answer
    assert "in a moment" in answer
    talk.house.work()
    assert set(talk.house.found("lighthouse")) == {ann.sea, ann.baking}
    assert talk.house.found("ann", "accounts") == [ann.uri]


def test_nobody_else_of_that_server_is_looked_for(talk, ann):
    talk.town.person("ben")
    talk.say(ann, "in")
    talk.house.work()
    assert uris(talk, Account) == {ann.uri}
    assert talk.town.asked("/api/v1/directory", "/users/ben") == []
    [server] = talk.house.rows(Server)
    assert server.opt_in == "none"


def test_answer_is_a_direct_message_to_the_writer_alone(talk, ann):
    talk.say(ann, "status")
    [create] = talk.answers()
    note = create["object"]
    assert create["to"] == note["to"] == [ann.uri]
    assert create["cc"] == note["cc"] == []
    assert note["tag"] == [{"type": "Mention", "href": ann.uri, "name": f"@ann@{HOST}"}]
    assert note["inReplyTo"].startswith(f"{ann.uri}/statuses/")
    assert create["actor"] == note["attributedTo"] == OUR_ACTOR
    assert note["contentMap"] == {"en": note["content"]}
    assert EVERYBODY not in str(create)
    posted = [seen for seen in talk.town.site.seen if seen.method == "POST"]
    assert [seen.path for seen in posted] == ["/users/ann/inbox"]


def test_out_is_true_before_it_is_confirmed(talk, ann):
    talk.say(ann, "in")
    talk.house.work()
    assert talk.house.found("lighthouse")
    note = talk.note(ann, "out")
    assert talk.house.send(ann, "Create", note, to=note["to"]).status_code == 202
    before = len(talk.answers())
    talk.house.tasks()  # nobody was asked anything yet, nothing was delivered
    assert len(talk.answers()) == before
    assert talk.house.found("lighthouse") == []
    assert talk.house.found("ann", "accounts") == []
    assert uris(talk, Account) == uris(talk, Post) == uris(talk, Visit) == set()
    assert len(talk.house.rows(Delivery)) == 1
    talk.house.work()
    assert "You are out" in str(talk.answers()[-1])
    [verdict] = talk.house.rows(VerdictRow)
    assert verdict.seen == {}


def test_out_of_somebody_whom_no_handle_leads_to_leaves_only_the_no(talk):
    odd = talk.town.service("/objects/9f3c", type="Person", discoverable=True, indexable=True)
    del talk.town.people[odd.uri]  # its server's WebFinger knows nobody
    talk.say(odd, "in")
    talk.house.work()
    [verdict] = talk.house.rows(VerdictRow)
    assert (verdict.uri, verdict.handle_key) == (odd.uri, None)
    note = talk.note(odd, "out")
    assert talk.house.send(odd, "Create", note, to=note["to"]).status_code == 202
    talk.house.tasks()
    for model in (VerdictRow, VerdictHistory, Visit):
        assert talk.house.rows(model) == []
    assert acts(talk) == {odd.uri: "out"}
    talk.house.work()
    assert "You are out" in str(talk.answers()[-1])
    assert "You opted out" in talk.say(odd, "why")
    assert talk.house.rows(VerdictRow) == []


def test_out_is_never_overturned_by_a_crawl_or_a_push(talk, ann):
    talk.house.opt_in()
    talk.say(ann, "raus")
    talk.house.hear(ann, "Create", talk.town.documents[ann.sea], to=[EVERYBODY])
    talk.house.opt_in()
    talk.house.hear(ann, "Update", talk.town.documents[ann.uri], to=[EVERYBODY])
    assert uris(talk, Account) == set()
    assert acts(talk) == {ann.uri: "out"}


def test_whoever_left_can_come_back(talk, ann):
    talk.say(ann, "out")
    talk.say(ann, "in")
    talk.house.work()
    assert talk.house.found("lighthouse")


def test_an_opt_in_that_was_late_on_its_way_does_not_undo_a_later_no(talk, ann):
    talk.say(ann, "out")
    old = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    assert talk.say(ann, "in", published=old) is None
    assert acts(talk) == {ann.uri: "out"}


def test_in_profile_takes_the_posts_away_and_keeps_the_profile(talk, ann):
    talk.say(ann, "in")
    talk.house.work()
    talk.say(ann, "nur mein Profil", work=False)
    assert talk.house.found("lighthouse") == []  # at once
    talk.house.work()
    assert talk.house.found("lighthouse") == []
    assert talk.house.found("ann", "accounts") == [ann.uri]
    assert "only your profile" in talk.say(ann, "status")


def test_only_takes_the_other_posts_away_and_in_brings_them_back(talk, ann):
    talk.say(ann, "in")
    talk.house.work()
    answer = talk.say(ann, "only #séa")
    assert "#sea" in answer
    assert talk.house.found("lighthouse") == [ann.sea]
    assert uris(talk, Post) == {ann.sea}
    talk.house.work()
    assert uris(talk, Post) == {ann.sea}
    talk.say(ann, "in")
    talk.house.work()
    assert set(talk.house.found("lighthouse")) == {ann.sea, ann.baking}


@pytest.mark.parametrize(
    ("word", "language", "needle"),
    [
        ("raus", "de", "Du bist raus"), ("sortir", "fr", "C'est fait"), ("salir", "es", "Estás fuera"),
        ("sair", "pt", "Já saiu"), ("esci", "it", "Fatto"), ("wypisz", "pl", "Gotowe"),
        ("登録解除", "ja", "登録を解除しました"), ("leave", "en", "You are out"),
    ],
)  # fmt: skip
def test_answers_are_in_the_language_of_the_word(talk, ann, word, language, needle):
    answer = talk.say(ann, word, contentMap={"nl": "iets"})
    assert needle in answer
    assert list(talk.answers()[-1]["object"]["contentMap"]) == [language]


@pytest.mark.parametrize(
    ("declared", "language"), [("de-AT", "de"), ("ja", "ja"), ("nl", "en"), (None, "en")]
)
def test_a_word_of_no_language_is_answered_in_the_declared_one(talk, ann, declared, language):
    talk.say(ann, "status", contentMap={declared: "x"} if declared else None)
    assert list(talk.answers()[-1]["object"]["contentMap"]) == [language]


def test_flags_that_are_missing_are_named_with_what_to_do(talk):
    ben = talk.town.person("ben", discoverable=False, indexable=False)
    first = talk.say(ben, "in")
    assert "discoverable" in first
    assert "indexable" in first
    second = talk.say(ben, "status")
    assert "cannot be found here" in second
    assert "switch on “discoverable”" in second
    assert uris(talk, Account) == set()


def test_an_act_of_ones_own_outweighs_a_flag_that_the_software_sets(talk, ann):
    talk.town.software = "wordpress"
    talk.house.opt_in()
    answer = talk.say(ann, "why")
    talk.house.hear(ann, "Update", talk.town.documents[ann.uri], to=[EVERYBODY])
    assert uris(talk, Account) == set()
    answer = talk.say(ann, "why")
    assert "for everybody" in answer
    talk.say(ann, "in")
    talk.house.work()
    assert uris(talk, Account) == {ann.uri}


def test_why_names_reasons_for_yes_and_no(talk, ann):
    assert "has not opted it in. You can write “in” yourself" in talk.say(ann, "why")
    talk.say(ann, "in profile")
    talk.house.work()
    answer = talk.say(ann, "why")
    assert "Why your profile can be found:" in answer
    assert "You asked me to list you." in answer
    assert "You opted in your profile only." in answer
    talk.say(ann, "out")
    assert "You opted out" in talk.say(ann, "why")


def test_status_counts_posts_and_says_what_was_said(talk, ann):
    talk.say(ann, "only #sea #baking")
    talk.house.work()
    answer = talk.say(ann, "status")
    assert "2 of them" in answer
    assert "“only #baking #sea”" in answer


def test_suggest_names_people_with_their_hashtags_and_mentions_none_of_them(talk, ann):
    tags = [{"type": "Hashtag", "name": "#lighthouses", "href": "https://a.lab.test/tags/l"}]
    ben = talk.town.person("ben", tag=tags, summary="<p>#lighthouses all day</p>")
    post = talk.town.post(ben, "Another lighthouse")
    outbox = talk.town.documents[f"{ben.uri}/outbox"]
    outbox["orderedItems"], outbox["totalItems"] = [talk.town.documents[post]], 1
    talk.say(ben, "in")
    talk.house.work()
    answer = talk.say(ann, "suggest lighthouses")
    assert f"ben@{HOST} #lighthouses" in answer
    assert f"@ben@{HOST}" not in answer.replace(f" ben@{HOST}", "")
    assert [tag["href"] for tag in talk.answers()[-1]["object"]["tag"]] == [ann.uri]
    assert "nobody" in talk.say(ann, "suggest beekeeping")


def test_who_may_not_be_suggested_is_not(talk, ann):
    ben = talk.town.person("ben", manuallyApprovesFollowers=True)
    talk.say(ben, "in")
    talk.house.work()
    assert talk.house.found("lighthouses", "accounts") == [ben.uri]
    assert "nobody" in talk.say(ann, "suggest lighthouses")


def test_help_comes_once_a_day_for_what_is_not_understood(talk, ann):
    assert "did not understand" in talk.say(ann, "what a lovely morning")
    assert talk.say(ann, "are you there?") is None
    assert "I am a search index" in talk.say(ann, "help")  # who asks is answered
    talk.house.clock.ahead += timedelta(hours=25)
    assert acts(talk) == {}


@pytest.mark.parametrize("kind", ["Service", "Application"])
def test_robots_are_not_talked_to(talk, kind):
    robot = talk.town.person("robot", type=kind)
    assert talk.say(robot, "help") is None
    assert talk.say(robot, "in") is None
    assert acts(talk) == {}


def test_nothing_is_said_in_a_crowd_but_a_no_counts(talk, ann):
    others = [f"https://b.lab.test/users/{name}" for name in ("one", "two")]
    tags = [{"type": "Mention", "href": one} for one in (OUR_ACTOR, *others)]
    to = [OUR_ACTOR, *others]
    assert talk.say(ann, "in", to=to, tag=tags) is None
    assert talk.say(ann, "lovely", to=to, tag=tags) is None
    assert acts(talk) == {}
    assert "You are out" in talk.say(ann, "out", to=to, tag=tags)
    assert talk.answers()[-1]["to"] == [ann.uri]
    assert acts(talk) == {ann.uri: "out"}


def test_a_public_mention_is_a_command_too_and_is_answered_in_private(talk, ann):
    cc = [f"{ann.uri}/followers", OUR_ACTOR]
    assert "I am a search index" in talk.say(ann, "help", to=[EVERYBODY], cc=cc)
    assert talk.answers()[-1]["to"] == [ann.uri]


def test_words_that_somebody_else_hands_on_do_nothing(talk, ann):
    mallory = talk.town.person("mallory")
    note = talk.note(ann, "out")
    talk.house.send(mallory, "Create", note, to=note["to"])
    talk.house.work()
    assert acts(talk) == {}
    assert talk.answers() == []


def test_an_edited_message_does_nothing(talk, ann):
    note = talk.note(ann, "in")
    talk.house.send(ann, "Update", note, to=note["to"])
    talk.house.work()
    assert acts(talk) == {}


def test_answers_are_limited_and_an_opt_out_is_not(talk, ann):
    for _ in range(MOST_OF_PERSON):
        assert talk.say(ann, "help", work=False) is None  # not delivered yet
    talk.house.work()
    assert len(talk.answers()) == MOST_OF_PERSON
    assert talk.say(ann, "in") is None
    assert acts(talk) == {}
    assert talk.say(ann, "out") is None
    assert acts(talk) == {ann.uri: "out"}
    talk.house.clock.ahead += timedelta(hours=2)
    assert len(talk.house.rows(CommandRow)) == MOST_OF_PERSON


def test_a_server_with_many_talkers_is_limited_too(talk, ann, monkeypatch):
    monkeypatch.setattr("discover.services.talk.commands.MOST_OF_HOST", 3)
    for name in ("p0", "p1", "p2"):
        assert talk.say(talk.town.person(name), "help")
    assert talk.say(ann, "help") is None
    other = talk.town.person("eve", "b.lab.test")
    assert talk.say(other, "help")


def test_who_was_forgotten_for_good_can_only_come_back_by_their_own_word(talk, ann):
    from discover.model.actor import Handle
    from discover.services.consent.withdraw import forget_person

    talk.say(ann, "in")
    talk.house.work()
    forget_person(talk.house.app.context, Handle.parse(f"ann@{HOST}"))
    talk.house.opt_in()
    talk.house.hear(ann, "Update", talk.town.documents[ann.uri], to=[EVERYBODY])
    assert uris(talk, Account) == set()
    talk.say(ann, "in")
    talk.house.work()
    assert uris(talk, Account) == {ann.uri}


def test_out_ends_our_follow_too(talk, ann):
    from discover.services.federation import following

    talk.say(ann, "in")
    talk.house.work()
    context = talk.house.app.context
    with context.database.write() as connection:
        following.ask(
            context,
            connection,
            actor=ann.uri,
            inbox=ann.document()["inbox"],
            now=context.clock.now(),
        )
    talk.say(ann, "out")
    assert talk.house.rows(Following) == []
    assert talk.town.delivered("Undo")


def test_nothing_of_a_command_is_kept_but_the_act(talk, ann):
    talk.say(ann, "status")
    assert talk.house.rows(PersonRow) == []
    assert uris(talk, Visit) == uris(talk, Post) == set()
    [row] = talk.house.rows(CommandRow)
    assert ann.uri not in str(row)


def test_a_topic_is_understood_in_the_writers_language_and_told_in_it(talk, ann):
    tags = [{"type": "Hashtag", "name": "#astrodon", "href": "https://a.lab.test/tags/a"}]
    ben = talk.town.person("ben", tag=tags, summary="<p>#astrodon all night</p>")
    post = talk.town.post(ben, "Saturn")
    outbox = talk.town.documents[f"{ben.uri}/outbox"]
    outbox["orderedItems"], outbox["totalItems"] = [talk.town.documents[post]], 1
    talk.say(ben, "in")
    talk.house.work()
    talk.house.work()
    answer = talk.say(ann, "empfiehl Astronomie")
    assert f"ben@{HOST} #astrodon" in answer
    assert "schreibt über Astronomie" in answer
    assert "ben@" not in talk.say(ben, "suggest astronomy")


def in_pack(talk, slug):
    pack = find_pack(talk.house.app.context, slug)
    return {member.uri for member in pack.members} if pack else set()


def test_pack_out_leaves_starter_packs_and_nothing_else(talk, ann):
    talk.say(ann, "in")
    talk.house.work()
    assert in_pack(talk, "search-ann") == {ann.uri}
    assert "search-ann" in talk.say(ann, "pack out search-ann")
    assert in_pack(talk, "search-ann") == set()
    assert in_pack(talk, "search-lighthouse") == {ann.uri}
    assert "every starter pack" in talk.say(ann, "pack out")
    assert in_pack(talk, "search-lighthouse") == set()
    assert talk.house.found("ann", "accounts") == [ann.uri]
    assert "every starter pack" in talk.say(ann, "pack in search-lighthouse")
    assert in_pack(talk, "search-lighthouse") == set()
    talk.say(ann, "pack in")
    assert in_pack(talk, "search-lighthouse") == {ann.uri}
    assert in_pack(talk, "search-ann") == set()
    talk.say(ann, "pack in search-ann")
    assert in_pack(talk, "search-ann") == {ann.uri}


def test_pack_in_is_the_yes_of_who_was_picked_and_of_nobody_else(talk, ann):
    ctx = talk.house.app.context
    talk.say(ann, "in")
    talk.house.work()
    keep_pack(ctx, "keepers", "Lighthouse keepers")
    assert "nobody picked you" in talk.say(ann, "pack in keepers")
    assert in_pack(talk, "keepers") == set()
    pick(ctx, "keepers", [Handle("ann", HOST)])
    assert "keepers" in talk.say(ann, "pack in keepers")
    assert in_pack(talk, "keepers") == {ann.uri}
    talk.say(ann, "pack out")
    assert in_pack(talk, "keepers") == set()
    pick(ctx, "keepers", [Handle("ann", HOST)])
    keep_pack(ctx, "others", "Others")
    pick(ctx, "others", [Handle("ann", HOST)])
    assert in_pack(talk, "keepers") == set()
    talk.say(ann, "pack in keepers")
    assert in_pack(talk, "keepers") == {ann.uri}
    assert in_pack(talk, "others") == in_pack(talk, "search-lighthouse") == set()
    talk.say(ann, "out")
    assert in_pack(talk, "keepers") == set()
    assert talk.house.rows(PackMember) == []
