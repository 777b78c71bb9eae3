"""Times as documents write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def read_time(value: Any) -> datetime | None:
    """An ISO 8601 time as aware UTC; None if it cannot be read (year 0 is one such).

    A bare date is its midnight, a time without zone is UTC. The future is left to policy, which
    knows what time it is.
    """
    if not isinstance(value, str) or not 8 <= len(value) <= 40:
        return None
    try:
        time = datetime.fromisoformat(value.strip())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
