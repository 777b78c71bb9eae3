"""What comes back from a request, and the closed set of ways in which none does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of any HTTP status. Header names are in lower case; `body` is decompressed."""

    url: str  # as asked
    final_url: str  # after redirects
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime

    @property
    def content_type(self) -> str:
        """Media type in lower case without parameters, '' when absent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class FetchFailure(StrEnum):
    """Why there is no answer. All of them mean: unknown, never yes."""

    ADDRESS_REFUSED = "address_refused"  # private, loopback … or a forbidden scheme or port
    HOST_REFUSED = "host_refused"  # blocked, opted out, suppressed: nothing was sent
    ROBOTS_FORBID = "robots_forbid"
    ROBOTS_UNREADABLE = "robots_unreadable"
    NAME_UNRESOLVED = "name_unresolved"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    BROKEN = "broken"  # dropped or malformed HTTP
    TOO_LARGE = "too_large"
    BAD_ENCODING = "bad_encoding"  # decompression bomb or damage
    REDIRECT = "redirect"  # too many, a loop, or to somewhere forbidden
    HOST_PARKED = "host_parked"  # told to come back later (Retry-After, rate limit)


class FetchError(Exception):
    """No usable answer. `retry_at` is when the host may be asked again, if it said."""

    def __init__(
        self, failure: FetchFailure, url: str, detail: str = "", retry_at: datetime | None = None
    ) -> None:
        super().__init__(f"{failure.value}: {url}" + (f" ({detail})" if detail else ""))
        self.failure = failure
        self.url = url
        self.detail = detail
        self.retry_at = retry_at
