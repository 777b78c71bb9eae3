"""Is an actor its server's own? Only the server can say so, and only such an actor speaks for it.

FEP-2677 (application actor in NodeInfo), FEP-d556 (WebFinger of the server itself), `acct:HOST@HOST`
as Mastodon has it, the fixed paths of relays' clients, and Misskey's system accounts.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from discover.model.actor import Actor, ActorType
from discover.model.fetched import FetchError
from discover.model.observed import Missing
from discover.policy.origin import host_of
from discover.services.crawl.visiting.documents import (
    INTERRUPTIONS,
    Absent,
    Document,
    fetch_document,
)
from discover.services.crawl.visiting.tools import Tools
from discover.wire.actor import parse_actor
from discover.wire.documents import Json, ParseError, read_document
from discover.wire.nodeinfo import nodeinfo_url, parse_nodeinfo, well_known_url
from discover.wire.received import named_actors, server_path
from discover.wire.webfinger import ACCEPT

# Only their own system accounts have a dot in the name and the type Application.
_MISSKEY = frozenset(
    {
        "misskey", "sharkey", "firefish", "calckey", "foundkey", "iceshrimp", "cherrypick",
        "catodon", "meisskey", "iceshrimp.net",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """`proven` is None when the server could not be asked."""

    proven: bool | None
    detail: str


async def ask_server(tools: Tools, uri: str) -> Answer:
    """Ask as far as needed. What is fetched here was asked for: the actor wrote to us first."""
    host = host_of(uri)
    if host is None:
        return Answer(proven=False, detail="no http(s) URI")
    got = await fetch_document(tools.fetcher, uri, solicited=True)
    if not isinstance(got, Document):
        passing = isinstance(got, Absent) and got.missing is Missing.UNREACHABLE
        return Answer(proven=None if passing else False, detail="the actor cannot be read")
    try:
        actor = parse_actor(got.doc)
    except ParseError as error:
        return Answer(proven=False, detail=str(error))
    if actor.uri != uri or actor.type not in (ActorType.APPLICATION, ActorType.SERVICE):
        return Answer(proven=False, detail=f"an actor of type {actor.type.value}")
    if actor.type is ActorType.APPLICATION and server_path(uri):
        return Answer(proven=True, detail="its path is the server's own")
    base = tools.base_url(host)
    for resource in (f"acct:{host}@{host}", f"{base}/"):
        asked = f"{base}/.well-known/webfinger?resource={quote(resource, safe=':@')}"
        if uri in named_actors(await _json(tools, asked)):
            return Answer(proven=True, detail=f"WebFinger of {resource}")
    return await _by_nodeinfo(tools, actor, host)


async def _by_nodeinfo(tools: Tools, actor: Actor, host: str) -> Answer:
    links = await _json(tools, well_known_url(host, tools.scheme(host)))
    if actor.uri in named_actors(links):
        return Answer(proven=True, detail="NodeInfo's application actor")
    if actor.type is ActorType.APPLICATION and "." in actor.username:
        try:
            software = parse_nodeinfo(await _json(tools, nodeinfo_url(links))).software
        except ParseError:
            software = None
        if software in _MISSKEY:
            return Answer(proven=True, detail=f"a system account of {software}")
    return Answer(proven=False, detail="its server does not call it its own")


async def _json(tools: Tools, url: str) -> Json:
    """The document, or an empty one: no answer is no proof."""
    try:
        fetched = await tools.fetcher.get(url, accept=ACCEPT, solicited=True)
        return read_document(fetched.body) if fetched.status == 200 else {}
    except FetchError as error:
        if error.failure in INTERRUPTIONS:
            raise
        return {}
    except ParseError:
        return {}
