"""One request and one answer, with nothing of HTTP's framing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson

ACTIVITY = "application/activity+json; charset=utf-8"
JSON = "application/json; charset=utf-8"
JRD = "application/jrd+json; charset=utf-8"
HTML = "text/html; charset=utf-8"
TEXT = "text/plain; charset=utf-8"


@dataclass(slots=True)
class Request:
    """`path` has no query; header names are lower case; `target` is path and query as sent."""

    method: str
    host: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def arguments(self) -> dict[str, str]:
        if not self.query:
            return {}
        return {
            key: values[-1] for key, values in parse_qs(self.query, keep_blank_values=True).items()
        }

    @property
    def wants_activity(self) -> bool:
        accept = self.headers.get("accept", "")
        return "activity+json" in accept or "ld+json" in accept


@dataclass(slots=True)
class Answer:
    status: int
    body: bytes = b""
    content_type: str = ACTIVITY
    headers: list[tuple[str, str]] = field(default_factory=list)


def document(value: Any, content_type: str = ACTIVITY, status: int = 200) -> Answer:
    return Answer(status, orjson.dumps(value), content_type)


def error(status: int, message: str) -> Answer:
    return document({"error": message}, JSON, status)


def redirect(location: str, status: int = 302) -> Answer:
    return Answer(status, b"", HTML, [("Location", location)])


NOT_FOUND = error(404, "Record not found")
