"""Where Mastodon's dialect is spoken, how it says no, how it pages and counts.

Sources: docs.joinmastodon.org/api/rate-limits and /entities/Error; RFC 8288 for `Link`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import Request, Response

from api import problems

_SPOKEN = re.compile(
    r"^/api/(?:v2/|v1/(?:"
    r"accounts/(?:lookup|search|\d+(?:/statuses)?)"
    r"|directory|statuses/[^/]*|instance(?:/peers)?|trends(?:/(?:tags|statuses|links))?"
    r")/?$)"
)
# In Mastodon's own words; clients show them, and some look for them.
_WORDS = {
    404: "Record not found",
    405: "This API is read-only",
    429: "Too many requests",
    500: "Something went wrong on our end",
    503: "There was a temporary problem serving your request, please try again",
}
RATE_HEADERS = "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"


class NotFound(Exception):
    """Nothing that may be shown has this id or address: `{"error": "Record not found"}`."""


def spoken(path: str) -> bool:
    """Does a client of Mastodon's API ask at this path?"""
    return bool(_SPOKEN.match(path))


def refusal(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """`{"error": "…"}`."""
    words = _WORDS.get(status) or detail or "This request cannot be answered"
    return Response(
        orjson.dumps({"error": words}),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def reply(document: Any, *, headers: Mapping[str, str] | None = None) -> Response:
    """People's data: never cached, because a withdrawal takes effect at once."""
    return Response(
        orjson.dumps(document),
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def rate_headers(limit: int, remaining: int, reset: datetime) -> dict[str, str]:
    """`reset`: when the whole `limit` may be asked for again."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": instant(reset),
    }


def instant(moment: datetime) -> str:
    """As Mastodon writes it: UTC with milliseconds. `moment` is aware."""
    moment -= moment.utcoffset() or timedelta()
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def link(
    request: Request, own_url: str, **relations: Mapping[str, object] | None
) -> dict[str, str]:
    """The `Link` header: for each relation the parameters that differ; None leaves it out."""
    parts = []
    for relation, change in relations.items():
        if change is None:
            continue
        pairs = [
            (name, value)
            for name, value in request.query_params.multi_items()
            if name not in ("max_id", "min_id", "since_id", *change)
        ]
        query = urlencode([*pairs, *change.items()])
        parts.append(f'<{own_url}{request.url.path}?{query}>; rel="{relation}"')
    return {"Link": ", ".join(parts)} if parts else {}


def by_offset(
    request: Request, own_url: str, *, offset: int, limit: int, more: bool
) -> dict[str, str]:
    """The `Link` header of a list that is paged by `offset`."""
    before = {"offset": max(0, offset - limit), "limit": limit} if offset else None
    after = {"offset": offset + limit, "limit": limit} if more else None
    return link(request, own_url, next=after, prev=before)


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route here, as the OpenAPI document shows them."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/MastodonError"}}}
    meanings = {400: "A parameter is missing", 414: "The address is too long"}
    meanings |= {422: "A parameter cannot be used", **_WORDS}
    return {status: {"description": meanings[status], "content": content} for status in statuses}


def both(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that answers in this dialect and in problem documents."""
    ours = problems.described(*statuses)
    for status, theirs in described(*statuses).items():
        ours[status]["content"] = {**ours[status]["content"], **theirs["content"]}
    return ours
