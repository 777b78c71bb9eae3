"""What every answer carries: security headers, open reading for /api/, and HEAD for every GET."""

from __future__ import annotations

import logging
import traceback

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors
from api.mastodon.dialect import RATE_HEADERS

log = logging.getLogger("waypost.api")

# Nothing from anywhere else, nothing inline: styles and scripts from our own files only.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self'; manifest-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
OPEN_PATHS = (
    "/api/",
    "/.well-known/",
    "/nodeinfo/",
    "/actor",
    "/outbox",
    "/followers",
    "/following",
    "/featured",
)
EXPOSED = f"Link, Retry-After, RateLimit, RateLimit-Policy, ETag, {RATE_HEADERS}"


class FrontDoor:
    """The outermost layer: nothing leaves without these headers, no exception leaves at all."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False
        open_to_all = scope["path"].startswith(OPEN_PATHS)

        async def dressed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                dress(MutableHeaders(scope=message), open_to_all=open_to_all)
            await send(message)

        if open_to_all and scope["method"] == "OPTIONS":
            await dressed({"type": "http.response.start", "status": 204, "headers": []})
            await dressed({"type": "http.response.body", "body": b""})
            return
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            # No name of anything holds it, and PostgreSQL refuses to be asked about it.
            await errors.answer(Request(scope), 400)(scope, receive, dressed)
            return
        # HEAD is answered as GET; the server leaves the body away (RFC 9110 section 9.3.2).
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        if inner["path"].startswith("/api/") and inner["path"].endswith("/"):
            # Mastodon's clients ask with and without it.
            inner = {**inner, "path": inner["path"].rstrip("/")}
        try:
            await self.app(inner, receive, dressed)
        except Exception as exc:
            note_failure(exc, getattr(inner.get("route"), "path", "unmatched"))
            if started:
                raise
            await errors.answer(Request(scope), 500)(scope, receive, dressed)


def note_failure(error: Exception, route: str) -> None:
    """Route template, kind of error and where, never its message: it may quote a query."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s in %s\n%s", type(error).__name__, route, where)


def dress(headers: MutableHeaders, *, open_to_all: bool) -> None:
    """Add what every answer carries, unless the answer itself says otherwise."""
    page = headers.get("content-type", "").startswith(("text/html", "text/css", "image/svg"))
    raw = headers.raw
    said = {name for name, _ in raw}
    raw += [pair for pair in _DRESS[page, open_to_all] if pair[0] not in said]


def _dress(*, page: bool, open_to_all: bool) -> tuple[tuple[bytes, bytes], ...]:
    """As they go over the wire: each answer is asked for each of them."""
    headers = {
        "Content-Security-Policy": PAGE_POLICY if page else DATA_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "interest-cohort=(), browsing-topics=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        # Whoever forgets to say otherwise is showing people's data.
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "cross-origin" if open_to_all else "same-origin",
    }
    if open_to_all:
        headers |= {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
            # "*" does not mean this one (Fetch standard, CORS-preflight fetch)
            "Access-Control-Allow-Headers": "*, Authorization",
            "Access-Control-Expose-Headers": EXPOSED,
            "Access-Control-Max-Age": "86400",
        }
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())


_DRESS = {
    (page, open_to_all): _dress(page=page, open_to_all=open_to_all)
    for page in (False, True)
    for open_to_all in (False, True)
}
