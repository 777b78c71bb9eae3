"""The doors that anybody in the world can knock at: pages, documents and the inbox over HTTP."""

from __future__ import annotations

import asyncio
from datetime import datetime

import httpx

from api.limits import Rate
from api.main import create_app
from discover.bootstrap import App
from tests.leak.senders import Senders


class Windows:
    """One application; asked in this process."""

    def __init__(self, app: App, rate: Rate) -> None:
        transport = httpx.ASGITransport(create_app(app, rate, inbox_rate=rate))
        self._client = httpx.AsyncClient(transport=transport, base_url=app.settings.own_url)
        self.loop = asyncio.new_event_loop()

    def close(self) -> None:
        self.loop.run_until_complete(self._client.aclose())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def _ask(self, path: str, **options) -> httpx.Response:
        answer = self.loop.run_until_complete(self._client.get(path, **options))
        assert answer.status_code in (200, 404, 422), (path, answer.status_code, answer.text[:300])
        return answer

    def _get(self, path: str, **query: str):
        answer = self._ask(path, params=query)
        return answer.json() if answer.status_code == 200 else None

    def text(self, path: str, accept: str = "*/*") -> str:
        """Whatever it is that stands there."""
        return self._ask(path, headers={"accept": accept}, follow_redirects=True).text

    def page(self, handle: str) -> bool:
        return self._ask(f"/account/{handle}", headers={"accept": "text/html"}).status_code == 200

    def account(self, handle: str) -> set[str]:
        answer = self._get(f"/api/v1/accounts/{handle}")
        return set() if answer is None else {answer["account"]["uri"]}

    def as_mastodon(self, handle: str) -> tuple[set[str], str | None]:
        """Actor URIs that a lookup gives, and the id under which."""
        answer = self._get("/api/v1/accounts/lookup", acct=handle)
        return (set(), None) if answer is None else ({answer["uri"]}, answer["id"])

    def mastodon_account(self, number: str) -> set[str]:
        answer = self._get(f"/api/v1/accounts/{number}")
        return set() if answer is None else {answer["uri"]}

    def mastodon_posts(self, number: str) -> set[str]:
        answer = self._get(f"/api/v1/accounts/{number}/statuses", limit="40")
        return set() if answer is None else {one["uri"] for one in answer}

    # What others send

    def inbox(self, headers: dict[str, str], body: bytes) -> int:
        answer = self.loop.run_until_complete(
            self._client.post("/inbox", content=body, headers=headers)
        )
        self.said = answer.text
        return answer.status_code

    def fasp(
        self,
        senders: Senders,
        now: datetime,
        method: str,
        path: str,
        body: bytes = b"",
        **query: str,
    ) -> httpx.Response:
        """A call of the connected server."""
        target, headers = senders.call(now, method, path, body, **query)
        answer = self.loop.run_until_complete(
            self._client.request(method, target, content=body, headers=headers)
        )
        assert answer.status_code in (200, 204), (target, answer.status_code, answer.text[:300])
        return answer
