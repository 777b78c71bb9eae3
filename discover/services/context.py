"""What every use case is given."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from discover.policy.consent import Rules
from discover.ports import Clock, Lookout, SearchEngine
from discover.store.database import Database
from discover.store.journal import Journal


def _never() -> bool:
    return False


class Stopping(Exception):
    """The process was asked to end; what is not done is left to the next."""


@dataclass(frozen=True, slots=True)
class Context:
    """Adapters and rules, wired by discover.bootstrap."""

    database: Database
    engine: SearchEngine
    clock: Clock
    rules: Rules
    jitter: Callable[[], float]  # 0 ≤ x < 1
    suppression_key: bytes
    embedded: bool = True
    own_url: str = "http://127.0.0.1:8000"  # without a trailing slash
    actor_name: str = "waypost"
    follow_people: bool = False
    topic_actors: frozenset[str] = frozenset()  # topic ids, "*" for all
    topic_boosts_a_day: int = 3
    journal: Journal | None = None  # of who left; None: nothing outlives the database
    lookout: Lookout | None = None  # how servers' proofs are looked at; None: not at all
    stopping: Callable[[], bool] = _never  # long work looks now and then, and raises Stopping

    @property
    def actor_uri(self) -> str:
        return f"{self.own_url}/actor"

    def digest(self, name: str) -> str:
        """Keyed hash of an actor URI or a handle, for the suppression list."""
        return hmac.new(self.suppression_key, name.lower().encode(), hashlib.sha256).hexdigest()
