"""A client for the control API, for tests: `Lab(port).rude("slow", host=…)`."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import httpx


class Lab:
    """Speaks to the control host of a running pretend fediverse. ValueError on a wrong order."""

    def __init__(self, port: int, domain: str = "lab.test") -> None:
        self.port = port
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}/__lab__/",
            headers={"Host": f"control.{domain}"},
            trust_env=False,
            timeout=120,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def _post(self, path: str, order: dict[str, Any]) -> Any:
        answer = self._client.post(path, json=order)
        if answer.status_code != 200:
            raise ValueError(answer.json()["error"])
        return answer.json()

    def _get(self, path: str, **arguments: Any) -> Any:
        answer = self._client.get(path, params=arguments)
        if answer.status_code != 200:
            raise LookupError(answer.json()["error"])
        return answer.json()

    def rude(
        self, kind: str, host: str = "", path: str = "", times: int | None = None, **options: Any
    ) -> None:
        """See `discover.demo.rude` for the kinds and their options."""
        self._post("rude", {"kind": kind, "host": host, "path": path, "times": times, **options})

    def polite(self, host: str | None = None) -> None:
        self._post("polite", {} if host is None else {"host": host})

    def change(self, handle: str, **fields: Any) -> None:
        """Any field of an account: discoverable=False, gone="410", bio="… #nobot", moved_to=…"""
        self._post("account", {"handle": handle, **fields})

    def change_post(self, uri: str, **fields: Any) -> None:
        """Any field of a post: audience="unlisted", deleted=True, text="…"."""
        self._post("post", {"uri": uri, **fields})

    def write(self, handle: str, text: str, **fields: Any) -> str:
        """A new post; its uri."""
        return str(self._post("write", {"handle": handle, "text": text, **fields})["uri"])

    def change_host(self, host: str, **fields: Any) -> None:
        self._post("host", {"host": host, **fields})

    def log(self, host: str | None = None, since: int = 0) -> list[dict[str, Any]]:
        arguments: dict[str, Any] = (
            {"since": since} if host is None else {"since": since, "host": host}
        )
        rows: list[dict[str, Any]] = self._get("log", **arguments)
        return rows

    def clear_log(self) -> None:
        self._post("log/clear", {})

    def truth(self) -> dict[str, Any]:
        value: dict[str, Any] = self._get("truth")
        return value

    def hosts(self) -> list[dict[str, Any]]:
        value: list[dict[str, Any]] = self._get("hosts")
        return value

    def account(self, handle: str) -> dict[str, Any]:
        """What is true of one person. LookupError when there is none of that name."""
        value: dict[str, Any] = self._get("account", handle=handle)
        return value
