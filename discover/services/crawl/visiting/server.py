"""A server's visit: robots.txt → NodeInfo → where its software lists accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from discover.model.fetched import FetchError
from discover.model.instance import NodeInfo, RobotsState, ServerAbout
from discover.model.observed import CandidatesSeen, Door, HostTurn, ServerSeen, ServerVisited
from discover.policy.origin import same_origin
from discover.policy.robots import UNREADABLE, Robots, forbids_indexing, read_robots
from discover.services.crawl.visiting.documents import INTERRUPTIONS
from discover.services.crawl.visiting.tools import Tools
from discover.wire.directory import ACCEPT, Ask, first_ask, listings_for, read_candidates
from discover.wire.documents import ParseError, read_document, read_json
from discover.wire.nodeinfo import nodeinfo_url, parse_nodeinfo, well_known_url
from discover.wire.server_about import asks_for, read_about


@dataclass(frozen=True, slots=True)
class ServerReport:
    """`open`: its accounts may be visited now. `retry_at`: when it wants to be asked again."""

    open: bool
    candidates: int = 0
    retry_at: datetime | None = None


async def visit_server(tools: Tools, turn: HostTurn) -> ServerReport:
    """Read what a server says about itself and where it lists its accounts."""
    report = await _visit(tools, turn)
    await tools.sink(ServerVisited(turn.host, ok=report.open, retry_at=report.retry_at))
    return report


async def _visit(tools: Tools, turn: HostTurn) -> ServerReport:
    base = tools.base_url(turn.host)
    try:
        robots = await _robots(tools, base)
        state = robots.state_for(base + "/", solicited=turn.solicited)
        nodeinfo, noindex, about = None, False, None
        if state is RobotsState.ALLOWED:
            nodeinfo, noindex = await _nodeinfo(tools, turn)
            software = nodeinfo.software if nodeinfo is not None else turn.software
            about = await _about(tools, turn, software) if turn.directory else None
        await tools.sink(
            ServerSeen(
                host=turn.host,
                robots=state,
                crawl_delay=robots.crawl_delay,
                nodeinfo=nodeinfo,
                noindex_header=noindex,
                seen_at=tools.clock.now(),
                about=about,
            )
        )
        if state is not RobotsState.ALLOWED:
            return ServerReport(open=False)
        software = nodeinfo.software if nodeinfo is not None else turn.software
        found = 0
        for listing in listings_for(software) if turn.directory else ():
            found += await _list(
                tools, turn, first_ask(listing, turn.host, tools.scheme(turn.host))
            )
        return ServerReport(open=True, candidates=found)
    except FetchError as error:  # parked, or refused meanwhile
        return ServerReport(open=False, retry_at=error.retry_at)


async def _robots(tools: Tools, base: str) -> Robots:
    try:
        fetched = await tools.fetcher.get(
            base + "/robots.txt", accept="text/plain, */*;q=0.1", solicited=True
        )
    except FetchError as error:
        if error.failure in INTERRUPTIONS:
            raise
        return UNREADABLE
    return read_robots(fetched.status, fetched.body)


async def _nodeinfo(tools: Tools, turn: HostTurn) -> tuple[NodeInfo | None, bool]:
    """NodeInfo, and whether it came with X-Robots-Tag: noindex. None if it cannot be read now."""
    try:
        links = await tools.fetcher.get(
            well_known_url(turn.host, tools.scheme(turn.host)),
            accept=ACCEPT,
            solicited=turn.solicited,
        )
        if links.status != 200:
            return None, False
        fetched = await tools.fetcher.get(
            nodeinfo_url(read_document(links.body)), accept=ACCEPT, solicited=turn.solicited
        )
        if fetched.status != 200:
            return None, False
        noindex = forbids_indexing(fetched.headers.get("x-robots-tag", ""))
        return parse_nodeinfo(read_document(fetched.body)), noindex
    except FetchError as error:
        if error.failure in INTERRUPTIONS:
            raise
        return None, False
    except ParseError:
        return None, False


async def _about(tools: Tools, turn: HostTurn, software: str | None) -> ServerAbout | None:
    """Its description and rules, for people who look for a server. None if they cannot be read."""
    for ask in asks_for(software):
        url = tools.base_url(turn.host) + ask.path
        try:
            if ask.body is not None:
                fetched = await tools.fetcher.ask(url, ask.body, solicited=turn.solicited)
            else:
                fetched = await tools.fetcher.get(url, accept=ACCEPT, solicited=turn.solicited)
            # The origin decides: who sends us elsewhere says nothing about itself.
            if fetched.status == 200 and same_origin(fetched.final_url, url):
                return read_about(ask, read_document(fetched.body))
        except FetchError as error:
            if error.failure in INTERRUPTIONS:
                raise
        except ParseError:
            continue
    return None


async def _list(tools: Tools, turn: HostTurn, first: Ask) -> int:
    """Page through one list. Any answer but 200 is an answer too: the list ends there."""
    seen: set[str] = set()
    ask: Ask | None = first
    pages = 0
    while ask is not None and pages < tools.directory_pages:
        pages += 1
        try:
            if ask.body is not None:
                fetched = await tools.fetcher.ask(ask.url, ask.body, solicited=turn.solicited)
            else:
                fetched = await tools.fetcher.get(ask.url, accept=ACCEPT, solicited=turn.solicited)
            if fetched.status != 200:
                break
            page = read_candidates(read_json(fetched.body), ask, seen)
        except FetchError as error:
            if error.failure in INTERRUPTIONS:
                raise
            break
        except ParseError:
            break
        uris = tuple(uri for uri in page.uris if uri not in seen)
        handles = tuple(handle for handle in page.handles if handle.key not in seen)
        if uris or handles:
            await tools.sink(CandidatesSeen(Door.DIRECTORY, uris, handles))
        seen.update(uris)
        seen.update(handle.key for handle in handles)
        ask = page.next
    return len(seen)
