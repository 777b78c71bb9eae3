"""From a handle to an actor, and the proof that a handle is an actor's (WebFinger both ways)."""

from __future__ import annotations

from dataclasses import dataclass

from discover.model.actor import Actor, Handle
from discover.model.fetched import Fetched, FetchError, FetchFailure
from discover.model.observed import HostTurn
from discover.services.crawl.visiting.tools import Tools
from discover.wire.documents import ParseError, read_document
from discover.wire.webfinger import (
    ACCEPT,
    HOST_META_ACCEPT,
    AskOther,
    Jrd,
    Verified,
    claimed_handle,
    host_meta_url,
    lookup_url,
    lrdd_url,
    parse_host_meta,
    parse_jrd,
    verify_handle,
)


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """WebFinger told nothing. `passing`: it may tell another time."""

    detail: str
    passing: bool


async def look_up(tools: Tools, handle: Handle, turn: HostTurn) -> Jrd | NoAnswer:
    """Ask the handle's host; on 404 once more where its host-meta points to.

    FetchError only when the turn's own host wants to be left alone.
    """
    scheme = tools.scheme(handle.host)
    try:
        fetched = await tools.fetcher.get(
            lookup_url(handle, scheme), accept=ACCEPT, solicited=turn.solicited
        )
        if fetched.status == 404:
            fetched = await _by_host_meta(tools, handle, turn, scheme) or fetched
    except FetchError as error:
        if error.failure is FetchFailure.HOST_PARKED and handle.host == turn.host:
            raise
        return NoAnswer(str(error)[:300], passing=error.failure is not FetchFailure.ROBOTS_FORBID)
    except ParseError as error:
        return NoAnswer(str(error)[:300], passing=False)
    if fetched.status != 200:
        passing = fetched.status == 429 or fetched.status >= 500
        return NoAnswer(f"WebFinger status {fetched.status}", passing)
    try:
        return parse_jrd(read_document(fetched.body))
    except ParseError as error:
        return NoAnswer(str(error)[:300], passing=False)


async def _by_host_meta(
    tools: Tools, handle: Handle, turn: HostTurn, scheme: str
) -> Fetched | None:
    meta = await tools.fetcher.get(
        host_meta_url(handle.host, scheme), accept=HOST_META_ACCEPT, solicited=turn.solicited
    )
    url = lrdd_url(parse_host_meta(meta.body), handle) if meta.status == 200 else None
    # A template that leads to the address that just answered 404 leads nowhere.
    if url is None or url == lookup_url(handle, scheme):
        return None
    return await tools.fetcher.get(url, accept=ACCEPT, solicited=turn.solicited)


async def prove_handle(
    tools: Tools, actor: Actor, turn: HostTurn, known: dict[str, Jrd]
) -> Handle | NoAnswer:
    """The handle that the actor claims and whose host confirms it.

    `known` are answers of this visit by handle key. One redirection to another handle is
    followed (split domains), no more.
    """
    claimed = claimed_handle(actor)
    if claimed is None:
        return NoAnswer("the actor claims no readable handle", passing=False)
    asked = claimed
    for second in (False, True):
        jrd = known.get(asked.key) or await look_up(tools, asked, turn)
        if isinstance(jrd, NoAnswer):
            return jrd
        known[asked.key] = jrd
        proof = verify_handle(actor.uri, asked, jrd, second=second)
        if isinstance(proof, Verified):
            return proof.handle
        if not isinstance(proof, AskOther):
            return NoAnswer(proof.detail, passing=False)
        asked = proof.handle
    return NoAnswer(f"{claimed} is confirmed by nobody", passing=False)
