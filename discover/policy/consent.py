"""The one consent decision: facts in, verdict with reasons out.

Called at every door: crawl, push, refresh, and again when a search answers. Absent, malformed,
unknown and unreachable never mean yes; one no is enough; no beats unknown beats yes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from discover.model.actor import ActorType, ConsentSignals, Flag, SearchableBy
from discover.model.frozen import quick
from discover.model.instance import RobotsState, ServerOptIn, ServerScope
from discover.model.post import Audience
from discover.model.verdict import AccountVerdict, Answer, Decision, Reason
from discover.policy.origin import host_of
from discover.policy.weak_flags import DISCOVERABLE, INDEXABLE, effective_software, is_weak

# Changes with every change of meaning here, so that evidence tells by which rules it was judged.
RULE_VERSION = "2026.11.1"

# A post may be dated a little ahead of our clock, not more.
CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator may tighten."""

    deliberate_posts: bool = False
    retention: timedelta = timedelta(days=180)
    hide_after: timedelta = timedelta(days=7)
    purge_after: timedelta = timedelta(days=30)
    inactive_after: timedelta = timedelta(days=90)
    extra_opt_out_tags: frozenset[str] = frozenset()  # casefolded, without '#'


class PersonAct(StrEnum):
    """What a person did on purpose, by a command or a code, never by a flag."""

    NONE = "none"
    IN = "in"
    IN_PROFILE = "in_profile"
    IN_TAGS = "in_tags"
    OUT = "out"


@quick(frozen=True, slots=True)
class ServerFacts:
    """What we know about a server and its admin's will."""

    host: str
    opt_in: ServerOptIn = ServerOptIn.NONE
    scope: ServerScope = ServerScope.ALL
    opted_out: bool = False
    blocked: bool = False
    robots: RobotsState = RobotsState.UNSEEN
    software: str | None = None


@quick(frozen=True, slots=True)
class PersonFacts:
    """What we know about a person's own deliberate acts."""

    act: PersonAct = PersonAct.NONE
    tags: frozenset[str] = frozenset()  # with IN_TAGS: folded, without '#'
    blocked_us: bool = False
    suppressed: bool = False


_NOBODY = PersonFacts()
_FOUND = Decision(Answer.YES, (Reason.PUBLIC_POST, Reason.INDEXABLE))


@quick(frozen=True, slots=True)
class AccountFacts:
    """Everything the decision about an account rests on."""

    server: ServerFacts
    signals: ConsentSignals | None  # None: the document was never seen in full
    actor_type: ActorType = ActorType.PERSON
    person: PersonFacts = _NOBODY
    evidence_at: datetime | None = None  # when the document was last seen in full
    handle_verified: bool = True
    gone: bool = False
    robots_forbid: bool = False  # robots.txt forbids this very document
    noindex_header: bool = False
    unknown: Reason | None = None  # why the document was not seen, when signals is None
    last_post_at: datetime | None = None
    empty_profile: bool = False
    hashtags: tuple[str, ...] = ()


@quick(frozen=True, slots=True)
class PostFacts:
    """Everything the decision about a post rests on, besides its author's verdict."""

    uri: str
    author: str
    audience: Audience
    published: datetime | None
    searchable_by: SearchableBy = SearchableBy.UNSAID
    opt_out_tags: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    sensitive: bool = False


@quick(frozen=True, slots=True)
class Author:
    """What a post's decision needs from its author; the same for all posts of an account."""

    uri: str
    host: str
    verdict: AccountVerdict
    tag_scope: frozenset[str] | None = None
    hidden_before: datetime | None = None
    extra_opt_out_tags: frozenset[str] = field(default_factory=frozenset)


def decide_server(server: ServerFacts) -> Decision:
    """May consenting people of this server be listed for being on it?"""
    noes = list(_server_noes(server))
    if server.opt_in is ServerOptIn.NONE and not server.opted_out:
        noes.append(Reason.SERVER_NOT_OPTED_IN)
    unknown = (Reason.UNREACHABLE,) if server.robots is RobotsState.UNSEEN else ()
    return _decide(noes, unknown, (Reason.SERVER_OPTED_IN,))


def decide_account(facts: AccountFacts, rules: Rules, now: datetime) -> AccountVerdict:
    """The four answers about one account (table in docs/consent.md)."""
    noes = list(_reach_noes(facts))
    unknown: list[Reason] = []
    if facts.gone or facts.actor_type is ActorType.TOMBSTONE:
        noes.append(Reason.GONE)
    if facts.robots_forbid and Reason.ROBOTS_FORBID not in noes:
        noes.append(Reason.ROBOTS_FORBID)
    if facts.server.robots is RobotsState.UNSEEN:
        unknown.append(Reason.UNREACHABLE)
    signals = facts.signals
    if signals is None:
        unknown.append(facts.unknown or Reason.NEVER_SEEN)
        decision = _decide(noes, unknown, ())
        return AccountVerdict(decision, decision, decision, decision, RULE_VERSION)

    noes += _document_noes(facts, signals, rules)
    unknown += _document_unknowns(facts, signals, rules, now)
    weak_for = effective_software(facts.server.host, facts.server.software, signals.software_hint)
    deliberate = facts.person.act in (PersonAct.IN, PersonAct.IN_PROFILE, PersonAct.IN_TAGS)
    if signals.reduced:
        pass  # a stripped document says nothing about its flags: unknown, not no
    elif signals.discoverable is not Flag.TRUE:
        noes.append(Reason.NOT_DISCOVERABLE)
    elif is_weak(weak_for, DISCOVERABLE) and not deliberate:
        noes.append(Reason.DISCOVERABLE_WEAK)

    yes = [Reason.SERVER_OPTED_IN] if facts.server.opt_in is not ServerOptIn.NONE else []
    if deliberate:
        yes.append(Reason.PERSON_OPTED_IN)
    yes.append(Reason.DISCOVERABLE)

    listed = _decide(noes, unknown, yes)
    suggest = _decide([*noes, *_suggest_noes(facts, signals, rules, now)], unknown, yes)
    post_noes = [*noes, *_post_consent_noes(facts, signals, rules, weak_for)]
    posts = _decide(post_noes, unknown, [*yes, Reason.INDEXABLE])
    bot = [Reason.BOT] if _is_bot(facts) else []
    trends = _decide([*post_noes, *bot], unknown, [*yes, Reason.INDEXABLE])
    return AccountVerdict(listed, suggest, posts, trends, RULE_VERSION)


def decide_post(post: PostFacts, author: Author, rules: Rules, now: datetime) -> Decision:
    """May this post be found? `author` must carry the author's verdict of this moment."""
    noes: list[Reason] = []
    posts = author.verdict.index_posts
    if must_purge(posts):
        noes.append(Reason.AUTHOR_NOT_INDEXED)
    elif posts.answer is Answer.NO:  # passing: what is stored waits with its author
        noes += posts.reasons
    if post.author != author.uri:
        noes.append(Reason.FOREIGN_AUTHOR)
    if host_of(post.uri) != author.host:
        noes.append(Reason.FOREIGN_HOST)
    if post.audience is Audience.UNLISTED:
        noes.append(Reason.UNLISTED)
    elif post.audience is not Audience.PUBLIC:
        noes.append(Reason.NOT_PUBLIC)
    if post.searchable_by is SearchableBy.NARROWED:
        noes.append(Reason.SEARCHABLE_BY_NARROWED)
    if post.opt_out_tags or not author.extra_opt_out_tags.isdisjoint(post.hashtags):
        noes.append(Reason.OPT_OUT_TAG)
    if author.tag_scope is not None and author.tag_scope.isdisjoint(post.hashtags):
        noes.append(Reason.OUTSIDE_TAG_SCOPE)
    noes += _date_noes(post.published, author.hidden_before, rules, now)
    unknown = posts.reasons if posts.answer is Answer.UNKNOWN else ()
    return _decide(noes, unknown, ()) if noes or unknown else _FOUND


def decide_trend(post: PostFacts, author: Author, rules: Rules, now: datetime) -> Decision:
    """May this post count in trends? Never with a content warning."""
    return trend_of(decide_post(post, author, rules, now), post, author)


def trend_of(decision: Decision, post: PostFacts, author: Author) -> Decision:
    """The same where `decide_post` has just decided."""
    noes = list(decision.reasons) if decision.answer is Answer.NO else []
    if author.verdict.trends.answer is not Answer.YES:
        noes.append(Reason.AUTHOR_NOT_INDEXED)
    if post.sensitive:
        noes.append(Reason.SENSITIVE)
    unknown = decision.reasons if decision.answer is Answer.UNKNOWN else ()
    return _decide(noes, unknown, ()) if noes or unknown else _FOUND


def author_of(
    uri: str, host: str, facts: AccountFacts, verdict: AccountVerdict, rules: Rules
) -> Author:
    """The author facts that `decide_post` needs."""
    scoped = facts.person.act is PersonAct.IN_TAGS
    return Author(
        uri=uri,
        host=host,
        verdict=verdict,
        tag_scope=facts.person.tags if scoped else None,
        hidden_before=facts.signals.posts_hidden_before if facts.signals else None,
        extra_opt_out_tags=rules.extra_opt_out_tags,
    )


# A fault of the server's, not a word of anybody's: it hides at once, but what is stored waits for
# the fault to end or for its evidence to run out, so that a bad day of a server does not cost it
# a whole new crawl.
_TRANSIENT = frozenset({Reason.ROBOTS_UNREADABLE})


def must_purge(decision: Decision) -> bool:
    """Does this answer about something stored mean that the rows themselves must go?"""
    return decision.answer is Answer.NO and not _TRANSIENT.issuperset(decision.reasons)


def refuses_all(server: Decision) -> bool:
    """Does a server's no hold for everybody there, also for those who asked for themselves?"""
    alone = _TRANSIENT | {Reason.SERVER_NOT_OPTED_IN}
    return server.answer is Answer.NO and not alone.issuperset(server.reasons)


def _server_noes(server: ServerFacts) -> Iterable[Reason]:
    if server.opted_out:
        yield Reason.SERVER_OPTED_OUT
    if server.blocked:
        yield Reason.SERVER_BLOCKED
    if server.robots is RobotsState.FORBIDDEN:
        yield Reason.ROBOTS_FORBID
    if server.robots is RobotsState.UNREADABLE:
        yield Reason.ROBOTS_UNREADABLE


def _reach_noes(facts: AccountFacts) -> Iterable[Reason]:
    person = facts.person
    if person.suppressed:
        yield Reason.SUPPRESSED
    if person.act is PersonAct.OUT:
        yield Reason.PERSON_OPTED_OUT
    if person.blocked_us:
        yield Reason.PERSON_BLOCKED_US
    reached = facts.server.opt_in is not ServerOptIn.NONE or person.act in (
        PersonAct.IN,
        PersonAct.IN_PROFILE,
        PersonAct.IN_TAGS,
    )
    if not reached and not facts.server.opted_out:
        yield Reason.SERVER_NOT_OPTED_IN
    yield from _server_noes(facts.server)


def _document_noes(facts: AccountFacts, signals: ConsentSignals, rules: Rules) -> list[Reason]:
    noes = []
    if signals.moved_to is not None:
        noes.append(Reason.MOVED)
    if signals.suspended:
        noes.append(Reason.SUSPENDED)
    if signals.memorial:
        noes.append(Reason.MEMORIAL)
    if signals.noindex in (Flag.TRUE, Flag.MALFORMED) or facts.noindex_header:
        noes.append(Reason.NOINDEX)
    if signals.opt_out_tags or not rules.extra_opt_out_tags.isdisjoint(facts.hashtags):
        noes.append(Reason.OPT_OUT_TAG)
    return noes


def _document_unknowns(
    facts: AccountFacts, signals: ConsentSignals, rules: Rules, now: datetime
) -> list[Reason]:
    unknown = []
    if signals.reduced:
        unknown.append(Reason.REDUCED_DOCUMENT)
    if not facts.handle_verified:
        unknown.append(Reason.HANDLE_UNVERIFIED)
    if facts.evidence_at is None:
        unknown.append(Reason.NEVER_SEEN)
    elif now - facts.evidence_at > rules.hide_after:
        unknown.append(Reason.EVIDENCE_EXPIRED)
    return unknown


def _post_consent_noes(
    facts: AccountFacts, signals: ConsentSignals, rules: Rules, software: str | None
) -> list[Reason]:
    noes = []
    act = facts.person.act
    deliberate = act in (PersonAct.IN, PersonAct.IN_TAGS)
    if signals.indexable is not Flag.TRUE:
        noes.append(Reason.NOT_INDEXABLE)
    elif is_weak(software, INDEXABLE) and not deliberate:
        noes.append(Reason.INDEXABLE_WEAK)
    if rules.deliberate_posts and not deliberate:
        noes.append(Reason.NEEDS_DELIBERATE_ACT)
    if signals.searchable_by is SearchableBy.NARROWED:
        noes.append(Reason.SEARCHABLE_BY_NARROWED)
    if signals.hidden_from_strangers:
        noes.append(Reason.HIDDEN_FROM_STRANGERS)
    if act is PersonAct.IN_PROFILE:
        noes.append(Reason.PERSON_PROFILE_ONLY)
    if facts.server.scope is ServerScope.PROFILES and not deliberate:
        noes.append(Reason.SERVER_PROFILES_ONLY)
    return noes


def _suggest_noes(
    facts: AccountFacts, signals: ConsentSignals, rules: Rules, now: datetime
) -> list[Reason]:
    noes = []
    if signals.locked:
        noes.append(Reason.LOCKED)
    if _is_bot(facts):
        noes.append(Reason.BOT)
    if facts.last_post_at is None or now - facts.last_post_at > rules.inactive_after:
        noes.append(Reason.INACTIVE)
    if facts.empty_profile:
        noes.append(Reason.EMPTY_PROFILE)
    return noes


def _date_noes(
    published: datetime | None, hidden_before: datetime | None, rules: Rules, now: datetime
) -> list[Reason]:
    if published is None:
        return [Reason.NO_DATE]
    noes = []
    if published > now + CLOCK_SKEW:
        noes.append(Reason.FUTURE_DATE)
    if now - published > rules.retention:
        noes.append(Reason.TOO_OLD)
    if hidden_before is not None and published < hidden_before:
        noes.append(Reason.HIDDEN_BY_AUTHOR_DATE)
    return noes


def _is_bot(facts: AccountFacts) -> bool:
    return facts.actor_type in (ActorType.SERVICE, ActorType.APPLICATION)


def _decide(noes: Iterable[Reason], unknown: Iterable[Reason], yes: Iterable[Reason]) -> Decision:
    if found := tuple(noes):
        return Decision(Answer.NO, found)
    if unsure := tuple(unknown):
        return Decision(Answer.UNKNOWN, unsure)
    return Decision(Answer.YES, tuple(yes))
