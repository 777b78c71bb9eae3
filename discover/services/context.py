"""What every use case is given."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from discover.policy.consent import Rules
from discover.ports import Clock, SearchEngine
from discover.store.database import Database


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

    def digest(self, name: str) -> str:
        """Keyed hash of an actor URI or a handle, for the suppression list."""
        return hmac.new(self.suppression_key, name.lower().encode(), hashlib.sha256).hexdigest()
