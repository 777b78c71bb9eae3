"""One account's visit: handle → actor → verdict → extras → outbox."""

from __future__ import annotations

from dataclasses import dataclass, replace

from discover.model.actor import Actor, ActorType, Handle
from discover.model.fetched import Fetched, FetchError
from discover.model.observed import (
    AccountDue,
    ActorMissing,
    ActorSeen,
    ActorUnchanged,
    CandidatesSeen,
    Door,
    HostTurn,
    Missing,
    Outcome,
    PostMissing,
    ServerActorSeen,
    VisitResult,
)
from discover.policy.consent import must_purge
from discover.policy.origin import same_origin
from discover.policy.robots import forbids_indexing
from discover.services.crawl.visiting.documents import (
    Absent,
    Document,
    Unchanged,
    fetch_document,
)
from discover.services.crawl.visiting.extras import read_extras
from discover.services.crawl.visiting.handles import NoAnswer, look_up, prove_handle
from discover.services.crawl.visiting.outbox import OutboxReader, Reading
from discover.services.crawl.visiting.pushed import read_pushed
from discover.services.crawl.visiting.server_actor import ask_server
from discover.services.crawl.visiting.tools import Tools
from discover.wire.actor import parse_actor
from discover.wire.documents import ParseError
from discover.wire.jsonld import as_ids
from discover.wire.received import is_actor
from discover.wire.webfinger import Jrd


@dataclass(frozen=True, slots=True)
class Visited:
    """How it went. `unreachable`: the host, not only this account, may be down."""

    result: VisitResult
    unreachable: bool = False
    interrupted: bool = False  # the host wants to be left alone


async def visit_account(tools: Tools, due: AccountDue, turn: HostTurn) -> Visited:
    """Visit one account within its host's turn. Everything seen goes to the sink."""
    began = tools.clock.now()
    try:
        visited = await _Visit(tools, due, turn).run()
    except FetchError as error:
        result = VisitResult(
            due.visit_id, ok=False, retry_at=error.retry_at, detail=str(error)[:300]
        )
        visited = Visited(result, interrupted=True)
    return replace(visited, result=replace(visited.result, began=began, door=due.door))


class _Visit:
    def __init__(self, tools: Tools, due: AccountDue, turn: HostTurn) -> None:
        self._tools = tools
        self._due = due
        self._turn = turn
        self._jrds: dict[str, Jrd] = {}

    async def run(self) -> Visited:
        uri = self._due.uri
        if uri is None:
            if self._due.handle is None:
                return self._ended(ok=False, detail="neither a URI nor a handle")
            found = await self._actor_of(self._due.handle)
            if isinstance(found, NoAnswer):
                return self._ended(ok=False, detail=found.detail)
            uri = found
        elif self._due.door is Door.BOOST:
            return await self._boosted(uri)
        elif self._due.door in (Door.PUSH, Door.FASP):
            return await self._pushed(uri)
        elif self._due.door is Door.RELAY:
            return await self._server_actor(uri)
        got = await fetch_document(
            self._tools.fetcher,
            uri,
            solicited=self._turn.solicited,
            etag=self._due.etag,
            last_modified=self._due.last_modified,
        )
        if isinstance(got, Unchanged):
            return await self._unchanged(uri)
        return await self._answered(uri, got)

    async def _boosted(self, uri: str) -> Visited:
        """A post that somebody boosted: its author may be worth a visit. The post is not kept."""
        got = await fetch_document(self._tools.fetcher, uri, solicited=self._turn.solicited)
        if not isinstance(got, Document):
            passing = isinstance(got, Absent) and got.missing is Missing.UNREACHABLE
            return self._ended(ok=False, over=not passing, detail="boosted post")
        author = next(iter(as_ids(got.doc.get("attributedTo"), 5)), None)
        if author is not None and same_origin(author, got.uri):
            await self._tools.sink(CandidatesSeen(Door.MENTION, uris=(author,)))
        return self._ended(ok=True, over=True)

    async def _pushed(self, uri: str) -> Visited:
        """What somebody pushed to us, at its origin: an actor, a post, or nothing any more."""
        got = await fetch_document(self._tools.fetcher, uri, solicited=self._turn.solicited)
        if isinstance(got, Document) and is_actor(got.doc):
            return await self._answered(uri, got)
        if not isinstance(got, Document):
            missing = got.missing if isinstance(got, Absent) else Missing.UNREADABLE
            if missing is Missing.GONE:
                await self._tools.sink(PostMissing(uri, self._tools.clock.now()))
            passing = missing is Missing.UNREACHABLE
            detail = got.detail if isinstance(got, Absent) else "304 without a condition"
            return self._ended(ok=False, over=not passing, detail=detail, unreachable=passing)
        outcome = await read_pushed(self._tools, self._turn, got)
        posts = outcome.verdict.index_posts if outcome.verdict is not None else None
        if posts is not None and not posts.allowed and not must_purge(posts):
            # Its author is held and hidden for now: neither yes nor no about the post.
            return self._ended(ok=False, detail="its author's posts cannot be shown for now")
        return self._ended(ok=True, over=True, reading=Reading(stored=outcome.stored))

    async def _server_actor(self, uri: str) -> Visited:
        """Its server says whether this actor, which asked for us, is its own."""
        answer = await ask_server(self._tools, uri)
        if answer.proven is None:
            return self._ended(ok=False, detail=answer.detail, unreachable=True)
        now = self._tools.clock.now()
        await self._tools.sink(ServerActorSeen(uri, answer.proven, now, answer.detail))
        return self._ended(ok=True, over=True, detail=answer.detail)

    async def _answered(self, uri: str, got: Document | Unchanged | Absent) -> Visited:
        if not isinstance(got, Document):
            return await self._missing(uri, got)
        try:
            actor = parse_actor(got.doc, extra_opt_out_tags=self._tools.extra_opt_out_tags)
        except ParseError as error:
            return await self._missing(uri, Absent(Missing.UNREADABLE, 200, str(error)))
        if actor.type is ActorType.TOMBSTONE:
            return await self._missing(uri, Absent(Missing.GONE, 200, "Tombstone"))
        if self._due.uri is not None and actor.uri != self._due.uri:
            await self._report_missing(
                self._due.uri, Absent(Missing.UNREADABLE, 200, f"its id is {actor.uri[:200]}")
            )
        return await self._seen(actor, got.fetched)

    async def _actor_of(self, handle: Handle) -> str | NoAnswer:
        """The actor's URI by WebFinger; the proof that they belong together comes later."""
        jrd = await look_up(self._tools, handle, self._turn)
        if isinstance(jrd, NoAnswer):
            return jrd
        self._jrds[handle.key] = jrd
        return jrd.self_uri or NoAnswer("WebFinger names no actor", passing=False)

    async def _seen(self, actor: Actor, fetched: Fetched) -> Visited:
        handle = await prove_handle(self._tools, actor, self._turn, self._jrds)
        unproven = handle if isinstance(handle, NoAnswer) else None
        outcome = await self._tools.sink(
            ActorSeen(
                actor=actor,
                handle=None if isinstance(handle, NoAnswer) else handle,
                source_url=fetched.final_url,
                seen_at=fetched.fetched_at,
                door=self._due.door,
                noindex_header=forbids_indexing(fetched.headers.get("x-robots-tag", "")),
                etag=fetched.headers.get("etag"),
                last_modified=fetched.headers.get("last-modified"),
            )
        )
        # Whoever did not show themselves in full is taken at their word of before, for no more.
        whole = unproven is None and not actor.signals.reduced
        reading = await self._read_on(actor, outcome) if whole else Reading()
        if unproven is not None and unproven.passing:
            return self._ended(ok=False, detail=unproven.detail, reading=reading)
        detail = unproven.detail if unproven else ""
        return self._ended(ok=True, reading=reading, detail=detail)

    async def _read_on(self, actor: Actor, outcome: Outcome) -> Reading:
        """Only as far as the verdict allows."""
        verdict = outcome.verdict
        if verdict is None or not verdict.list.allowed:
            return Reading()
        outbox = OutboxReader(self._tools, self._due, self._turn, actor.uri, actor.followers)
        posts = verdict.index_posts.allowed
        if posts and actor.outbox is not None:
            await outbox.read(actor.outbox)
        await read_extras(
            self._tools, self._turn, actor, outbox if posts else None, outbox.reading.total
        )
        return outbox.reading

    async def _unchanged(self, uri: str) -> Visited:
        now = self._tools.clock.now()
        outcome = await self._tools.sink(ActorUnchanged(uri, now))
        verdict = outcome.verdict
        if verdict is None:
            # We hold no such account (any more), so the old validators mean nothing.
            got = await fetch_document(self._tools.fetcher, uri, solicited=self._turn.solicited)
            return await self._answered(uri, got)
        if not verdict.list.allowed or not verdict.index_posts.allowed or not self._due.outbox:
            return self._ended(ok=True)
        outbox = OutboxReader(self._tools, self._due, self._turn, uri, self._due.followers)
        await outbox.read(self._due.outbox)
        return self._ended(ok=True, reading=outbox.reading)

    async def _missing(self, uri: str, got: Unchanged | Absent) -> Visited:
        if isinstance(got, Unchanged):  # 304 to an unconditional request
            got = Absent(Missing.UNREADABLE, 304, "304 without a condition")
        await self._report_missing(uri, got)
        unreachable = got.missing is Missing.UNREACHABLE
        return self._ended(ok=False, detail=got.detail, unreachable=unreachable)

    async def _report_missing(self, uri: str, got: Absent) -> None:
        now = self._tools.clock.now()
        await self._tools.sink(ActorMissing(uri, got.missing, got.status, now, got.detail))

    def _ended(
        self,
        *,
        ok: bool,
        reading: Reading | None = None,
        detail: str = "",
        unreachable: bool = False,
        over: bool = False,
    ) -> Visited:
        reading = reading or Reading()
        result = VisitResult(
            self._due.visit_id,
            ok=ok,
            complete=reading.complete,
            over=over,
            new_posts=reading.stored,
            detail=detail[:300],
        )
        return Visited(result, unreachable=unreachable)
