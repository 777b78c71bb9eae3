"""A server: its host, its software, its rules for us."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """What a server's NodeInfo says; every field may be missing or untrue."""

    software: str | None = None  # lower case, e.g. "mastodon"
    version: str | None = None
    name: str = ""
    description: str = ""
    open_registrations: bool | None = None
    languages: tuple[str, ...] = ()
    monthly_active: int | None = None
    fasp_base_url: str | None = None


class Registrations(StrEnum):
    """Who may make an account, as far as the server says."""

    OPEN = "open"
    APPROVAL = "approval"  # asked for, and decided by hand
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class ServerAbout:
    """What a server's own API tells people who look for one; plain text, languages in lower case."""

    name: str = ""
    description: str = ""
    rules: tuple[str, ...] = ()
    registrations: Registrations | None = None
    languages: tuple[str, ...] = ()


class RobotsState(StrEnum):
    """Outcome of reading a host's robots.txt, already reduced to one URL or to '/'."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    UNREADABLE = "unreadable"  # server or network error: RFC 9309 section 2.3.1.4 says no
    UNSEEN = "unseen"


class ServerOptIn(StrEnum):
    """How a server's admin has said yes (or has not)."""

    NONE = "none"
    OPERATOR = "operator"  # the operator's own record of an admin's consent
    RELAY = "relay"
    FASP = "fasp"
    DNS = "dns"
    WELL_KNOWN = "well-known"
    CONTACT = "contact"


class ServerScope(StrEnum):
    ALL = "all"
    PROFILES = "profiles"
