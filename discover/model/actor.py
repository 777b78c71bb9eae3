"""An account as its own server describes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from discover.model.frozen import quick
from discover.model.host import host_and_port

_HANDLE = re.compile(r"^@?(?P<user>[\w.\-+~%]+)@(?P<host>[^\s@/\\?#]+)$")


class Flag(StrEnum):
    """What an actor document says for a yes/no question. Only JSON `true` is TRUE."""

    TRUE = "true"
    FALSE = "false"
    ABSENT = "absent"
    MALFORMED = "malformed"  # present, but neither JSON true nor JSON false


class ActorType(StrEnum):
    PERSON = "Person"
    SERVICE = "Service"
    APPLICATION = "Application"
    GROUP = "Group"
    ORGANIZATION = "Organization"
    TOMBSTONE = "Tombstone"


@dataclass(frozen=True, slots=True, order=True)
class Handle:
    """`user@host`, host in lower-case ASCII. The user part keeps its case for display."""

    user: str
    host: str

    def __str__(self) -> str:
        return f"{self.user}@{self.host}"

    @property
    def key(self) -> str:
        """The form in which two spellings of one handle are equal."""
        return f"{self.user}@{self.host}".lower()

    @classmethod
    def parse(cls, text: str) -> Handle:
        """Read `@user@host`, `user@host` or `acct:user@host`. ValueError otherwise."""
        match = _HANDLE.match(text.strip().removeprefix("acct:"))
        host = host_and_port(match["host"]) if match else None
        if match is None or host is None:
            raise ValueError(f"{text!r} is not a handle such as @user@example.social")
        return cls(match["user"], host)


@quick(frozen=True, slots=True)
class ProfileField:
    """One PropertyValue row of a profile; `value` is plain text."""

    name: str
    value: str


class SearchableBy(StrEnum):
    """FEP-268d, reduced to the only question we have: is anyone meant to find it?"""

    UNSAID = "unsaid"
    PUBLIC = "public"
    NARROWED = "narrowed"


@dataclass(frozen=True, slots=True)
class ConsentSignals:
    """Everything in an actor document that bears on consent, as seen, unjudged."""

    discoverable: Flag = Flag.ABSENT
    indexable: Flag = Flag.ABSENT
    noindex: Flag = Flag.ABSENT
    locked: bool = False  # manuallyApprovesFollowers
    suspended: bool = False
    memorial: bool = False
    moved_to: str | None = None
    opt_out_tags: tuple[str, ...] = ()  # e.g. ("nobot",), casefolded, without '#'
    searchable_by: SearchableBy = SearchableBy.UNSAID
    # Misskey `_misskey_requireSigninToViewContents`, GoToSocial `hidesToPublicFromUnauthedWeb`:
    # the owner does not want logged-out strangers to read the posts.
    hidden_from_strangers: bool = False
    # Misskey `_misskey_makeNotesHiddenBefore` / `…FollowersOnlyBefore`: posts older than this
    # instant are no longer public, whatever our copy says.
    posts_hidden_before: datetime | None = None
    # Friendica and Akkoma answer unsigned or unknown readers with a stripped actor.
    reduced: bool = False
    # The software family that the document itself betrays ("misskey"), None if it does not.
    software_hint: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """A parsed actor document. URIs are as the document gives them.

    `summary` is plain text, `summary_html` sanitised HTML. Hashtags are folded, without '#'.
    Times are aware and in UTC.
    """

    uri: str
    type: ActorType
    username: str
    signals: ConsentSignals
    name: str = ""
    summary: str = ""
    summary_html: str = ""
    url: str | None = None
    fields: tuple[ProfileField, ...] = ()
    hashtags: tuple[str, ...] = ()
    emojis: tuple[tuple[str, str], ...] = ()  # (":shortcode:", image url)
    language: str = "und"  # of the bio, detected
    avatar_url: str | None = None
    avatar_alt: str = ""
    header_url: str | None = None
    inbox: str | None = None
    shared_inbox: str | None = None
    outbox: str | None = None
    followers: str | None = None
    following: str | None = None
    featured: str | None = None
    featured_tags: str | None = None
    webfinger: str | None = None  # FEP-2c59, without 'acct:'
    also_known_as: tuple[str, ...] = ()
    published: datetime | None = None
    public_key_id: str | None = None
    public_key_pem: str | None = None

    @property
    def is_bot(self) -> bool:
        return self.type in (ActorType.SERVICE, ActorType.APPLICATION)


@dataclass(frozen=True, slots=True)
class Counts:
    """`totalItems` of the actor's collections; None where the origin does not say."""

    followers: int | None = None
    following: int | None = None
    posts: int | None = None


@dataclass(frozen=True, slots=True)
class ActorExtras:
    """What other documents of the same origin add to an actor."""

    counts: Counts = field(default_factory=Counts)
    featured_tags: tuple[str, ...] = ()  # folded, without '#'
