"""Actors and posts in the shape of each software, small enough to read in a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
STORED = Path(__file__).parents[1] / "documents"


def actor(**more: Any) -> dict[str, Any]:
    """A complete consenting actor, in Mastodon's shape."""
    document = {
        "@context": [
            "https://www.w3.org/ns/activitystreams",
            {"toot": "http://joinmastodon.org/ns#"},
        ],
        "id": "https://one.example/users/alice",
        "type": "Person",
        "preferredUsername": "alice",
        "name": "Alice",
        "summary": "<p>Sky watcher</p>",
        "inbox": "https://one.example/users/alice/inbox",
        "outbox": "https://one.example/users/alice/outbox",
        "followers": "https://one.example/users/alice/followers",
        "discoverable": True,
        "indexable": True,
    }
    return {**document, **more}


def note(**more: Any) -> dict[str, Any]:
    """A complete public Note, in Mastodon's shape."""
    document = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "https://one.example/users/alice/statuses/1",
        "type": "Note",
        "attributedTo": "https://one.example/users/alice",
        "published": "2026-11-01T10:00:00Z",
        "to": [PUBLIC],
        "cc": ["https://one.example/users/alice/followers"],
        "content": "<p>Hello</p>",
    }
    return {**document, **more}


def stored(path: str) -> Any:
    """A larger document, kept by host and path under tests/documents."""
    return json.loads((STORED / path).read_text("utf-8"))
