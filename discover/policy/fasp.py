"""What a signed FASP message must cover and when it is good, and which capabilities we offer.

FASP general v0.1, protocol basics: stricter than both known implementations, which check neither
what is covered nor the future.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

MAX_AGE = timedelta(minutes=5)
AHEAD = timedelta(seconds=60)

DATA_SHARING = "data_sharing"
VERSION = "0.1"
CAPABILITIES: tuple[str, ...] = (
    "account_search",
    "callback",
    DATA_SHARING,
    "follow_recommendation",
    "trends",
)

# What we ask of a server that shares its data: category and type of each subscription
SUBSCRIPTIONS: tuple[tuple[str, str], ...] = (
    ("account", "lifecycle"),
    ("content", "lifecycle"),
    ("content", "trends"),
)
BACKFILLS: tuple[str, ...] = ("account", "content")
# One of each kind is talk of few people; the server's own minimum spares both sides the rest.
THRESHOLD = {"timeframe": 15, "shares": 3, "likes": 3, "replies": 3}
MAX_BATCH = 100

# No event for so long: whatever was announced is looked at again at its origin. The
# specification says at least once a week; a day is left for a host that is busy or away.
LOOK_AGAIN = timedelta(days=6)


def not_covered(components: frozenset[str], needed: Iterable[str]) -> str | None:
    """What should have been signed and was not; None when all is there."""
    return ", ".join(sorted(set(needed) - components)) or None


def out_of_time(created: datetime, expires: datetime | None, now: datetime) -> str | None:
    """Why a message signed at `created` is not good now; None when it is."""
    if created > now + AHEAD:
        return "the signature is from the future"
    if created < now - MAX_AGE:
        return "the signature is older than five minutes"
    if expires is not None and expires <= now:
        return "the signature has expired"
    return None


def good_until(created: datetime, expires: datetime | None) -> datetime:
    """From when on time alone refuses it, and nobody has to remember it."""
    last = created + MAX_AGE
    return last if expires is None else min(last, expires)


def knows(capability: str, version: str) -> bool:
    """Do we offer this? Servers name the version whole ("0.1") or by its major part ("0")."""
    return capability in CAPABILITIES and version in (VERSION, VERSION.partition(".")[0])


def fits(category: str, event: str | None, *, asked: tuple[str, str]) -> bool:
    """Does an announcement belong to what was asked for, (category, type)? `event` None: backfill."""
    wanted, kind = asked
    if category != wanted:
        return False
    events = {"lifecycle": ("new", "update", "delete"), "trends": ("trending",), "": (None,)}
    return event in events.get(kind, ())
