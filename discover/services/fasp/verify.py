"""Which connected server makes this call? The cheap checks first, one status for all: 401."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import timedelta

from discover.net.fasp import check_digest, instant, made_by
from discover.net.verify import Refused, Replays, SignedRequest
from discover.policy.fasp import good_until, not_covered, out_of_time
from discover.services.context import Context
from discover.services.fasp.partners import Partner, heard, is_blocked, load
from discover.wire import fasp
from discover.wire.signed import BadSignature, Scheme, Signature, read_signatures

_READING = ("GET", "HEAD")
# Ed25519 signs one text always alike: a server that says the same twice within a second sends the
# same signature twice. So soon after it was made that is no replay, where hearing it twice only
# makes us look twice.
AT_ONCE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that the partner's key signed."""

    partner: Partner


class NotYou(Refused):
    """A refused call. `partner`: whose key id it bears, for signing the refusal."""

    def __init__(self, status: int, reason: str, partner: Partner | None = None) -> None:
        super().__init__(status, reason)
        self.partner = partner


class CallVerifier:
    """Verifies calls to us as a provider."""

    def __init__(self, ctx: Context, replays: Replays) -> None:
        self._ctx = ctx
        self._replays = replays

    async def verify(self, request: SignedRequest, *, harmless_twice: bool = False) -> Call:
        """Raises NotYou: 401, or 403 for a server that is blocked here.

        `harmless_twice`: the same call may come again within seconds.
        """
        try:
            found = read_signatures(request.method, request.url, request.headers)
        except BadSignature as error:
            raise NotYou(401, str(error)) from None
        signature = next((one for one in found if one.scheme is Scheme.RFC9421), None)
        if signature is None:
            raise NotYou(401, "only RFC 9421 signatures are understood here")
        partner = await asyncio.to_thread(load, self._ctx, signature.key_id)
        if partner is None or partner.remote_key is None:
            raise NotYou(401, "no server is registered under this keyid")
        try:
            self._judge(request, signature)
        except BadSignature as error:
            raise NotYou(401, str(error), partner) from None
        if not made_by(partner.remote_key, signature.value, signature.base):
            raise NotYou(401, "the signature was not made by this server's key", partner)
        again = await self._heard_before(request, signature)
        if again and not (harmless_twice and self._is_fresh(signature)):
            raise NotYou(401, "the signature was used before", partner)
        if await asyncio.to_thread(is_blocked, self._ctx, partner.host):
            raise NotYou(403, "this server is blocked here", partner)
        await asyncio.to_thread(heard, self._ctx, partner, self._ctx.clock.now())
        fresh = await asyncio.to_thread(load, self._ctx, partner.id)
        if fresh is None:
            raise NotYou(401, "no server is registered under this keyid")
        return Call(fresh)

    def _judge(self, request: SignedRequest, signature: Signature) -> None:
        if missing := not_covered(signature.components, fasp.REQUEST):
            raise BadSignature(f"not signed: {missing}")
        if signature.algorithm not in (None, "ed25519"):
            raise BadSignature("the algorithm is not Ed25519")
        assert signature.created is not None
        expires = instant(signature.expires) if signature.expires is not None else None
        if late := out_of_time(instant(signature.created), expires, self._ctx.clock.now()):
            raise BadSignature(late)
        check_digest(request.headers, request.body)

    def _is_fresh(self, signature: Signature) -> bool:
        assert signature.created is not None
        return self._ctx.clock.now() - instant(signature.created) <= AT_ONCE

    async def _heard_before(self, request: SignedRequest, signature: Signature) -> bool:
        """Only what may change something is remembered; a question may be asked twice."""
        if request.method.upper() in _READING:
            return False
        assert signature.created is not None
        expires = instant(signature.expires) if signature.expires is not None else None
        digest = hashlib.sha256(
            b"fasp\n" + signature.key_id.encode() + b"\n" + signature.value
        ).hexdigest()
        until = good_until(instant(signature.created), expires)
        return not await self._replays.first_time(digest, until)
