"""Leave for good, or see everything that is held, without an account here."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import cast

from fastapi import APIRouter, Request, Response

from api import evidence, present
from api.evidence import ConfirmedOut, ConfirmIn, RemovalIn, RemovalOut
from api.limits import Buckets, Rate, client_key
from api.lines import Line
from api.problems import ProblemAnswer, described
from discover.bootstrap import App
from discover.model.actor import Handle
from discover.model.words import N_, Counted
from discover.net.client import GuardedClient
from discover.services.consent.gate import asked_for
from discover.services.consent.removal import (
    Asked,
    Confirmed,
    Purpose,
    Refused,
    Way,
    Why,
    ask,
    confirm,
)
from web.evidence import STATUS, removal_headers

router = APIRouter(prefix="/api/v1/removal", tags=["consent"])

# One person asks and confirms a few times; more would make us ask others' servers.
_OF_ONE_CLIENT = Rate(per_second=0.02, burst=12)
# … and all of them together no server more often than this.
_OF_ONE_HOST = Rate(per_second=0.5, burst=30)
# Codes for a profile: each goes to whoever asks and to nobody else, so none is given out twice.
_CODES_OF_ONE_PERSON = Rate(per_second=0.2, burst=10)
_CODES_OF_ONE_HOST = Rate(per_second=2, burst=100)


class Removals:
    """What the API and the page do alike, with a limit for each client. Raises Refused."""

    def __init__(self, app: App, now: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._clients = Buckets(_OF_ONE_CLIENT, now)
        self._hosts = Buckets(_OF_ONE_HOST, now)
        self._line = Line(now)

    def ask(self, client: str, handle: str, purpose: str, way: str) -> Asked:
        self._take(client)
        who = _handle(handle)
        if Way(way) is Way.PROFILE:
            self._stand_in_line(client, who)
        return ask(self._app.context, who, Purpose(purpose), Way(way))

    async def confirm(self, client: str, handle: str, code: str) -> Confirmed:
        self._take(client)
        who, context = _handle(handle), self._app.context
        manners = self._app.brisk_manners()
        async with GuardedClient(manners, asked_for(context)) as fetcher:
            return await confirm(context, fetcher, who, code, manners.base_url, self._may_ask)

    def _may_ask(self, host: str) -> bool:
        return self._hosts.take(host).allowed

    def _stand_in_line(self, client: str, who: Handle) -> None:
        bounds = {who.key: _CODES_OF_ONE_PERSON, f"@{who.host}": _CODES_OF_ONE_HOST}
        wait = self._line.take(client_key(client), bounds)
        if wait:
            sentence = Counted(
                "Many ask for codes of @{who} or of {host} just now. Your turn is kept for you: ask"
                " again in {count} second.",
                "Many ask for codes of @{who} or of {host} just now. Your turn is kept for you: ask"
                " again in {count} seconds.",
                count=wait, who=who, host=who.host,
            )  # fmt: skip
            raise Refused(Why.NOT_NOW, sentence, wait)

    def _take(self, client: str) -> None:
        turn = self._clients.take(client_key(client))
        if not turn.allowed:
            sentence = N_("Too many tries from here; try again later.")
            raise Refused(Why.NOT_NOW, sentence, turn.wait)


@router.post(
    "",
    response_model=RemovalOut,
    summary="Ask for a one-time code",
    responses=described(403, 404, 422, 429, 503),
)
def post_removal(request: Request, wanted: RemovalIn) -> Response:
    """`remove` takes a person out for good, `data` hands out everything that is held about them.
    The code proves that it is theirs: it is sent to them, or they keep it
    to themselves and put into their profile what is derived from it (`publish`). 404 where nothing
    is held and nothing will be.
    """
    try:
        asked = _removals(request).ask(_client(request), wanted.handle, wanted.purpose, wanted.way)
    except Refused as refused:
        raise _problem(refused) from None
    return present.reply(evidence.removal(asked))


@router.post(
    "/confirm",
    response_model=ConfirmedOut,
    summary="Prove it with the code, and it is done",
    responses=described(403, 404, 422, 429, 503),
)
async def post_confirm(request: Request, given: ConfirmIn) -> Response:
    """With `profile` we read the profile at its own server now and look for what was to be
    published. A code works once, for an hour, and a few times are tried.
    """
    try:
        done = await _removals(request).confirm(_client(request), given.handle, given.code)
    except Refused as refused:
        raise _problem(refused) from None
    return present.reply(
        {
            "handle": str(done.handle),
            "purpose": done.purpose.value,
            "removed": done.purpose is Purpose.REMOVE,
            "data": done.data,
        }
    )


def _removals(request: Request) -> Removals:
    return cast("Removals", request.app.state.removals)


def _client(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _handle(text: str) -> Handle:
    try:
        return Handle.parse(text)
    except ValueError:
        sentence = N_("That is not a handle such as user@example.social.")
        raise Refused(Why.NO_HANDLE, sentence) from None


def _problem(refused: Refused) -> ProblemAnswer:
    if refused.why is Why.NO_HANDLE:
        detail = "handle: this is not a handle such as user@example.social."
        return ProblemAnswer(422, detail, errors=[{"field": "handle", "detail": detail}])
    return ProblemAnswer(STATUS[refused.why], refused.sentence, headers=removal_headers(refused))
