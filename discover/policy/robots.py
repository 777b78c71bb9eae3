"""What a robots.txt asks of us (RFC 9309).

A group that names our agent always decides. The group for '*' binds fetches that nobody asked
us to make; it does not bind those that a verified opt-in addressed to us asked for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from protego import Protego

from discover.model.instance import RobotsState

AGENT = "Waypost"
MAX_BYTES = 500 * 1024  # RFC 9309, 2.5: parse at least so much; we parse no more
MAX_REDIRECTS = 5  # RFC 9309, 2.3.1.2

# 'User-agent: Waypost', also with a version or a star behind it. Protego compares whole words of
# ours with the beginning of theirs; one spelling makes its comparison exact.
_OURS = re.compile(
    rf"^[ \t]*user[- ]?agent[ \t]*:?[ \t]*{AGENT}[ \t]*(?:[/*].*)?(?:\#.*)?$",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Robots:
    """A robots.txt as read; `state` UNREADABLE forbids everything."""

    state: RobotsState
    crawl_delay: float | None = None  # seconds; our own group's, else that of '*'
    names_us: bool = False
    _rules: Protego | None = field(default=None, compare=False, repr=False)

    def allows(self, url: str, *, solicited: bool) -> bool:
        if self.state is RobotsState.UNREADABLE:
            return False
        if self._rules is None:
            return True
        if self.names_us:
            return bool(self._rules.can_fetch(url, AGENT))
        return solicited or bool(self._rules.can_fetch(url, "*"))

    def state_for(self, url: str, *, solicited: bool) -> RobotsState:
        """The state reduced to one URL, for the record."""
        if self.state is RobotsState.UNREADABLE:
            return self.state
        if self.allows(url, solicited=solicited):
            return RobotsState.ALLOWED
        return RobotsState.FORBIDDEN


UNREADABLE = Robots(RobotsState.UNREADABLE)
NO_RULES = Robots(RobotsState.ALLOWED)


def read_robots(status: int | None, body: bytes) -> Robots:
    """Judge an answer; `status` None means that there was none.

    4xx: no rules (RFC 9309, 2.3.1.3). 5xx, 429, redirects without end, no answer: forbidden
    (2.3.1.4, and because no is the default).
    """
    if status is None or status == 429 or not (200 <= status < 300 or 400 <= status < 500):
        return UNREADABLE
    if status >= 400:
        return NO_RULES
    text = body[:MAX_BYTES].decode("utf-8-sig", "replace")
    # Protego also splits lines at characters that RFC 9309 does not know; the pattern does not.
    text, ours = _OURS.subn(f"User-agent: {AGENT}", text.replace("\r", "\n"))
    rules = Protego.parse(text)
    delay = rules.crawl_delay(AGENT if ours else "*")
    if delay is None and ours:
        delay = rules.crawl_delay("*")
    return Robots(RobotsState.ALLOWED, delay, bool(ours), rules)


def forbids_indexing(header: str) -> bool:
    """Whether an `X-Robots-Tag` says noindex (or none) to everybody or to us.

    `agent: directive` is for that agent; what follows a comma without an agent is for all,
    because several headers arrive joined.
    """
    for part in header.lower().split(","):
        agent, colon, directive = part.strip().rpartition(":")
        if colon and agent.strip() not in (AGENT.lower(), "*"):
            continue
        if directive.strip() in ("noindex", "none"):
            return True
    return False
