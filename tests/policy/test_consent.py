"""Who may be found: the table of docs/consent.md, row by row, then all combinations at random."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discover.model.actor import ActorType, ConsentSignals, Flag, SearchableBy
from discover.model.instance import RobotsState, ServerOptIn, ServerScope
from discover.model.post import Audience
from discover.model.verdict import SENTENCES, Answer, Reason
from discover.policy.consent import (
    AccountFacts,
    PersonAct,
    PersonFacts,
    PostFacts,
    Rules,
    ServerFacts,
    author_of,
    decide_account,
    decide_post,
    decide_server,
    decide_trend,
    must_purge,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RULES = Rules()
URI = "https://social.example/users/ada"
SERVER = ServerFacts(
    "social.example", opt_in=ServerOptIn.OPERATOR, robots=RobotsState.ALLOWED, software="mastodon"
)
SIGNALS = ConsentSignals(discoverable=Flag.TRUE, indexable=Flag.TRUE)
ADA = AccountFacts(
    server=SERVER,
    signals=SIGNALS,
    evidence_at=NOW - timedelta(hours=1),
    last_post_at=NOW - timedelta(days=1),
)


def with_signals(**changes):
    return replace(ADA, signals=replace(SIGNALS, **changes))


def with_server(**changes):
    return replace(ADA, server=replace(SERVER, **changes))


def with_person(**changes):
    return replace(ADA, person=PersonFacts(**changes))


def decide(facts, rules=RULES, now=NOW):
    return decide_account(facts, rules, now)


def test_consenting_account_on_an_opted_in_server_is_listed_suggested_and_searched():
    verdict = decide(ADA)
    assert verdict.list.allowed
    assert verdict.suggest.allowed
    assert verdict.index_posts.allowed
    assert verdict.trends.allowed


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (with_signals(discoverable=Flag.ABSENT), Reason.NOT_DISCOVERABLE),
        (with_signals(discoverable=Flag.FALSE), Reason.NOT_DISCOVERABLE),
        (with_signals(discoverable=Flag.MALFORMED), Reason.NOT_DISCOVERABLE),
        (with_signals(noindex=Flag.TRUE), Reason.NOINDEX),
        (with_signals(noindex=Flag.MALFORMED), Reason.NOINDEX),
        (replace(ADA, noindex_header=True), Reason.NOINDEX),
        (with_signals(opt_out_tags=("nobot",)), Reason.OPT_OUT_TAG),
        (with_signals(suspended=True), Reason.SUSPENDED),
        (with_signals(memorial=True), Reason.MEMORIAL),
        (with_signals(moved_to="https://new.example/users/ada"), Reason.MOVED),
        (replace(ADA, gone=True), Reason.GONE),
        (replace(ADA, gone=True, signals=None), Reason.GONE),
        (replace(ADA, actor_type=ActorType.TOMBSTONE), Reason.GONE),
        (replace(ADA, robots_forbid=True), Reason.ROBOTS_FORBID),
        (with_server(opt_in=ServerOptIn.NONE), Reason.SERVER_NOT_OPTED_IN),
        (with_server(opted_out=True), Reason.SERVER_OPTED_OUT),
        (with_server(blocked=True), Reason.SERVER_BLOCKED),
        (with_server(robots=RobotsState.FORBIDDEN), Reason.ROBOTS_FORBID),
        (with_server(robots=RobotsState.UNREADABLE), Reason.ROBOTS_UNREADABLE),
        (with_person(act=PersonAct.OUT), Reason.PERSON_OPTED_OUT),
        (with_person(blocked_us=True), Reason.PERSON_BLOCKED_US),
        (with_person(suppressed=True), Reason.SUPPRESSED),
        (with_server(software="misskey"), Reason.DISCOVERABLE_WEAK),
        (with_server(software="takahe"), Reason.DISCOVERABLE_WEAK),
        (with_server(software="wordpress"), Reason.DISCOVERABLE_WEAK),
        (with_server(host="web.brid.gy", software=None), Reason.DISCOVERABLE_WEAK),
        (with_signals(software_hint="misskey"), Reason.DISCOVERABLE_WEAK),
    ],
)
def test_one_no_is_enough_to_be_nowhere(facts, reason):
    verdict = decide(facts)
    for decision in (verdict.list, verdict.suggest, verdict.index_posts, verdict.trends):
        assert decision.answer is Answer.NO
        assert reason in decision.reasons


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(ADA, signals=None), Reason.NEVER_SEEN),
        (replace(ADA, signals=None, unknown=Reason.UNREACHABLE), Reason.UNREACHABLE),
        (with_signals(reduced=True, discoverable=Flag.FALSE), Reason.REDUCED_DOCUMENT),
        (replace(ADA, handle_verified=False), Reason.HANDLE_UNVERIFIED),
        (replace(ADA, evidence_at=NOW - timedelta(days=8)), Reason.EVIDENCE_EXPIRED),
        (replace(ADA, evidence_at=None), Reason.NEVER_SEEN),
        (with_server(robots=RobotsState.UNSEEN), Reason.UNREACHABLE),
    ],
)
def test_what_is_not_known_is_never_yes_and_never_purges(facts, reason):
    verdict = decide(facts)
    assert verdict.list.answer is Answer.UNKNOWN
    assert verdict.index_posts.answer is not Answer.YES
    assert reason in verdict.list.reasons
    assert not must_purge(verdict.list)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (with_signals(indexable=Flag.ABSENT), Reason.NOT_INDEXABLE),
        (with_signals(indexable=Flag.FALSE), Reason.NOT_INDEXABLE),
        (with_signals(indexable=Flag.MALFORMED), Reason.NOT_INDEXABLE),
        (with_signals(searchable_by=SearchableBy.NARROWED), Reason.SEARCHABLE_BY_NARROWED),
        (with_signals(hidden_from_strangers=True), Reason.HIDDEN_FROM_STRANGERS),
        (with_server(scope=ServerScope.PROFILES), Reason.SERVER_PROFILES_ONLY),
        (with_person(act=PersonAct.IN_PROFILE), Reason.PERSON_PROFILE_ONLY),
    ],
)
def test_posts_can_stay_out_while_the_profile_is_listed(facts, reason):
    verdict = decide(facts)
    assert verdict.list.allowed
    assert verdict.index_posts.answer is Answer.NO
    assert reason in verdict.index_posts.reasons


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (with_signals(locked=True), Reason.LOCKED),
        (replace(ADA, actor_type=ActorType.SERVICE), Reason.BOT),
        (replace(ADA, last_post_at=NOW - timedelta(days=91)), Reason.INACTIVE),
        (replace(ADA, last_post_at=None), Reason.INACTIVE),
        (replace(ADA, empty_profile=True), Reason.EMPTY_PROFILE),
    ],
)
def test_some_are_listed_but_not_suggested(facts, reason):
    verdict = decide(facts)
    assert verdict.list.allowed
    assert verdict.suggest.answer is Answer.NO
    assert reason in verdict.suggest.reasons


def test_a_deliberate_act_overcomes_weak_flags_but_no_false_flag():
    weak = replace(with_server(software="misskey"), person=PersonFacts(act=PersonAct.IN))
    assert decide(weak).list.allowed
    assert decide(weak).index_posts.allowed
    off = replace(weak, signals=replace(SIGNALS, discoverable=Flag.FALSE))
    assert decide(off).list.answer is Answer.NO


def test_a_person_reaches_us_without_their_server():
    alone = replace(with_server(opt_in=ServerOptIn.NONE), person=PersonFacts(act=PersonAct.IN))
    assert decide(alone).list.allowed
    assert not decide(replace(alone, server=replace(alone.server, opted_out=True))).list.allowed


def test_an_operator_can_ask_for_a_deliberate_act_for_posts():
    strict = Rules(deliberate_posts=True)
    assert decide(ADA, strict).list.allowed
    assert not decide(ADA, strict).index_posts.allowed
    assert decide(with_person(act=PersonAct.IN), strict).index_posts.allowed


def test_an_operators_extra_tag_counts_for_what_is_already_stored():
    tagged = replace(ADA, hashtags=("keinesuche",))
    assert decide(tagged).list.allowed
    assert not decide(tagged, Rules(extra_opt_out_tags=frozenset({"keinesuche"}))).list.allowed


def test_a_servers_bad_day_hides_its_people_without_purging_them():
    verdict = decide(with_server(robots=RobotsState.UNREADABLE))
    assert verdict.list.answer is Answer.NO
    assert not must_purge(verdict.list)
    assert must_purge(decide(with_server(robots=RobotsState.FORBIDDEN)).list)


def test_a_server_without_consent_is_refused_with_the_reason():
    assert decide_server(SERVER).allowed
    assert decide_server(replace(SERVER, opt_in=ServerOptIn.NONE)).reasons == (
        Reason.SERVER_NOT_OPTED_IN,
    )
    assert decide_server(replace(SERVER, opted_out=True)).reasons == (Reason.SERVER_OPTED_OUT,)


def test_every_reason_has_a_public_sentence():
    assert set(SENTENCES) == set(Reason)


# Posts

POST = PostFacts(
    uri="https://social.example/notes/1",
    author=URI,
    audience=Audience.PUBLIC,
    published=NOW - timedelta(days=1),
)


def judge_post(post, facts=ADA, rules=RULES):
    author = author_of(URI, "social.example", facts, decide(facts, rules), rules)
    return decide_post(post, author, rules, NOW)


def test_public_post_of_a_consenting_author_is_indexed():
    assert judge_post(POST).allowed


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"audience": Audience.UNLISTED}, Reason.UNLISTED),
        ({"audience": Audience.FOLLOWERS}, Reason.NOT_PUBLIC),
        ({"audience": Audience.DIRECT}, Reason.NOT_PUBLIC),
        ({"audience": Audience.LOCAL}, Reason.NOT_PUBLIC),
        ({"author": "https://social.example/users/eve"}, Reason.FOREIGN_AUTHOR),
        ({"uri": "https://elsewhere.example/notes/1"}, Reason.FOREIGN_HOST),
        ({"uri": "https://sub.social.example/notes/1"}, Reason.FOREIGN_HOST),
        ({"searchable_by": SearchableBy.NARROWED}, Reason.SEARCHABLE_BY_NARROWED),
        ({"opt_out_tags": ("noindex",)}, Reason.OPT_OUT_TAG),
        ({"published": None}, Reason.NO_DATE),
        ({"published": NOW - timedelta(days=181)}, Reason.TOO_OLD),
        ({"published": NOW + timedelta(hours=2)}, Reason.FUTURE_DATE),
    ],
)
def test_post_is_not_indexed_for_one_no(change, reason):
    decision = judge_post(replace(POST, **change))
    assert decision.answer is Answer.NO
    assert reason in decision.reasons


def test_no_post_of_an_author_without_indexable():
    assert Reason.AUTHOR_NOT_INDEXED in judge_post(POST, with_signals(indexable=Flag.FALSE)).reasons


def test_a_servers_bad_day_hides_posts_without_purging_them():
    bad_day = with_server(robots=RobotsState.UNREADABLE)
    assert judge_post(POST, bad_day).reasons == (Reason.ROBOTS_UNREADABLE,)
    assert not must_purge(judge_post(POST, bad_day))
    assert must_purge(judge_post(replace(POST, audience=Audience.UNLISTED), bad_day))


def test_only_posts_within_the_hashtags_that_a_person_chose():
    scoped = with_person(act=PersonAct.IN_TAGS, tags=frozenset({"astronomy"}))
    assert judge_post(replace(POST, hashtags=("astronomy", "cats")), scoped).allowed
    assert judge_post(replace(POST, hashtags=("cats",)), scoped).reasons == (
        Reason.OUTSIDE_TAG_SCOPE,
    )


def test_posts_that_their_author_hides_by_date_stay_out():
    hidden = with_signals(posts_hidden_before=NOW - timedelta(hours=2))
    assert Reason.HIDDEN_BY_AUTHOR_DATE in judge_post(POST, hidden).reasons


def test_posts_of_an_account_with_expired_evidence_are_hidden_not_refused():
    decision = judge_post(POST, replace(ADA, evidence_at=NOW - timedelta(days=8)))
    assert decision.answer is Answer.UNKNOWN


def test_content_warnings_and_bots_never_count_in_trends():
    author = author_of(URI, "social.example", ADA, decide(ADA), RULES)
    assert decide_trend(POST, author, RULES, NOW).allowed
    assert not decide_trend(replace(POST, sensitive=True), author, RULES, NOW).allowed
    bot = replace(ADA, actor_type=ActorType.SERVICE)
    robot = author_of(URI, "social.example", bot, decide(bot), RULES)
    assert decide_post(POST, robot, RULES, NOW).allowed
    assert not decide_trend(POST, robot, RULES, NOW).allowed


# All combinations

servers = st.builds(
    ServerFacts,
    host=st.just("social.example"),
    opt_in=st.sampled_from(ServerOptIn),
    scope=st.sampled_from(ServerScope),
    opted_out=st.booleans(),
    blocked=st.booleans(),
    robots=st.sampled_from(RobotsState),
    software=st.sampled_from([None, "mastodon", "misskey", "takahe", "wordpress", "gotosocial"]),
)
signals_seen = st.builds(
    ConsentSignals,
    discoverable=st.sampled_from(Flag),
    indexable=st.sampled_from(Flag),
    noindex=st.sampled_from(Flag),
    locked=st.booleans(),
    suspended=st.booleans(),
    memorial=st.booleans(),
    moved_to=st.none() | st.just("https://new.example/u"),
    opt_out_tags=st.just(()) | st.just(("nobot",)),
    searchable_by=st.sampled_from(SearchableBy),
    hidden_from_strangers=st.booleans(),
    reduced=st.booleans(),
    software_hint=st.none() | st.just("misskey"),
)
persons = st.builds(
    PersonFacts,
    act=st.sampled_from(PersonAct),
    blocked_us=st.booleans(),
    suppressed=st.booleans(),
)
accounts = st.builds(
    AccountFacts,
    server=servers,
    signals=st.none() | signals_seen,
    actor_type=st.sampled_from(ActorType),
    person=persons,
    evidence_at=st.none()
    | st.sampled_from([NOW, NOW - timedelta(days=6), NOW - timedelta(days=9)]),
    handle_verified=st.booleans(),
    gone=st.booleans(),
    robots_forbid=st.booleans(),
    noindex_header=st.booleans(),
    last_post_at=st.none() | st.just(NOW),
    empty_profile=st.booleans(),
)
# Near the yes: most random accounts fail for ten reasons, these for at most a few.
near = st.builds(
    lambda facts, keep: replace(
        ADA, **{name: getattr(facts, name) for name in ("server", "signals", "person")[:keep]}
    ),
    accounts,
    st.integers(0, 3),
)
WEAK_DISCOVERABLE = {"misskey", "takahe", "wordpress"}
WEAK_INDEXABLE = {"misskey", "wordpress"}


def naive(facts):
    """The table read aloud, in the plainest words."""
    server, signals, person = facts.server, facts.signals, facts.person
    asked = person.act in ("in", "in_profile", "in_tags")
    if server.opt_in == "none" and not asked:
        return False, False
    if server.opted_out or server.blocked or server.robots != "allowed":
        return False, False
    if person.act == "out" or person.blocked_us or person.suppressed:
        return False, False
    if facts.gone or facts.robots_forbid or facts.noindex_header or facts.actor_type == "Tombstone":
        return False, False
    if signals is None or signals.reduced or not facts.handle_verified:
        return False, False
    if facts.evidence_at is None or NOW - facts.evidence_at > timedelta(days=7):
        return False, False
    if signals.discoverable != "true" or signals.noindex not in ("absent", "false"):
        return False, False
    if signals.suspended or signals.memorial or signals.moved_to or signals.opt_out_tags:
        return False, False
    software = signals.software_hint or server.software
    if software in WEAK_DISCOVERABLE and not asked:
        return False, False
    posts = signals.indexable == "true"
    if software in WEAK_INDEXABLE and person.act not in ("in", "in_tags"):
        posts = False
    if signals.searchable_by == "narrowed" or signals.hidden_from_strangers:
        posts = False
    if person.act == "in_profile":
        posts = False
    if server.scope == "profiles" and person.act not in ("in", "in_tags"):
        posts = False
    return True, posts


@settings(max_examples=1500, deadline=None)
@given(accounts | near)
def test_the_decision_agrees_with_the_table_read_aloud(facts):
    verdict = decide(facts)
    assert (verdict.list.allowed, verdict.index_posts.allowed) == naive(facts)


@settings(max_examples=500, deadline=None)
@given(accounts | near)
def test_every_answer_has_reasons_and_each_further_question_is_stricter(facts):
    verdict = decide(facts)
    for decision in (verdict.list, verdict.suggest, verdict.index_posts, verdict.trends):
        assert decision.reasons
        assert len(decision.sentences) == len(decision.reasons)
    assert verdict.list.allowed or not verdict.suggest.allowed
    assert verdict.list.allowed or not verdict.index_posts.allowed
    assert verdict.index_posts.allowed or not verdict.trends.allowed


@settings(max_examples=500, deadline=None)
@given(accounts | near)
def test_tighter_rules_never_list_anybody_more(facts):
    tight = Rules(
        deliberate_posts=True,
        hide_after=timedelta(days=1),
        extra_opt_out_tags=frozenset({"x"}),
        retention=timedelta(days=10),
    )
    loose, strict = decide(facts), decide(facts, tight)
    assert loose.list.allowed or not strict.list.allowed
    assert loose.index_posts.allowed or not strict.index_posts.allowed


@settings(max_examples=500, deadline=None)
@given(
    st.builds(
        PostFacts,
        uri=st.sampled_from([POST.uri, "https://elsewhere.example/1", "urn:x", ""]),
        author=st.sampled_from([URI, URI + "2"]),
        audience=st.sampled_from(Audience),
        published=st.none() | st.datetimes(timezones=st.just(UTC)),
        searchable_by=st.sampled_from(SearchableBy),
        opt_out_tags=st.just(()) | st.just(("noindex",)),
    ),
    accounts | near,
)
def test_no_post_is_found_unless_public_fresh_and_of_a_consenting_author(post, facts):
    if judge_post(post, facts).allowed:
        assert decide(facts).index_posts.allowed
        assert post.audience is Audience.PUBLIC
        assert post.uri == POST.uri
        assert post.author == URI
        assert post.published is not None
        assert NOW - timedelta(days=180) <= post.published <= NOW + timedelta(hours=1)
        assert post.searchable_by is not SearchableBy.NARROWED
        assert not post.opt_out_tags
