"""The official client with kept connections, one a thread, and waiting that ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, cast
from urllib.parse import urlsplit

import orjson
import urllib3
from certifi import where
from meilisearch import Client
from meilisearch._httprequests import HttpRequests
from meilisearch.config import Config
from meilisearch.errors import (
    MeilisearchApiError,
    MeilisearchCommunicationError,
    MeilisearchError,
    MeilisearchTimeoutError,
)
from requests import Response

from discover.ports import EngineUnavailable

REQUEST_SECONDS = 30
TASK_SECONDS = 600.0  # a rebuild's settings and swaps may stand behind many documents
FIRST_PAUSE = 0.002
LONGEST_PAUSE = 0.05


class KeptConnections(HttpRequests):
    """The client's own requests over one kept connection, written and read by orjson.

    Not through `requests`, which takes longer than a search.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._pool = urllib3.connection_from_url(
            config.url,
            maxsize=1,
            timeout=config.timeout,
            retries=False,
            # It writes a compressed answer in small pieces, which on a kept connection costs
            # 40 ms of waiting for an acknowledgement.
            headers={**self.headers, "Accept-Encoding": "identity"},
            **({"ca_certs": where()} if config.url.startswith("https:") else {}),
        )
        self._below = urlsplit(config.url).path

    def get(self, path: str) -> Any:
        return self._send("GET", path)

    def post(
        self,
        path: str,
        body: Any = None,
        content_type: str | None = "application/json",
        **_serializer: Any,
    ) -> Any:
        return self._send("POST", path, body, content_type)

    def patch(
        self, path: str, body: Any = None, content_type: str | None = "application/json"
    ) -> Any:
        return self._send("PATCH", path, body, content_type)

    def put(
        self,
        path: str,
        body: Any = None,
        content_type: str | None = "application/json",
        **_serializer: Any,
    ) -> Any:
        return self._send("PUT", path, body, content_type)

    def delete(self, path: str, body: Any = None) -> Any:
        return self._send("DELETE", path, body)

    def _send(
        self, method: str, path: str, body: Any = None, content_type: str | None = None
    ) -> Any:
        """Raises the client's own errors."""
        headers = dict(self._pool.headers)
        if content_type:
            headers["Content-Type"] = content_type
        try:
            answer = self._pool.urlopen(
                method, f"{self._below}/{path}", body=_bytes(body), headers=headers, redirect=False
            )
            data = answer.data
        except urllib3.exceptions.TimeoutError as error:
            raise MeilisearchTimeoutError(str(error)) from error
        except urllib3.exceptions.HTTPError as error:
            raise MeilisearchCommunicationError(str(error)) from error
        if answer.status >= 400:
            raise MeilisearchApiError(str(answer.status), _told(answer.status, data))
        try:
            return orjson.loads(data) if data else None
        except orjson.JSONDecodeError as error:
            raise MeilisearchCommunicationError(f"no JSON in the answer: {error}") from error

    def close(self) -> None:
        self._pool.close()


def _told(status: int, data: bytes) -> Response:
    """An error's answer as the client reads it."""
    response = Response()
    response.status_code = status
    response.encoding = "utf-8"
    response.raw = BytesIO(data)
    return response


def _bytes(body: Any) -> Any:
    return body if body is None or isinstance(body, bytes) else orjson.dumps(body)


class Connection:
    """A Meilisearch server: the client for this thread, and tasks seen through to their end."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url.rstrip("/"), key
        self._own = threading.local()
        self._all: list[KeptConnections] = []
        self._guard = threading.Lock()

    @property
    def http(self) -> KeptConnections:
        kept: KeptConnections | None = getattr(self._own, "http", None)
        if kept is None:
            client = Client(self._url, self._key, timeout=REQUEST_SECONDS)
            kept = self._own.http = KeptConnections(client.config)
            with self._guard:
                self._all.append(kept)
        return kept

    def wait(self, answer: Any, seconds: float | None = None) -> bool:
        """Until the task that an answer names is done, or, False, so many seconds have passed.

        TaskFailed when the server could not do it.
        """
        number, began = answer["taskUid"], time.monotonic()
        pause = FIRST_PAUSE if seconds is None else seconds
        while True:
            task = self.http.get(f"tasks/{number}")
            if task["status"] == "succeeded":
                return True
            if task["status"] in ("failed", "canceled"):
                error = task.get("error") or {}
                raise TaskFailed(
                    f"Meilisearch {task['type']} {task['status']}: {error.get('message', '')}",
                    str(error.get("code", "")),
                )
            if seconds is not None and time.monotonic() - began >= seconds:
                return False
            if time.monotonic() - began > TASK_SECONDS:
                raise EngineUnavailable(f"Meilisearch did not finish {task['type']} in time")
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def close(self) -> None:
        with self._guard:
            while self._all:
                self._all.pop().close()


class TaskFailed(Exception):
    """Meilisearch accepted the work and could not do it; `code` is its own."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def reachable() -> Iterator[None]:
    """What means "try again later" becomes EngineUnavailable; a wrong request stays what it is."""
    try:
        yield
    except (MeilisearchCommunicationError, MeilisearchTimeoutError) as error:
        raise EngineUnavailable(f"Meilisearch: {error.message}") from error
    except MeilisearchApiError as error:
        if error.status_code >= 500 or error.status_code in (401, 403, 429) or is_missing(error):
            raise EngineUnavailable(f"Meilisearch: {error.message}") from error
        raise


def is_missing(error: MeilisearchError) -> bool:
    return cast("Any", error).code in ("index_not_found", "document_not_found")
