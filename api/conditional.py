"""Pages that are the same for everybody get a validator, so that nobody loads them twice.

RFC 9110 sections 8.8.3 (ETag), 13.1.2 (If-None-Match) and 15.4.5 (304), RFC 9111. Only what may be
stored at all is given one: answers about people say `no-store` and are left alone. The validator
is made of the body, so it is the same for every visitor and tells nobody apart.
"""

from __future__ import annotations

import hashlib
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STORED = re.compile(r"\b(public|no-cache)\b")
_TAG = re.compile(r'(?:W/)?("[^"]*")')
# What a 304 says besides the validator itself (RFC 9110 section 15.4.5); the rest is known already.
_KEPT = {"cache-control", "content-location", "content-language", "expires", "vary", "link"}


class Conditional:
    """Inside of compression: the validator is weak, whatever coding the body leaves in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        start: Message | None = None

        async def validated(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _may_be_stored(message):
                start = message
                return
            if start is not None:
                begun, start = start, None
                if not message.get("more_body"):
                    begun, message = _answer(Headers(scope=scope), begun, message)
                await send(begun)
            await send(message)

        await self.app(scope, receive, validated)


def _may_be_stored(message: Message) -> bool:
    headers = MutableHeaders(scope=message)
    caching = headers.get("cache-control", "")
    return (
        message["status"] == 200
        and "etag" not in headers  # it does so itself
        and "immutable" not in caching  # nobody asks again
        and _STORED.search(caching) is not None
    )


def _answer(asked: Headers, start: Message, body: Message) -> tuple[Message, Message]:
    headers = MutableHeaders(scope=start)
    digest = f'"{hashlib.sha256(body.get("body", b"")).hexdigest()[:20]}"'
    headers["ETag"] = f"W/{digest}"
    if not _has(asked.getlist("if-none-match"), digest):
        return start, body
    left = [pair for pair in start["headers"] if pair[0].decode("latin-1") in {*_KEPT, "etag"}]
    return {**start, "status": 304, "headers": left}, {**body, "body": b""}


def _has(fields: list[str], digest: str) -> bool:
    """By weak comparison (RFC 9110 section 8.8.3.2)."""
    told = ", ".join(fields)
    return told.strip() == "*" or digest in _TAG.findall(told)
