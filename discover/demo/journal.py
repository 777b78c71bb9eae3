"""The request log: who asked what and when, so that tests can hold a crawler to its manners."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from discover.demo.exchange import Request

_KEEP = 200_000
_HEADERS = ("user-agent", "accept", "signature", "signature-input", "date", "if-none-match", "from")


class Journal:
    """The last requests, oldest first. `together` counts requests of that host under way."""

    def __init__(self) -> None:
        self._entries: dict[int, dict[str, Any]] = {}
        self._next = 0
        self._active: Counter[str] = Counter()

    def begin(self, request: Request, started: float) -> int:
        entry = self._add(request, started)
        self._active[request.host] += 1
        self._entries[entry]["together"] = self._active[request.host]
        return entry

    def end(self, entry: int, status: int) -> None:
        if (found := self._entries.get(entry)) is not None:
            found["status"], found["ended"] = status, time.time()
            self._active[found["host"]] -= 1

    def note(self, request: Request, started: float, status: int) -> None:
        """A request that was answered at once."""
        found = self._entries[self._add(request, started)]
        found["status"], found["ended"] = status, time.time()
        found["together"] = 1 + self._active[request.host]

    def _add(self, request: Request, started: float) -> int:
        number = self._next
        self._next += 1
        self._entries[number] = {
            "number": number,
            "time": started,
            "ended": None,
            "method": request.method,
            "host": request.host,
            "path": request.target,
            "status": None,
            "headers": {k: request.headers[k] for k in _HEADERS if k in request.headers},
        }
        if len(self._entries) > _KEEP:
            del self._entries[number - _KEEP]
        return number

    def entries(self, host: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        rows = list(self._entries.values())
        return [r for r in rows if r["number"] >= since and host in (None, r["host"])]

    def clear(self) -> None:
        self._entries.clear()
        self._active.clear()
