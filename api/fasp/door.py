"""The door of the provider API: signed calls in, signed answers out, refusals too.

Everything a route answers or raises passes here, so that nothing can leave unsigned to a server
whose key id was named. Only to a stranger, for whom there is no key, a refusal goes out unsigned.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, cast

import orjson
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from api import problems
from api.activitypub.intake import No, headers_of, intake_of
from api.errors import RETRY_SECONDS, plain_words
from api.limits import Buckets, Rate, client_key
from api.problems import ProblemAnswer
from discover.bootstrap import App
from discover.model.views import BadRequest
from discover.net.verify import SignedRequest
from discover.ports import EngineUnavailable
from discover.services.fasp.partners import Partner
from discover.services.fasp.verify import Call, CallVerifier, NotYou
from discover.services.federation.signatures import SeenSignatures
from discover.wire import fasp

log = logging.getLogger("waypost.api")

PREFIX = "/fasp/"

# What one connected server may ask and announce: Mastodon sends each event by itself.
SERVER_RATE = Rate(per_second=50.0, burst=1000, clients=10_000)
# What one address may try without a signature that holds.
STRANGER_RATE = Rate(per_second=1.0, burst=60, clients=20_000)

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Door:
    """What the provider's door of one process remembers."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.verifier = CallVerifier(app.context, SeenSignatures(app.context))
        self.servers = Buckets(SERVER_RATE)
        self.strangers = Buckets(STRANGER_RATE)


class SignedRoute(APIRoute):
    """A route that only a connected server's signed call reaches. Its answer is signed."""

    def get_route_handler(self) -> Handler:
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            door = cast("Door", request.app.state.fasp)
            try:
                call = await _admit(door, request)
            except NotYou as no:
                answer = _refusal(door, request, no)
                return _signed(door, answer, no.partner) if no.partner else answer
            except No as no:
                headers = {"Connection": "close"} if no.close else {}
                if no.wait is not None:
                    headers["Retry-After"] = str(max(no.wait, 1))
                return problems.response(no.status, no.detail, headers=headers)
            request.state.call = call
            return _signed(door, await _answer(inner, request), call.partner)

        return handle


class UnpackedGZip(GZipMiddleware):
    """Provider answers go out as they were signed: servers compare the digest of what they unpack."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def call_of(request: Request) -> Call:
    """The verified call that a route answers."""
    return cast("Call", request.state.call)


def empty(status: int) -> Response:
    """An answer without a body."""
    return Response(status_code=status, headers={"Cache-Control": "no-store"})


def data(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(value),
        status_code=status,
        media_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


async def _admit(door: Door, request: Request) -> Call:
    """Who calls? The body is read whole first: its digest is part of the signature."""
    body = await intake_of(request).body(request.scope, request.receive)
    request._body = body  # noqa: SLF001 -- read as it came; routes must not wait for it again
    signed = SignedRequest(
        method=request.method,
        url=door.app.settings.own_url + raw_target(request.scope),
        headers=headers_of(request.scope),
        body=body,
    )
    call = await door.verifier.verify(
        signed, harmless_twice=request.url.path.endswith("/announcements")
    )
    turn = door.servers.take(call.partner.id)
    if not turn.allowed:
        raise NotYou(429, str(turn.wait), call.partner)
    return call


def raw_target(scope: Scope) -> str:
    """Path and query as they were sent: what is signed must not be spelled anew.

    With the configured own address before it, this is the address as the caller saw it, whatever
    proxies stand between.
    """
    path = scope.get("raw_path") or scope["path"].encode()
    text: str = path.partition(b"?")[0].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"{text}?{query}" if query else text


def _refusal(door: Door, request: Request, no: NotYou) -> Response:
    if no.status == 429:
        return problems.response(429, headers={"Retry-After": str(max(int(no.reason), 1))})
    if no.status == 401:
        client = request.client.host if request.client else "unknown"
        turn = door.strangers.take(client_key(client))
        if not turn.allowed:
            return problems.response(429, headers={"Retry-After": str(max(turn.wait, 1))})
    return problems.response(no.status, f"{no.reason[:1].upper()}{no.reason[1:]}.")


async def _answer(inner: Handler, request: Request) -> Response:
    """What the route says, whatever it raises."""
    try:
        return await inner(request)
    except ProblemAnswer as exc:
        return problems.response(exc.status, exc.detail, errors=exc.errors, headers=exc.headers)
    except HTTPException as exc:
        return problems.response(exc.status_code, str(exc.detail))
    except RequestValidationError as exc:
        errors = [plain_words(error) for error in exc.errors()]
        detail = " ".join(error["detail"] for error in errors)
        return problems.response(422, detail, errors=errors)
    except BadRequest as exc:
        return problems.response(422, str(exc))
    except EngineUnavailable as exc:
        log.warning("engine unavailable: %s", exc)
        return problems.response(503, headers={"Retry-After": str(RETRY_SECONDS)})
    except asyncio.CancelledError:
        raise
    except Exception as exc:  # also our own fault is told signed
        route = getattr(request.scope.get("route"), "path", "unmatched")
        where = "".join(traceback.format_tb(exc.__traceback__))
        log.error("%s in %s\n%s", type(exc).__name__, route, where)  # noqa: TRY400
        return problems.response(500)


def _signed(door: Door, answer: Response, partner: Partner) -> Response:
    body = bytes(answer.body)
    created = int(door.app.context.clock.now().timestamp())
    unsigned = fasp.response(answer.status_code, body, created=created, key_id=partner.key.key_id)
    answer.headers.update(unsigned.headers(partner.key.sign(unsigned.base)))
    return answer
