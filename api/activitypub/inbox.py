"""The inbox of our actor, which is the shared inbox too. Its checks, in this order:

1. 413 a declared or real size above 1 MB, 415 another content type or any content encoding
2. 408 a body that takes longer than 10 seconds
3. 400 no JSON object, too deep, or `type`, `actor` or `id` missing
4. 403 an id that is not on the actor's host, a server that is blocked or has opted out, a key on
   another host than the actor's (unless it may be a third party's hint); no key is fetched yet
5. 401 no good signature
6. 403 a key that is not the actor's own
7. 429 more than a server may send
8. 401 a signature that was used before
9. 202, and the worker does the rest. A type that we do not know ends here: nothing is kept but
   that its signature was used.

8 and what 202 promises are one transaction. Before 1, a flood from one address is a 429 and is not
read (InboxDoor).
"""

from __future__ import annotations

import asyncio
import re
import time
from datetime import datetime
from typing import NamedTuple, cast

from fastapi import APIRouter, Request, Response
from prometheus_client import Histogram
from starlette.types import Receive, Scope, Send

from api import problems
from api.activitypub.intake import BODY_BYTES, Intake, No, headers_of, is_activity
from api.headers import dress, note_failure
from api.limits import Buckets, Rate, client_key
from api.problems import described
from discover.bootstrap import App
from discover.net.verify import GoneActor, Refused, SignedRequest, Signer, Verifier
from discover.policy.origin import host_of
from discover.services.federation.dispatch import FORWARDABLE, HANDED_ON, kind_of
from discover.services.federation.inbox import (
    Guests,
    Heard,
    Received,
    holds_anything,
    is_refused,
    speaks_to_us,
)
from discover.wire.documents import Json, ParseError, read_document
from discover.wire.received import check, object_uri

router = APIRouter(tags=["federation"])

PATH = "/inbox"
_KEY_ID = re.compile(r'[;,\s]?keyid="([^"]+)"', re.IGNORECASE)
# A refused body up to this size is read away, so that the client hears our answer.
_READ_AWAY = 64_000_000

_BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "description": "One activity, signed by its actor's server",
        "content": {
            "application/activity+json": {"schema": {"$ref": "#/components/schemas/Document"}}
        },
    }
}


@router.post(
    PATH,
    status_code=202,
    summary="Where other servers write to us",
    response_class=Response,
    responses={
        202: {"description": "Heard. What comes of it is not told here."},
        **described(400, 401, 403, 408, 413, 415, 429),
    },
    openapi_extra=_BODY,
)
async def post_inbox(request: Request) -> Response:
    """Signed by draft-cavage or RFC 9421. Also the shared inbox."""
    # InboxDoor answers before any route is asked; this is what the API's description is made of.
    return await cast("Inbox", request.app.state.inbox).answer(request.scope, request.receive)


class InboxDoor:
    """Answers `POST /inbox` before all layers and routes, with what those would do for it.

    Servers write to us much more often than people ask, and the whole way through the layers and
    the routes costs more than all the checks of an activity.
    """

    def __init__(self, inbox: Inbox, rate: Rate, timings: Histogram) -> None:
        self._inbox = inbox
        # A server may speak for thousands of people; what it may send in all is the inbox's to say.
        self._clients = Buckets(rate)
        self._timings = timings
        self._timing: dict[int, Histogram] = {}  # by status
        heard = Response(status_code=202)
        dress(heard.headers, open_to_all=False)
        self._heard = heard.raw_headers

    @staticmethod
    def leads_to(scope: Scope) -> bool:
        """Is this request one for the door?"""
        return scope["type"] == "http" and scope["path"] == PATH and bool(scope["method"] == "POST")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = time.perf_counter()
        turn = self._clients.take(client_key(scope["client"][0] if scope.get("client") else "?"))
        if turn.allowed:
            answer = await self._inbox.answer(scope, receive)
        else:
            answer = problems.response(429, headers={"Retry-After": str(turn.wait)})
        if answer.status_code == 202:
            headers = self._heard
        else:
            dress(answer.headers, open_to_all=False)
            headers = answer.raw_headers
        status = answer.status_code
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
        timing = self._timing.get(status)
        if timing is None:
            timing = self._timing[status] = self._timings.labels("POST", PATH, str(status))
        timing.observe(time.perf_counter() - begun)


_HEARD = Response(status_code=202)


class _Said(NamedTuple):
    """An activity as it came, read but not yet believed."""

    body: bytes
    activity: Json
    kind: str | None  # as dispatch.kind_of has it
    actor: str
    id: str
    host: str  # the actor's
    key_host: str | None  # where the key is said to be


class Inbox:
    """The inbox of one process."""

    def __init__(self, app: App, verifier: Verifier, intake: Intake) -> None:
        self._app = app
        self._verifier = verifier
        self._intake = intake
        self._own_host = host_of(app.settings.own_url)

    async def answer(self, scope: Scope, receive: Receive) -> Response:
        """202, or the problem. Raises nothing."""
        try:
            await self._receive(scope, receive)
        except No as no:
            headers = {"Connection": "close"} if no.close else {}
            if no.wait is not None:
                headers["Retry-After"] = str(max(no.wait, 1))
            return problems.response(no.status, no.detail, headers=headers)
        except Exception as error:
            note_failure(error, PATH)
            return problems.response(500)
        return _HEARD

    async def _receive(self, scope: Scope, receive: Receive) -> None:
        intake, headers = self._intake, headers_of(scope)
        _check_envelope(headers)
        said = _read(await intake.body(scope, receive), headers)
        guests = intake.guests.known() or await intake.guests.get()
        self._check_who(said, guests)

        context = self._app.context
        deletes_itself = said.kind == "Delete" and object_uri(said.activity) == said.actor
        if deletes_itself and not await asyncio.to_thread(holds_anything, context, said.actor):
            return  # every server tells everybody; there is nothing here to delete
        deleted = said.actor if deletes_itself and said.key_host == said.host else None
        signer = await self._signer(scope, headers, said.body, deleted)
        received = _received(said, signer, context.clock.now(), guests)
        intake.take_turn(received.signer_host or said.host)
        heard = await intake.accept(received, signer.use if signer is not None else None)
        if heard is Heard.REPLAYED:
            raise No(401, "The signature was used before.")

    def _check_who(self, said: _Said, guests: Guests) -> None:
        """Refusals that cost no key."""
        host, key_host = said.host, said.key_host
        if host == self._own_host:
            raise No(403, "Our own actor does not write to itself.")
        blocked = guests.refused.get(host)
        if blocked is not None and is_refused(said.kind, blocked=blocked):
            back = host in guests.may_return and key_host == host
            if not (back and speaks_to_us(self._app.context, said.activity)):
                raise No(403, "This server is blocked here or has opted out.")
        if host_of(said.id) != host:
            raise No(403, "The activity's id is not on its actor's host.")
        if key_host is None or key_host == host:
            return
        if not _may_hand_on(said.kind, key_host, guests):
            raise No(403, "The key is not on the actor's host.")
        if key_host in guests.refused:
            raise No(403, "This server is blocked here or has opted out.")

    async def _signer(
        self, scope: Scope, headers: dict[str, str], body: bytes, deleted: str | None
    ) -> Signer | None:
        """Who signed. None: an actor that is gone, key and all."""
        query = scope["query_string"].decode("latin-1")
        signed = SignedRequest(
            method="POST",
            url=f"{self._app.settings.own_url}{PATH}{'?' if query else ''}{query}",
            headers=headers,
            body=body,
        )
        try:
            found = await self._verifier.verify(
                signed,
                claimed_actor=deleted,
                activity_type="Delete" if deleted else None,
                activity_object=deleted,
            )
        except Refused as refused:
            raise No(refused.status, refused.reason) from None
        return None if isinstance(found, GoneActor) else found


def _check_envelope(headers: dict[str, str]) -> None:
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > BODY_BYTES:
        detail = f"The body is longer than {BODY_BYTES} bytes."
        raise No(413, detail, close=int(length) > _READ_AWAY)
    if not is_activity(headers.get("content-type", "")):
        raise No(415, "Send application/activity+json, or application/ld+json with the profile.")
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise No(415, "Send the body without a content encoding.")


def _read(body: bytes, headers: dict[str, str]) -> _Said:
    try:
        activity = read_document(body)
        actor, id_ = check(activity)
    except ParseError as error:
        raise No(400, f"This is not an activity: {error}.") from None
    host = host_of(actor) or ""
    return _Said(body, activity, kind_of(activity), actor, id_, host, _key_host(headers))


def _key_host(headers: dict[str, str]) -> str | None:
    """Where the key is said to be; the signature itself is read later."""
    key = _KEY_ID.search(headers.get("signature-input") or headers.get("signature", ""))
    return host_of(key[1]) if key else None


def _may_hand_on(kind: str | None, host: str, guests: Guests) -> bool:
    """May this host tell us of other people's doings, as a hint where to look?"""
    return kind in HANDED_ON or (kind in FORWARDABLE and host in guests.relays)


def _received(said: _Said, signer: Signer | None, now: datetime, guests: Guests) -> Received:
    """What is kept, if the signer may say it."""
    if signer is None:
        return Received(said.activity, "", "", None, None, now)
    if signer.actor != said.actor and not _may_hand_on(said.kind, signer.host, guests):
        raise No(403, "The key is not the actor's own.")
    return Received(
        activity=said.activity,
        signer_actor=signer.actor,
        signer_host=signer.host,
        inbox=signer.inbox,
        shared_inbox=signer.shared_inbox,
        at=now,
        automated=signer.automated,
        actor=said.actor,
        id=said.id,
    )
