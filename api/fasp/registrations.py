"""What the registration page asks for: who may register, how often, and by which client."""

from __future__ import annotations

import asyncio

from api.fasp.routes import provider_name
from api.limits import Buckets, Rate, client_key
from api.problems import ProblemAnswer
from discover.bootstrap import App
from discover.model.words import N_, Sentence
from discover.net.client import GuardedClient
from discover.services.consent.gate import asked_for
from discover.services.fasp.partners import Partner
from discover.services.fasp.register import (
    Found,
    RegistrationRefused,
    discover_base,
    register,
)

# An admin needs a few tries; every one of them makes us ask somebody's server.
_OF_ONE_CLIENT = Rate(per_second=0.02, burst=12)
_SECONDS = 60.0  # for everything that one try asks of the server


class Registrations:
    """A limit for each client. Raises ProblemAnswer, and RegistrationRefused with what to tell."""

    def __init__(self, app: App, rate: Rate = _OF_ONE_CLIENT) -> None:
        self._app = app
        self._clients = Buckets(rate)
        self.mode = app.settings.fasp_registration
        self.name = provider_name(app.settings)

    async def look(self, client: str, server: str) -> Found:
        """Which base URL the server has, or may have."""
        self._take(client)
        async with self._fetcher() as fetcher, asyncio.timeout(_SECONDS):
            return await discover_base(self._app.context, fetcher, server)

    async def register(self, client: str, server: str, base_url: str, code: str) -> Partner:
        self._take(client)
        try:
            async with self._fetcher() as fetcher, asyncio.timeout(_SECONDS):
                return await register(
                    self._app.context,
                    fetcher,
                    server=server,
                    base_url=base_url,
                    name=self.name,
                    code=code if self.mode == "invitation" else None,
                )
        except TimeoutError:
            raise RegistrationRefused(
                Sentence("The server took too long to answer."), 502
            ) from None

    def _take(self, client: str) -> None:
        if self.mode == "closed":
            raise RegistrationRefused(Sentence("Registrations are closed here."), 403)
        turn = self._clients.take(client_key(client))
        if not turn.allowed:
            raise ProblemAnswer(
                429,
                N_("Too many tries from here; try again later."),
                headers={"Retry-After": str(turn.wait)},
            )

    def _fetcher(self) -> GuardedClient:
        return GuardedClient(self._app.brisk_manners(), asked_for(self._app.context))
