"""What a check of a server found, what that means and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from discover.model.instance import ServerOptIn, ServerScope


class Found(StrEnum):
    IN = "in"
    OUT = "out"
    NOTHING = "nothing"  # looked, and nothing is said there
    UNKNOWN = "unknown"  # could not be looked at now


@dataclass(frozen=True, slots=True)
class Finding:
    """One place that was looked at: what was found there, in plain words."""

    what: str  # block, record, dns, robots.txt, well-known, contact, relay
    where: str
    found: Found
    says: str


@dataclass(frozen=True, slots=True)
class ServerCheck:
    """`answer`: in, out, none (nobody said anything) or blocked."""

    host: str
    checked_at: datetime
    answer: str
    scope: ServerScope
    proof: ServerOptIn
    findings: tuple[Finding, ...]
    means: tuple[str, ...]
    next_steps: tuple[str, ...]
