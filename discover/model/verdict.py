"""Answers and their reasons. Every reason has one public sentence."""

from __future__ import annotations

from enum import StrEnum

from discover.model.frozen import quick


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"  # neither: nothing new is indexed, what is there expires


class Reason(StrEnum):
    """The closed set of reasons. Order is the order in which they are shown."""

    # yes
    SERVER_OPTED_IN = "server_opted_in"
    PERSON_OPTED_IN = "person_opted_in"
    DISCOVERABLE = "discoverable"
    INDEXABLE = "indexable"
    PUBLIC_POST = "public_post"
    # no: people
    SUPPRESSED = "suppressed"
    PERSON_OPTED_OUT = "person_opted_out"
    PERSON_BLOCKED_US = "person_blocked_us"
    # no: servers
    SERVER_NOT_OPTED_IN = "server_not_opted_in"
    SERVER_OPTED_OUT = "server_opted_out"
    SERVER_BLOCKED = "server_blocked"
    ROBOTS_FORBID = "robots_forbid"
    ROBOTS_UNREADABLE = "robots_unreadable"
    # no: the actor document
    GONE = "gone"
    MOVED = "moved"
    SUSPENDED = "suspended"
    MEMORIAL = "memorial"
    NOINDEX = "noindex"
    OPT_OUT_TAG = "opt_out_tag"
    NOT_DISCOVERABLE = "not_discoverable"
    DISCOVERABLE_WEAK = "discoverable_weak"
    NOT_INDEXABLE = "not_indexable"
    INDEXABLE_WEAK = "indexable_weak"
    NEEDS_DELIBERATE_ACT = "needs_deliberate_act"
    SEARCHABLE_BY_NARROWED = "searchable_by_narrowed"
    HIDDEN_FROM_STRANGERS = "hidden_from_strangers"
    SERVER_PROFILES_ONLY = "server_profiles_only"
    PERSON_PROFILE_ONLY = "person_profile_only"
    LOCKED = "locked"
    BOT = "bot"
    INACTIVE = "inactive"
    EMPTY_PROFILE = "empty_profile"
    # no: posts
    AUTHOR_NOT_INDEXED = "author_not_indexed"
    NOT_PUBLIC = "not_public"
    UNLISTED = "unlisted"
    FOREIGN_AUTHOR = "foreign_author"
    FOREIGN_HOST = "foreign_host"
    TOO_OLD = "too_old"
    NO_DATE = "no_date"
    FUTURE_DATE = "future_date"
    OUTSIDE_TAG_SCOPE = "outside_tag_scope"
    HIDDEN_BY_AUTHOR_DATE = "hidden_by_author_date"
    SENSITIVE = "sensitive"
    # unknown
    UNREACHABLE = "unreachable"
    REFUSED_TO_US = "refused_to_us"
    REDUCED_DOCUMENT = "reduced_document"
    UNREADABLE_DOCUMENT = "unreadable_document"
    EVIDENCE_EXPIRED = "evidence_expired"
    NEVER_SEEN = "never_seen"
    HANDLE_UNVERIFIED = "handle_unverified"


SENTENCES: dict[Reason, str] = {
    Reason.SERVER_OPTED_IN: "The admin of this server has opted it in.",
    Reason.PERSON_OPTED_IN: "This person asked us to list them.",
    Reason.DISCOVERABLE: "The account says it may be discovered (discoverable is true).",
    Reason.INDEXABLE: "The account says its public posts may be searched (indexable is true).",
    Reason.PUBLIC_POST: "The post is addressed to the public.",
    Reason.SUPPRESSED: "This person asked to be left out for good.",
    Reason.PERSON_OPTED_OUT: "This person opted out.",
    Reason.PERSON_BLOCKED_US: "This person has blocked us.",
    Reason.SERVER_NOT_OPTED_IN: "The admin of this server has not opted it in.",
    Reason.SERVER_OPTED_OUT: "The admin of this server has opted it out.",
    Reason.SERVER_BLOCKED: "The operator of this index has blocked this server.",
    Reason.ROBOTS_FORBID: "The server's robots.txt forbids us.",
    Reason.ROBOTS_UNREADABLE: (
        "The server's robots.txt could not be read because of a server error, which counts as no."
    ),
    Reason.GONE: "The account no longer exists.",
    Reason.MOVED: "The account has moved; the new account is looked at on its own.",
    Reason.SUSPENDED: "The account is suspended.",
    Reason.MEMORIAL: "The account is a memorial.",
    Reason.NOINDEX: "The account or its page says noindex.",
    Reason.OPT_OUT_TAG: "The profile carries an opt-out tag such as #nobot or #noindex.",
    Reason.NOT_DISCOVERABLE: "The account does not say that it may be discovered.",
    Reason.DISCOVERABLE_WEAK: (
        "This software sets discoverable by itself, so it is not this person's own choice."
    ),
    Reason.NOT_INDEXABLE: "The account does not say that its posts may be searched.",
    Reason.INDEXABLE_WEAK: (
        "This software sets indexable by itself, so it is not this person's own choice."
    ),
    Reason.NEEDS_DELIBERATE_ACT: (
        "This index searches posts only of people who asked for it themselves."
    ),
    Reason.SEARCHABLE_BY_NARROWED: "Who may search this is limited (searchableBy).",
    Reason.HIDDEN_FROM_STRANGERS: "The account hides its posts from people who are not logged in.",
    Reason.SERVER_PROFILES_ONLY: "The server has opted in profiles only.",
    Reason.PERSON_PROFILE_ONLY: "This person has opted in their profile only.",
    Reason.LOCKED: "The account approves its followers by hand, so it is not suggested.",
    Reason.BOT: "The account is automated; it is suggested only on request.",
    Reason.INACTIVE: "The account has not posted for a while, so it is not suggested.",
    Reason.EMPTY_PROFILE: "The profile is empty, so it is not suggested.",
    Reason.AUTHOR_NOT_INDEXED: "The posts of this account are not searchable here.",
    Reason.NOT_PUBLIC: "The post is not public.",
    Reason.UNLISTED: "The post is unlisted (quiet public).",
    Reason.FOREIGN_AUTHOR: "The post is by somebody else than the account it came from.",
    Reason.FOREIGN_HOST: "The post does not live on its author's server.",
    Reason.TOO_OLD: "The post is older than what this index keeps.",
    Reason.NO_DATE: "The post has no readable date.",
    Reason.FUTURE_DATE: "The post claims to come from the future.",
    Reason.OUTSIDE_TAG_SCOPE: "The author limited themselves to certain hashtags.",
    Reason.HIDDEN_BY_AUTHOR_DATE: "The author hides posts of this age.",
    Reason.SENSITIVE: "The post carries a content warning, so it does not count in trends.",
    Reason.UNREACHABLE: "The server could not be reached.",
    Reason.REFUSED_TO_US: "The server refused to show us the account.",
    Reason.REDUCED_DOCUMENT: "The server showed us only part of the account.",
    Reason.UNREADABLE_DOCUMENT: "What the server sent could not be read.",
    Reason.EVIDENCE_EXPIRED: "The consent we saw is too old and could not be renewed.",
    Reason.NEVER_SEEN: "We have never looked at this account.",
    Reason.HANDLE_UNVERIFIED: "The handle could not be verified with its server.",
}


@quick(frozen=True, slots=True)
class Decision:
    """One answer with all its reasons (never empty)."""

    answer: Answer
    reasons: tuple[Reason, ...]

    @property
    def allowed(self) -> bool:
        return self.answer is Answer.YES

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(SENTENCES[reason] for reason in self.reasons)


@quick(frozen=True, slots=True)
class AccountVerdict:
    """The four separate answers about one account."""

    list: Decision
    suggest: Decision
    index_posts: Decision
    trends: Decision
    rule_version: str
