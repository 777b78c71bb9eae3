"""The guarded client for everything that is not the crawl: httpx below, our rules above.

One small httpx client per host, because one pool for many hosts is slow and because a pool keyed
by address must never carry one host's requests over another's TLS session.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self

import httpx

from discover.model.fetched import FetchError, FetchFailure
from discover.net.conversation import Answer, Ask, Body, Conversation
from discover.net.manners import CONNECT_SECONDS, Gate, Manners, open_gate
from discover.net.signing import Scheme
from discover.policy.address import Target

IDLE_CLIENTS = 64


class GuardedClient(Conversation):
    """ports.Fetcher over httpx; an async context manager.

    `elsewhere`: the gate of hosts that only a redirect leads to, where it is another one.
    """

    def __init__(
        self, manners: Manners, gate: Gate = open_gate, elsewhere: Gate | None = None
    ) -> None:
        super().__init__(manners)
        self._gate = gate
        self._elsewhere = elsewhere or gate
        self._clients: OrderedDict[str, httpx.AsyncClient] = OrderedDict()
        self._busy: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        while self._clients:
            await self._clients.popitem()[1].aclose()

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        content_type: str,
        headers: Mapping[str, str] | None = None,
        actor: str | None = None,
    ) -> Answer:
        """A signed POST, for deliveries. Redirects are answers; robots.txt does not speak of it.

        `actor`: who signs, where it is another one of ours. FetchError when there is no answer.
        """
        target = self.manners.resolver.read(url)
        sent = {"accept-encoding": "identity", "user-agent": self.manners.user_agent}
        sent |= {"content-type": content_type} | dict(headers or {})
        await self._pass_gate(target)
        return await self._knock(
            Ask(target, sent, solicited=True, method="POST", body=body, actor=actor)
        )

    async def call(
        self, method: str, url: str, body: bytes, *, headers: Mapping[str, str]
    ) -> Answer:
        """A request that carries a signature of its own (FASP). Redirects are answers.

        For what the host's admin has asked of us, of which robots.txt does not speak. FetchError
        when there is no answer.
        """
        target = self.manners.resolver.read(url)
        sent = {"accept-encoding": "identity", "user-agent": self.manners.user_agent} | dict(
            headers
        )
        await self._pass_gate(target)
        return await self._send(Ask(target, sent, solicited=True, method=method, body=body), None)

    async def _exchange(self, ask: Ask) -> Answer:
        covered = await self._pass_gate(ask.target, led=ask.led)
        if ask.is_robots:
            return await self._send(ask, None)
        await self.manners.robots.require(
            ask.target, solicited=ask.solicited and covered, fetch=self.fetch_robots
        )
        return await self._knock(ask)

    async def _pass_gate(self, target: Target, *, led: bool = False) -> bool:
        gate = self._elsewhere if led else self._gate
        grant = await gate(target.authority)
        if grant is None:
            raise FetchError(FetchFailure.HOST_REFUSED, str(target))
        return grant.solicited

    async def _knock(self, ask: Ask) -> Answer:
        if self.manners.signer is None:
            return await self._send(ask, None)
        host, schemes = ask.target.authority, self.manners.schemes
        scheme = schemes.first(host)
        answer = await self._send(ask, scheme)
        other = schemes.second(host, scheme, answer.status, answer.body)
        if other is None:
            return answer
        second = await self._send(ask, other)
        schemes.learn(host, other, second.status)
        return second

    async def _send(self, ask: Ask, scheme: Scheme | None) -> Answer:
        """One request in the host's turn, to an address that was just judged."""
        target, signer = ask.target, self.manners.signer
        route = await self.manners.resolver.route(target)
        async with self.manners.pace.turn(target.authority, str(target)) as turn:
            headers = {"host": target.authority, **ask.headers}
            if scheme is not None and signer is not None:
                # Signed when it is this request's turn: some receivers allow a minute of age.
                headers |= await signer.sign(scheme, ask.method, target, ask.body, actor=ask.actor)
            try:
                async with asyncio.timeout(self.manners.limits.request_seconds):
                    requests = [self._request(url, ask, headers) for url in route.urls()]
                    answer = await self._try_each(requests, ask)
            except TimeoutError:
                raise FetchError(FetchFailure.TIMEOUT, str(target)) from None
            except httpx.HTTPError as error:
                raise FetchError(_failure(error), str(target), str(error)[:200]) from error
            except (httpx.InvalidURL, ValueError) as error:
                raise FetchError(FetchFailure.BROKEN, str(target), str(error)[:200]) from error
            turn.status, turn.headers = answer.status, answer.headers
            return answer

    def _request(self, url: str, ask: Ask, headers: Mapping[str, str]) -> httpx.Request:
        target = ask.target
        seconds = self.manners.limits.request_seconds
        return httpx.Request(
            ask.method,
            url,
            headers=headers,
            content=ask.body,
            extensions={
                "target": target.path.encode("ascii"),  # as signed, not as httpx respells it
                "sni_hostname": target.host,
                "timeout": httpx.Timeout(seconds, connect=CONNECT_SECONDS).as_dict(),
            },
        )

    async def _try_each(self, requests: list[httpx.Request], ask: Ask) -> Answer:
        """The same request to one address after another, until one can be connected to."""
        key = ask.target.origin
        client = self._client(key)
        self._busy[key] = self._busy.get(key, 0) + 1
        try:
            for request in requests[:-1]:
                try:
                    return await self._try(client, request, ask)
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    continue  # nothing was sent
            return await self._try(client, requests[-1], ask)
        finally:
            self._busy[key] -= 1
            if not self._busy[key]:
                del self._busy[key]
            await self._shed()

    async def _try(self, client: httpx.AsyncClient, request: httpx.Request, ask: Ask) -> Answer:
        response = await client.send(request, stream=True)
        try:
            collected = Body(self.manners, ask)
            collected.announce(response.headers.get("content-length"))
            async for chunk in response.aiter_raw():
                if not collected.feed(chunk):
                    break
        finally:
            await response.aclose()
        names = dict.fromkeys(name.lower() for name in response.headers)
        found = {name: response.headers[name] for name in names}
        body = collected.finish(found.get("content-encoding", ""))
        return Answer(response.status_code, found, body)

    def _client(self, key: str) -> httpx.AsyncClient:
        client = self._clients.pop(key, None) or httpx.AsyncClient(
            verify=self.manners.tls,
            trust_env=False,
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            limits=httpx.Limits(max_connections=4, max_keepalive_connections=1),
        )
        self._clients[key] = client
        return client

    async def _shed(self) -> None:
        """Close the clients that were idle longest, once there are too many."""
        spare = len(self._clients) - IDLE_CLIENTS
        if spare > 0:
            idle = [key for key in self._clients if key not in self._busy][:spare]
            # All are taken out before the first is waited for: meanwhile others shed, too.
            for client in [self._clients.pop(key) for key in idle]:
                await client.aclose()


def _failure(error: httpx.HTTPError) -> FetchFailure:
    if isinstance(error, httpx.TimeoutException):
        return FetchFailure.TIMEOUT
    if isinstance(error, httpx.ConnectError):
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError):
                return FetchFailure.TLS
            cause = cause.__cause__ or cause.__context__
        return FetchFailure.CONNECT
    return FetchFailure.BROKEN
