"""Which page of somebody's own server follows an account. Nothing of this is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from discover.model.actor import Handle
from discover.model.fetched import FetchError
from discover.policy.consent import ServerFacts
from discover.ports import Fetcher
from discover.services.context import Context
from discover.services.facts import load_servers
from discover.wire.documents import ParseError, read_document
from discover.wire.follow import known_template, lookup_url, template_of
from discover.wire.nodeinfo import nodeinfo_url, parse_nodeinfo
from discover.wire.webfinger import ACCEPT, parse_jrd

_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Home:
    """A home server. `template` is None when it has no page for this, or does not say which."""

    host: str
    template: str | None = None
    reached: bool = True


async def find_home(
    ctx: Context, fetcher: Fetcher, home: Handle | str, base_url: Callable[[str], str]
) -> Home:
    """At most four small requests, all to this server (or where it redirects to), through the
    guarded client and under its robots.txt; none when it opted out or is blocked here. A server
    that is not asked may still be known by its software.
    """
    host = home.host if isinstance(home, Handle) else home
    base = base_url(host)
    facts = await asyncio.to_thread(_facts, ctx, host)
    reached = False
    left_alone = facts.opted_out or facts.blocked
    for asked in () if left_alone else dict.fromkeys((home, host)):
        try:
            fetched = await fetcher.get(lookup_url(asked, base), accept=ACCEPT, solicited=False)
        except FetchError:
            break  # it will not answer the next question either
        reached = True
        try:
            template = template_of(parse_jrd(read_document(fetched.body)))
        except ParseError:
            continue
        if fetched.status == 200 and template:
            return Home(host, template)
    software = facts.software
    if software is None and reached:
        software = await _software(fetcher, base)
    return Home(host, known_template(software, base), reached or software is not None)


def _facts(ctx: Context, host: str) -> ServerFacts:
    with ctx.database.read() as connection:
        return load_servers(connection, [host])[host]


async def _software(fetcher: Fetcher, base: str) -> str | None:
    try:
        known = await fetcher.get(f"{base}/.well-known/nodeinfo", accept=_JSON, solicited=False)
        url = nodeinfo_url(read_document(known.body))
        told = await fetcher.get(url, accept=_JSON, solicited=False)
        return parse_nodeinfo(read_document(told.body)).software
    except (FetchError, ParseError):
        return None
