"""Look at a server's proofs now: for its admin, without an account, and bounded against abuse."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api import present
from api.deps import ContextDep
from api.limits import Buckets, Rate, client_key
from api.problems import ProblemAnswer, described
from api.schemas import ServerCheckOut
from discover.model.check import ServerCheck
from discover.model.words import N_, Sentence
from discover.services.consent.proofs import check
from discover.services.consent.servers import read_public_name
from discover.services.context import Context

router = APIRouter(prefix="/api/v1", tags=["consent"])

KEPT_SECONDS = 10.0  # an answer is given again, without another look, for so long
_KEPT = 2000
_AT_ONCE = 8
_SECONDS = 60.0  # for all looks of one check
_OF_ONE_CLIENT = Rate(per_second=0.1, burst=10)
_OF_ALL = Rate(per_second=2.0, burst=60, clients=1)


class Checks:
    """The checks of one process: few at once, each host now and then, each client a few."""

    def __init__(self) -> None:
        self._clients = Buckets(_OF_ONE_CLIENT)
        self._all = Buckets(_OF_ALL)
        self._kept: OrderedDict[str, tuple[float, ServerCheck]] = OrderedDict()
        self._running: dict[str, asyncio.Task[ServerCheck]] = {}
        self._places = asyncio.Semaphore(_AT_ONCE)

    def _just_found(self, host: str) -> ServerCheck | None:
        """What was found just now."""
        kept = self._kept.get(host)
        if kept is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        return None

    async def check(self, context: Context, host: str, client: str) -> ServerCheck:
        """Raises ProblemAnswer (429) when too much is asked, TimeoutError when it takes too long."""
        if (kept := self._just_found(host)) is not None:
            return kept
        running = self._running.get(host)
        if running is None:
            for buckets, who in ((self._clients, client_key(client)), (self._all, "all")):
                turn = buckets.take(who)
                if not turn.allowed:
                    detail = N_("Too many checks; each server needs only one.")
                    raise ProblemAnswer(429, detail, headers={"Retry-After": str(turn.wait)})
            running = asyncio.create_task(self._look(context, host))
            self._running[host] = running
            running.add_done_callback(partial(self._ended, host))
        # Whoever goes away does not end the look that others wait for.
        return await asyncio.shield(running)

    def _ended(self, host: str, look: asyncio.Task[ServerCheck]) -> None:
        self._running.pop(host, None)
        if not look.cancelled():
            look.exception()  # heard here, for whoever asked may have gone away

    async def _look(self, context: Context, host: str) -> ServerCheck:
        async with asyncio.timeout(_SECONDS), self._places:
            found = await check(context, host)
        self._kept.pop(host, None)
        self._kept[host] = (time.monotonic(), found)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found


@router.post(
    "/servers/{host}/check",
    response_model=ServerCheckOut,
    summary="Look at a server's proofs now",
    responses=described(422, 429, 503),
)
async def post_check(
    request: Request,
    context: ContextDep,
    host: Annotated[str, Path(description="Host name, without a port", max_length=260)],
) -> Response:
    """Looks at the DNS record, the file under `/.well-known/`, robots.txt and what else a server's
    admin may have said, lets it take effect, and answers what was found, what that means and what
    to do next. Anybody may ask; an answer is kept for ten seconds.
    """
    name = _name(host)
    client = request.client.host if request.client else "unknown"
    checks: Checks = request.app.state.checks
    try:
        found = await checks.check(context, name, client)
    except TimeoutError:
        detail = Sentence("{server} is too slow to be looked at now.", server=name)
        raise ProblemAnswer(503, detail, headers={"Retry-After": "60"}) from None
    return present.reply(present.server_check(found))


def _name(text: str) -> str:
    """A public DNS name; nothing is asked of anything else."""
    try:
        return read_public_name(text)
    except ValueError:
        detail = "host: this is not the name of a server such as example.social."
        raise ProblemAnswer(422, detail, errors=[{"field": "host", "detail": detail}]) from None
