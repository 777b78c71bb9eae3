"""Asking home servers for their follow page: a limit for each client, and a short memory."""

from __future__ import annotations

import time
from collections import OrderedDict

from api.limits import Buckets, Rate, client_key
from api.problems import ProblemAnswer
from discover.bootstrap import App
from discover.model.actor import Handle
from discover.model.words import N_
from discover.net.client import GuardedClient
from discover.services.consent.gate import asked_for
from discover.services.find.follow import Home, find_home

# Each new home makes us ask somebody's server.
_OF_ONE_CLIENT = Rate(per_second=0.1, burst=20)
_REMEMBERED = 2000
_SECONDS = 3600.0


class Homes:
    """What a server said is remembered by its host, never by who asked or whom they follow."""

    def __init__(self, app: App, rate: Rate = _OF_ONE_CLIENT) -> None:
        self._app = app
        self._clients = Buckets(rate)
        self._known: OrderedDict[str, tuple[float, Home]] = OrderedDict()

    async def find(self, client: str, home: Handle | str) -> Home:
        """Raises ProblemAnswer (429) for somebody who asks too often."""
        host = home.host if isinstance(home, Handle) else home
        kept = self._known.get(host)
        if kept is not None and time.monotonic() - kept[0] < _SECONDS:
            return kept[1]
        turn = self._clients.take(client_key(client))
        if not turn.allowed:
            raise ProblemAnswer(
                429,
                N_("You asked for many servers in a short time. Please wait a moment."),
                headers={"Retry-After": str(turn.wait)},
            )
        manners = self._app.brisk_manners()
        async with GuardedClient(manners, asked_for(self._app.context)) as fetcher:
            found = await find_home(self._app.context, fetcher, home, manners.base_url)
        if found.reached:
            self._known[host] = (time.monotonic(), found)
            self._known.move_to_end(host)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return found
