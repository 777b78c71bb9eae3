"""Sign what leaves, in both schemes, and remember which one a host wants.

An RSA signature takes a third of a millisecond and releases the GIL, so a small pool of threads
puts it on another core than the one that runs the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import Protocol

from discover.net.keys import SigningKey
from discover.policy.address import Target
from discover.ports import Clock
from discover.wire import signatures

# One key, or whichever is in force when something is signed.
KeySource = SigningKey | Callable[[], SigningKey]

LABEL = "sig1"
MEMORY_LIFETIME = timedelta(days=7)
MEMORY_HOSTS = 10_000


class Scheme(StrEnum):
    CAVAGE = "cavage"
    RFC9421 = "rfc9421"

    @property
    def other(self) -> Scheme:
        return Scheme.RFC9421 if self is Scheme.CAVAGE else Scheme.CAVAGE


class Signer:
    """Signs requests with the RSA key of the moment. `close` ends its threads."""

    def __init__(self, key: KeySource, clock: Clock, *, threads: int = 1) -> None:
        self._key = key
        self._clock = clock
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sign")

    async def sign(
        self,
        scheme: Scheme,
        method: str,
        target: Target,
        body: bytes | None = None,
        *,
        actor: str | None = None,
    ) -> dict[str, str]:
        """Headers to add to the request, names in lower case. `actor`: another one of ours."""
        prepare = _cavage if scheme is Scheme.CAVAGE else _rfc9421
        key = self._key if isinstance(self._key, SigningKey) else self._key()
        key = key.of(actor) if actor is not None else key
        data, finish = prepare(key.key_id, method, target, body, self._clock.now())
        loop = asyncio.get_running_loop()
        return finish(await loop.run_in_executor(self._pool, key.sign, data))

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)


Finish = Callable[[bytes], dict[str, str]]


def _cavage(
    key_id: str, method: str, target: Target, body: bytes | None, now: datetime
) -> tuple[bytes, Finish]:
    headers = {"host": target.authority, "date": format_datetime(now, usegmt=True)}
    names = signatures.CAVAGE_GET if body is None else signatures.CAVAGE_POST
    if body is not None:
        headers["digest"] = signatures.digest(body)
    string = signatures.cavage_string(method, target.path, names, headers)

    def finish(signature: bytes) -> dict[str, str]:
        return headers | {"signature": signatures.cavage_header(key_id, names, signature)}

    return string.encode("ascii"), finish


def _rfc9421(
    key_id: str, method: str, target: Target, body: bytes | None, now: datetime
) -> tuple[bytes, Finish]:
    values = [("@method", method.upper()), ("@target-uri", str(target))]
    headers = {"host": target.authority, "date": format_datetime(now, usegmt=True)}
    names = signatures.RFC9421_GET if body is None else signatures.RFC9421_POST
    if body is not None:
        headers["content-digest"] = signatures.content_digest(body)
        values.append(("content-digest", headers["content-digest"]))
    parameters = signatures.rfc9421_parameters(
        names, created=int(now.timestamp()), key_id=key_id, algorithm="rsa-v1_5-sha256"
    )

    def finish(signature: bytes) -> dict[str, str]:
        return headers | signatures.rfc9421_headers(LABEL, parameters, signature)

    return signatures.rfc9421_base(values, parameters).encode("ascii"), finish


class SchemeStore(Protocol):
    """Where knocks are remembered; in memory here, a table could stand behind it."""

    def first(self, host: str) -> Scheme:
        """The scheme to try first."""
        ...

    def second(self, host: str, tried: Scheme, status: int, body: bytes) -> Scheme | None:
        """The scheme to try after this answer, None if the answer stands."""
        ...

    def learn(self, host: str, scheme: Scheme, status: int) -> None:
        """Remember how the second knock with `scheme` ended."""
        ...


@dataclass(slots=True)
class _Known:
    scheme: Scheme
    until: datetime
    final: frozenset[int] = frozenset()  # refusals that the other scheme did not change


class SchemeMemory:
    """Per host: which scheme worked, and which refusals have nothing to do with the scheme."""

    def __init__(
        self,
        first: Scheme,
        clock: Clock,
        *,
        lifetime: timedelta = MEMORY_LIFETIME,
        hosts: int = MEMORY_HOSTS,
    ) -> None:
        self._default = first
        self._clock = clock
        self._lifetime = lifetime
        self._limit = hosts
        self._known: dict[str, _Known] = {}

    def _recall(self, host: str) -> _Known | None:
        known = self._known.get(host)
        if known is not None and known.until <= self._clock.now():
            del self._known[host]
            return None
        return known

    def first(self, host: str) -> Scheme:
        known = self._recall(host)
        return known.scheme if known else self._default

    def second(self, host: str, tried: Scheme, status: int, body: bytes) -> Scheme | None:
        known = self._recall(host)
        if not _about_the_signature(status, body) or (known and status in known.final):
            return None
        return tried.other

    def learn(self, host: str, scheme: Scheme, status: int) -> None:
        known = self._recall(host)
        until = self._clock.now() + self._lifetime
        if status < 400:
            self._known[host] = _Known(scheme, until)
        elif status in (400, 401, 403):
            final = (known.final if known else frozenset()) | {status}
            self._known[host] = _Known(scheme.other, until, final)
        while len(self._known) > self._limit:
            del self._known[next(iter(self._known))]


def _about_the_signature(status: int, body: bytes) -> bool:
    # 400 also says "no such user" (Pixelfed's WebFinger); only a word about signatures counts.
    return status in (401, 403) or (status == 400 and b"signature" in body[:2048].lower())
