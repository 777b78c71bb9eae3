"""What a fetch is, whatever carries it: conditions, redirects by hand, and one answer at the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from discover.model.fetched import Fetched, FetchError, FetchFailure
from discover.net.decompress import OFFERED, BadEncoding, TooLarge, decompress
from discover.net.manners import Manners
from discover.net.robots import PATH as ROBOTS_PATH
from discover.policy.address import Target, redirect_target
from discover.policy.robots import MAX_BYTES as ROBOTS_BYTES
from discover.policy.robots import MAX_REDIRECTS as ROBOTS_REDIRECTS
from discover.ports import ACTIVITY_JSON

REDIRECTS = (301, 302, 303, 307, 308)
MAX_HEADER_VALUE = 4096  # characters of an etag or date that is sent back


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; header names in lower case, body decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: a hop of a GET, or a question."""

    target: Target
    headers: Mapping[str, str]
    solicited: bool
    is_robots: bool = False  # the robots.txt itself: neither robots-checked nor signed
    method: str = "GET"
    body: bytes | None = None
    actor: str | None = None  # who signs, where it is another one of our actors
    led: bool = False  # a redirect led here from another host


class Conversation(ABC):
    """Implements ports.Fetcher on top of `_exchange`, which sends one hop politely."""

    def __init__(self, manners: Manners) -> None:
        self.manners = manners

    @abstractmethod
    async def _exchange(self, ask: Ask) -> Answer:
        """One hop: gate, robots.txt, pace, signature, both knocks. FetchError without answer."""

    async def get(
        self,
        url: str,
        *,
        accept: str = ACTIVITY_JSON,
        solicited: bool,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Fetched:
        """See ports.Fetcher. A robots.txt asked for by this door also fills the robots cache."""
        headers = {
            "accept": accept,
            "accept-encoding": OFFERED,
            "user-agent": self.manners.user_agent,
        }
        conditions = {"if-none-match": etag, "if-modified-since": last_modified}
        headers |= {name: value for name, value in conditions.items() if value and _sendable(value)}
        asked = self.manners.resolver.read(url)
        if asked.path != ROBOTS_PATH:
            return await self._follow(url, Ask(asked, headers, solicited))
        headers["accept-encoding"] = "identity"
        try:
            fetched = await self._follow(url, Ask(asked, headers, solicited, is_robots=True))
        except FetchError as error:
            if error.failure not in (FetchFailure.HOST_PARKED, FetchFailure.HOST_REFUSED):
                self.manners.robots.learn(asked, None, b"")
            raise
        self.manners.robots.learn(asked, fetched.status, fetched.body)
        return fetched

    async def ask(self, url: str, question: bytes, *, solicited: bool) -> Fetched:
        """See ports.Fetcher."""
        target = self.manners.resolver.read(url)
        headers = {
            "accept": "application/json",
            "accept-encoding": OFFERED,
            "content-type": "application/json",
            "user-agent": self.manners.user_agent,
        }
        ask = Ask(target, headers, solicited, method="POST", body=question)
        return self._fetched(url, url, await self._exchange(ask))

    def _fetched(self, url: str, final_url: str, answer: Answer) -> Fetched:
        return Fetched(
            url=url,
            final_url=final_url,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            fetched_at=self.manners.clock.now(),
        )

    async def _follow(self, url: str, ask: Ask) -> Fetched:
        resolver = self.manners.resolver
        limit = ROBOTS_REDIRECTS if ask.is_robots else self.manners.limits.redirects
        seen = {str(ask.target)}
        for _ in range(limit + 1):
            answer = await self._exchange(ask)
            location = answer.headers.get("location")
            if answer.status not in REDIRECTS or not location:
                return self._fetched(url, url if len(seen) == 1 else str(ask.target), answer)
            try:
                target = redirect_target(
                    ask.target, location, plain_allowed=resolver.plain_allowed(ask.target)
                )
                resolver.judge(target)
            except (ValueError, FetchError) as error:
                raise FetchError(
                    FetchFailure.REDIRECT, url, f"to {location[:200]}: {error}"
                ) from None
            if str(target) in seen:
                raise FetchError(FetchFailure.REDIRECT, url, "a loop")
            seen.add(str(target))
            led = ask.led or target.authority != ask.target.authority
            ask = Ask(target, ask.headers, ask.solicited, ask.is_robots, led=led)
        raise FetchError(FetchFailure.REDIRECT, url, f"more than {limit}")

    async def fetch_robots(self, url: str) -> tuple[int, bytes]:
        fetched = await self.get(url, accept="text/plain, */*;q=0.1", solicited=True)
        return fetched.status, fetched.body


def _sendable(value: str) -> bool:
    return len(value) <= MAX_HEADER_VALUE and value.isascii() and value.isprintable()


class Body:
    """Collects a body off the wire within its bounds, then decompresses it within them.

    A robots.txt is cut at its bound (it is asked for uncompressed); all else is refused there.
    """

    def __init__(self, manners: Manners, ask: Ask) -> None:
        self._ask = ask
        self._limit = ROBOTS_BYTES if ask.is_robots else manners.limits.document_bytes
        self._parts: list[bytes] = []
        self._size = 0

    def announce(self, length: str | None) -> None:
        """Content-Length: refuse at once what says that it is too large."""
        if length and length.isdigit() and int(length[:18]) > self._limit:
            self._overflow()

    def feed(self, chunk: bytes) -> bool:
        """Take a piece; False when no more is wanted."""
        self._parts.append(chunk)
        self._size += len(chunk)
        if self._size > self._limit:
            self._overflow()
            return False
        return True

    def _overflow(self) -> None:
        if not self._ask.is_robots:
            url = str(self._ask.target)
            raise FetchError(FetchFailure.TOO_LARGE, url, f"more than {self._limit} bytes")

    def finish(self, encoding: str) -> bytes:
        raw = b"".join(self._parts)
        if self._ask.is_robots and not encoding:
            return raw[: self._limit]
        url = str(self._ask.target)
        try:
            return decompress(raw, encoding, limit=self._limit)
        except TooLarge:
            raise FetchError(FetchFailure.TOO_LARGE, url, "decompressed") from None
        except BadEncoding as error:
            raise FetchError(FetchFailure.BAD_ENCODING, url, str(error)) from None
