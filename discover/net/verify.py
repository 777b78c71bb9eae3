"""Who signed this request? One visible order of checks, the cheap ones first.

401 for everything that is wrong with a signature or its key, also when the key cannot be had now:
senders try again later. 403 for a host that the operator blocked; its keys are never fetched.

Nothing is written down here about a request: who acts on it keeps its `Use` with what it does.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from types import TracebackType
from typing import Protocol, Self

from discover.model.frozen import quick
from discover.net.client import GuardedClient
from discover.net.public_keys import made_by
from discover.net.recent import Recent
from discover.net.remote_keys import Held, KeyFinder, KeyLimits, KeyStore, KeyTrouble
from discover.policy.origin import host_of
from discover.policy.signatures import algorithms, good_until, not_covered, out_of_time
from discover.ports import Clock
from discover.wire.signed import (
    BadSignature,
    Scheme,
    Signature,
    content_digest_fits,
    digest_fits,
    read_signatures,
)
from discover.wire.urls import http_url

# More than anybody can bring two signatures to share; half as much to keep as the hex of it all.
DIGEST_BYTES = 24
BLOCKS_FOLLOW = timedelta(seconds=1)  # a block is obeyed after so long
_READING = ("GET", "HEAD")


@quick(frozen=True, slots=True)
class SignedRequest:
    """A request as it came. Header names are in lower case, repeated ones joined by ", "."""

    method: str
    url: str  # public, as the sender saw it: our base address, path and query
    headers: Mapping[str, str]
    body: bytes  # raw, before any decompression


@quick(frozen=True, slots=True)
class Use:
    """A signature that changes something is good once, and until then. `digest` stands for it."""

    digest: str
    until: datetime


@quick(frozen=True, slots=True)
class Signer:
    """The actor whose key made the signature. Inboxes only if they are on the actor's host.

    `use`: to be written down in one transaction with whatever comes of the request, which is to
    be refused when it is there already (services.federation.signatures). None for GET and HEAD.
    """

    actor: str
    key_id: str
    host: str
    inbox: str | None
    shared_inbox: str | None
    automated: bool = False  # a Service or Application
    use: Use | None = None


@dataclass(frozen=True, slots=True)
class GoneActor:
    """Nobody can sign for this actor any more; its own host says 404 or 410."""

    actor: str


class Refused(Exception):
    """`reason` is for the sender's operator; it says nothing that the sender does not know."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


class Replays(Protocol):
    """The memory of used signatures, for requests of which nothing else is kept."""

    async def first_time(self, digest: str, until: datetime) -> bool:
        """Write it down until then. False if it is there already."""
        ...


class Verifier:
    """Verifies requests to us; an async context manager. One per process and event loop."""

    def __init__(
        self,
        client: GuardedClient,
        clock: Clock,
        *,
        store: KeyStore,
        limits: KeyLimits | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self.keys = KeyFinder(client, clock, store, limits)
        self._blocked = Recent(clock, lambda: frozenset(store.blocked()), BLOCKS_FOLLOW)

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
        await self._client.close()
        self._client.manners.close()

    async def verify(
        self,
        request: SignedRequest,
        *,
        claimed_actor: str | None,
        activity_type: str | None = None,
        activity_object: str | None = None,
    ) -> Signer | GoneActor:
        """The signer, who is `claimed_actor` if one is given. Raises Refused.

        GoneActor only for the `Delete` of an actor by itself, when its own host says that it is
        gone: then there is no key left to verify with, and the host's word is the proof.
        """
        signature, moment = self._good_form(request)
        host = _key_host(signature.key_id)
        if claimed_actor is not None and host_of(claimed_actor) != host:
            raise Refused(401, "the key is not of the actor's host")
        blocked = self._blocked.known()
        if host in (await self._blocked.get() if blocked is None else blocked):
            raise Refused(403, "this host is blocked")
        try:
            held = self.keys.at_hand(signature.key_id) or await self.keys.find(signature.key_id)
        except KeyTrouble as trouble:
            deletes_itself = activity_type == "Delete" and activity_object == claimed_actor
            # The key id may be anything; only the actor's own address counts.
            if (
                trouble.gone
                and deletes_itself
                and claimed_actor is not None
                and await self.keys.is_gone(claimed_actor)
            ):
                return GoneActor(claimed_actor)
            raise Refused(401, trouble.reason) from None
        allowed = algorithms(signature.scheme, signature.algorithm)
        if not made_by(held.key, signature.value, signature.base, allowed):
            held = await self._renewed(held, signature, allowed)
        if claimed_actor is not None and held.known.actor != claimed_actor:
            raise Refused(401, "the key is not the actor's")
        if not held.kept:
            await self.keys.keep(held)
        known = held.known
        return Signer(
            actor=known.actor,
            key_id=known.key_id,
            host=known.host,
            inbox=known.inbox,
            shared_inbox=known.shared_inbox,
            automated=known.automated,
            use=None if request.method.upper() in _READING else _use(signature, moment),
        )

    def _good_form(self, request: SignedRequest) -> tuple[Signature, datetime]:
        """All that can be judged without anybody's key: the first signature that will do."""
        problem = ""
        try:
            found = read_signatures(request.method, request.url, request.headers)
            for signature in found:
                problem, moment = self._judge(request, signature)
                if moment is not None:
                    break
            else:
                raise Refused(401, problem)
            self._check_digest(request, signature)
        except BadSignature as error:
            raise Refused(401, str(error)) from None
        assert moment is not None
        return signature, moment

    def _judge(self, request: SignedRequest, signature: Signature) -> tuple[str, datetime | None]:
        """What is wrong with the form, or when it was signed."""
        has_body = bool(request.body) or request.method.upper() not in _READING
        missing = not_covered(
            signature.scheme,
            signature.components,
            has_body=has_body,
            has_query="?" in request.url,
        )
        if missing is not None:
            return f"not signed: {missing}", None
        if not algorithms(signature.scheme, signature.algorithm):
            return "the algorithm is not understood", None
        moments = _moments(request, signature)
        now = self._clock.now()
        expires = _instant(signature.expires) if signature.expires is not None else None
        for moment in moments:
            late = out_of_time(moment, expires, now)
            if late is not None:
                return late, None
        return "", min(moments)

    @staticmethod
    def _check_digest(request: SignedRequest, signature: Signature) -> None:
        """Over the raw bytes. One that was sent without need must fit too."""
        for name, fits in (("digest", digest_fits), ("content-digest", content_digest_fits)):
            header = request.headers.get(name)
            if name in signature.components and header is None:
                raise BadSignature(f"the {name} header is missing")
            if header is not None and not fits(header, request.body):
                raise BadSignature(f"the {name} does not fit the body")

    async def _renewed(self, held: Held, signature: Signature, allowed: tuple[str, ...]) -> Held:
        """The key that made it is not the one at hand; perhaps the one its host shows now."""
        if not held.fresh:
            renewed = await self.keys.refresh(signature.key_id)
            if renewed and made_by(renewed.key, signature.value, signature.base, allowed):
                return renewed
        raise Refused(401, "the signature was not made by this key")


def _use(signature: Signature, moment: datetime) -> Use:
    expires = _instant(signature.expires) if signature.expires is not None else None
    made = hashlib.sha256(signature.key_id.encode() + b"\n" + signature.value).digest()
    digest = base64.urlsafe_b64encode(made[:DIGEST_BYTES]).decode("ascii")
    return Use(digest, good_until(moment, expires))


def _key_host(key_id: str) -> str:
    host = host_of(key_id) if http_url(key_id) else None
    if host is None:
        raise Refused(401, "the key id is not an http(s) URL")
    return host


def _moments(request: SignedRequest, signature: Signature) -> list[datetime]:
    """When it says that it was signed, in each way it says so. BadSignature if unreadable."""
    moments = [] if signature.created is None else [_instant(signature.created)]
    if signature.scheme is Scheme.CAVAGE and "date" in signature.components:
        date = _date(request.headers["date"])
        if date is None:
            raise BadSignature("the Date cannot be read")
        moments.append(date)
    return moments


@lru_cache(maxsize=256)  # within a second all of them say the same
def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _instant(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise BadSignature("created or expires is no time") from None
