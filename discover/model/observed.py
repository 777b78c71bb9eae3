"""What a visit saw. Visits report these; services judge and store them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from discover.model.actor import Actor, ActorExtras, Handle
from discover.model.instance import NodeInfo, RobotsState, ServerAbout
from discover.model.post import Post
from discover.model.verdict import AccountVerdict


class Door(StrEnum):
    """Through which door something came to our notice."""

    DIRECTORY = "directory"
    MENTION = "mention"
    BOOST = "boost"  # the URI is a post's; whose it is, its own server says
    COMMAND = "command"
    REFRESH = "refresh"
    PUSH = "push"  # the URI is an actor's or a post's
    RELAY = "relay"  # is this actor its server's own?
    FASP = "fasp"  # announced to us as a provider; an actor's or a post's, or a boost's


class Missing(StrEnum):
    """Why an actor document could not be had, reduced to what matters for consent."""

    GONE = "gone"  # 404, 410, Tombstone: a no
    REFUSED = "refused"  # 401, 403: unknown
    UNREACHABLE = "unreachable"  # time-out, 5xx, 429, network: unknown
    UNREADABLE = "unreadable"  # not an actor, or not its own: unknown
    ROBOTS = "robots"  # robots.txt says no: a no


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """A host's robots.txt and NodeInfo as just read."""

    host: str
    robots: RobotsState
    crawl_delay: float | None  # seconds, as robots.txt states it
    nodeinfo: NodeInfo | None  # None: could not be read this time
    noindex_header: bool = False
    seen_at: datetime | None = None
    about: ServerAbout | None = None  # None: it has no such document, or did not give it now


@dataclass(frozen=True, slots=True)
class ServerVisited:
    """The whole server visit is over, its list of accounts read as far as it was meant to be.

    Until this is seen the visit stays due, so that one which was cut short is made again.
    """

    host: str
    ok: bool
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CandidatesSeen:
    """Accounts to look at: actor URIs or handles. Looking at them decides, not this list."""

    door: Door
    uris: tuple[str, ...] = ()
    handles: tuple[Handle, ...] = ()


@dataclass(frozen=True, slots=True)
class ActorSeen:
    """An actor document fetched from its own host and parsed."""

    actor: Actor
    handle: Handle | None  # None: WebFinger did not verify both ways
    source_url: str
    seen_at: datetime
    door: Door
    noindex_header: bool = False  # X-Robots-Tag: noindex on the actor document
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class ActorUnchanged:
    """304: the document is as we hold it, which renews the evidence."""

    uri: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class ActorMissing:
    uri: str
    missing: Missing
    status: int | None
    seen_at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ExtrasSeen:
    """Counts and featured tags of an account whose profile is listed."""

    uri: str
    extras: ActorExtras


@dataclass(frozen=True, slots=True)
class PostsSeen:
    """Posts that an actor's outbox or featured collection named, fetched from their origin."""

    actor_uri: str
    posts: tuple[Post, ...]
    source_url: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class PostMissing:
    """A post that we hold answered 404 or 410, or is a Tombstone."""

    uri: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class ServerActorSeen:
    """A server was asked whether an actor is its own, so that it speaks for the admin."""

    uri: str
    proven: bool
    seen_at: datetime
    detail: str = ""


# Stored one by one; the others of a batch together
Single = (
    ServerSeen
    | ServerVisited
    | CandidatesSeen
    | ActorUnchanged
    | ActorMissing
    | ExtrasSeen
    | PostMissing
    | ServerActorSeen
)
Observation = Single | ActorSeen | PostsSeen


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the services made of one observation."""

    verdict: AccountVerdict | None = None  # for actor observations: may the visit go on?
    stored: int = 0
    refused: int = 0
    removed: int = 0


@dataclass(frozen=True, slots=True)
class AccountDue:
    """One account to visit in a host's turn.

    Exactly one of `uri` and `handle` may be None. `known_posts` are the newest posts that we
    hold: reading stops at the first of them, and those that should have come along but did not
    are asked for one by one, because they may have been deleted or narrowed. So are `pushed_posts`,
    met since the last reading, at which none stops: what stands behind them is not yet known.
    """

    visit_id: int
    uri: str | None
    handle: Handle | None
    door: Door
    etag: str | None = None
    last_modified: str | None = None
    listed: bool = False
    known_posts: Mapping[str, datetime] = field(default_factory=dict)  # URI -> published
    pushed_posts: Mapping[str, datetime] = field(default_factory=dict)
    unseen_posts: tuple[str, ...] = ()  # some that no reading has met for long: do they stand?
    posts_since: datetime | None = None  # nothing older is wanted (retention)
    # As last seen: what a 304 leaves us without
    outbox: str | None = None
    followers: str | None = None


@dataclass(frozen=True, slots=True)
class HostTurn:
    """A lease on a host and what is due there."""

    host: str
    lease: str  # token to give back
    lease_until: datetime
    solicited: bool  # a verified opt-in addressed to us covers this host
    server_due: bool  # robots, NodeInfo and the directory are to be read
    software: str | None
    not_before: datetime | None  # the host's last request plus its delay, or Retry-After
    crawl_delay: float | None = None  # seconds, as its robots.txt last said
    accounts: tuple[AccountDue, ...] = ()
    # May its list of accounts be read? Not where only single people asked for us.
    directory: bool = True


@dataclass(frozen=True, slots=True)
class HostGrant:
    """Leave to send requests to a host outside its own turn (WebFinger of a split domain …)."""

    host: str
    lease: str
    solicited: bool
    not_before: datetime | None
    crawl_delay: float | None


@dataclass(frozen=True, slots=True)
class VisitResult:
    """How one account's or server's visit ended, for the next appointment."""

    visit_id: int
    ok: bool
    complete: bool = True  # the outbox was read as far as it was meant to be
    over: bool = False  # nothing more to see there: no further visit
    new_posts: int = 0
    retry_at: datetime | None = None
    detail: str = ""
    began: datetime | None = None  # whatever became due later is not answered by this visit
    door: Door | None = None  # nor what somebody wanted through another door meanwhile
