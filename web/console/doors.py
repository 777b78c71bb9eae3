"""Who is at the desk, and whether a form is theirs: session, CSRF token, origin, bounded bodies."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, cast
from urllib.parse import parse_qs, urlencode

from fastapi import Depends, Request, Response
from prometheus_client import Histogram
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.responses import RedirectResponse
from starlette.types import Message

from discover.bootstrap import App
from discover.model.words import N_, Sentence
from discover.policy.entry import LONGEST, from_our_own_page
from discover.services.consent.transparency import Transparency
from discover.services.console import audit_log, sessions
from discover.services.console.audit_log import Act, Facts
from discover.services.console.sessions import Session
from discover.services.context import Context

LOGIN = "/console/login"
SESSION, FORM = "console", "login"  # what a cookie is for
_FORM_BYTES = 64_000
UPLOAD_BYTES = 4_000_000  # the longest blocklists that go around have some 20,000 lines
_SENT_BEFORE = N_(
    "This form is out of date, or was not sent from this console. Go back, load the page again and repeat."
)


@dataclass(frozen=True, slots=True)
class House:
    """What the application gives the console. `client_of`: an address to one client's name."""

    app: App
    client_of: Callable[[str], str]
    timings: Histogram
    transparency: Callable[[], Transparency]

    @property
    def secure(self) -> bool:
        return self.app.settings.own_url.startswith("https://")

    def cookie(self, kind: str = SESSION) -> str:
        """RFC 6265bis: the `__Host-` prefix binds a cookie to this very host and to TLS.

        The login form has a cookie of its own: a link from elsewhere does not bring the session's,
        and the login page that answers must not write over it.
        """
        return f"__Host-waypost-{kind}" if self.secure else f"waypost-{kind}"

    def put_cookie(self, response: Response, token: str, kind: str = SESSION) -> None:
        response.set_cookie(
            self.cookie(kind),
            token,
            max_age=int(LONGEST.total_seconds()),
            path="/" if self.secure else "/console",  # what `__Host-` asks for
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )

    def drop_cookie(self, response: Response, kind: str = SESSION) -> None:
        response.delete_cookie(
            self.cookie(kind),
            path="/" if self.secure else "/console",
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """A request of somebody who is logged in. `did`: the act that led to this page."""

    house: House
    session: Session
    csrf: str
    path: str
    did: Act | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        return self.house.app.context

    @property
    def operator(self) -> str:
        return self.session.operator

    def act(
        self,
        act: str,
        subject: str,
        do: Callable[[], Facts],
        *,
        before: Facts | None = None,
        back: str,
        **query: str,
    ) -> Response:
        """Do it, with an entry in the audit log, and lead back to a page that says so.

        ValueError of `do` becomes a page with its sentence.
        """
        try:
            number = audit_log.perform(self.context, self.operator, act, subject, do, before)
        except ValueError as error:
            raise HTTPException(422, sentence_of(error)) from None
        pairs = {**query, "did": str(number)}
        return RedirectResponse(f"{back}?{urlencode(pairs)}", 303)

    def text(self, name: str) -> str:
        return self.fields.get(name, "").strip()


def sentence_of(error: Exception) -> str:
    """What an error says, as it was made: a Sentence stays one."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, str) else str(error)


def house_of(request: Request) -> House:
    return cast("House", request.app.state.console)


def csrf_of(token: str) -> str:
    """The token of the forms of a session follows from the session's own, which no page shows."""
    return hmac.new(token.encode(), b"waypost console form", hashlib.sha256).hexdigest()


def cookie_token(request: Request, kind: str = SESSION) -> str | None:
    token = request.cookies.get(house_of(request).cookie(kind))
    return token if token and len(token) < 200 else None


async def _desk(request: Request) -> Desk:
    house, token = house_of(request), cookie_token(request)
    session = None
    if token is not None:
        session = await run_in_threadpool(sessions.find, house.app.context, token)
    if token is None or session is None:
        raise HTTPException(303, "Log in first.", headers={"Location": LOGIN})
    did = request.query_params.get("did", "")
    act = None
    if did.isdecimal() and len(did) < 18:
        act = await run_in_threadpool(audit_log.find, house.app.context, int(did))
    mine = act is not None and act.operator == session.operator
    return Desk(house, session, csrf_of(token), request.url.path, act if mine else None)


async def _form(request: Request, desk: Annotated[Desk, Depends(_desk)]) -> Desk:
    """The desk with what was sent, if it was sent by a page of ours."""
    fields, files = await read_form(request, desk.csrf)
    return Desk(desk.house, desk.session, desk.csrf, desk.path, None, fields, files)


async def read_form(request: Request, csrf: str) -> tuple[dict[str, str], dict[str, bytes]]:
    """Fields and files. HTTPException: 403 not from a page of ours, 413 too long."""
    headers = request.headers
    own = from_our_own_page(
        headers.get("sec-fetch-site"), headers.get("origin"), headers.get("host")
    )
    if not own:
        raise HTTPException(403, _SENT_BEFORE)
    multipart = headers.get("content-type", "").startswith("multipart/form-data")
    body = await _body(request, UPLOAD_BYTES if multipart else _FORM_BYTES)
    if multipart:
        fields, files = await _parts(request, body)
    else:
        read = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100)
        fields, files = {name: values[0] for name, values in read.items()}, {}
    if not hmac.compare_digest(fields.get("csrf", "").encode(), csrf.encode()):
        raise HTTPException(403, _SENT_BEFORE)
    return fields, files


async def _body(request: Request, most: int) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise HTTPException(413, N_("That is too long."))
        chunks.append(chunk)
    return b"".join(chunks)


async def _parts(request: Request, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    fields: dict[str, str] = {}
    files: dict[str, bytes] = {}
    try:
        form = await Request(request.scope, receive).form(
            max_files=2, max_fields=100, max_part_size=UPLOAD_BYTES
        )
    except MultiPartException as error:
        raise HTTPException(
            422, Sentence("The form cannot be read: {why}", why=error.message)
        ) from None
    async with _closing(form):
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                files[name] = await value.read()
            else:
                fields[name] = value
    return fields, files


class _closing:  # noqa: N801 - reads as what it does
    def __init__(self, form: Any) -> None:
        self._form = form

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        await self._form.close()


AtDesk = Annotated[Desk, Depends(_desk)]
WithForm = Annotated[Desk, Depends(_form)]
