"""Whom we contact while somebody waits for an answer: nobody who said no, however it was reached.

A redirect may lead anywhere, so the client asks at each hop and not once for the first address.
"""

from __future__ import annotations

import asyncio

from discover.net.manners import Gate, Grant
from discover.services.context import Context
from discover.services.facts import load_servers


def may_contact(ctx: Context, host: str, *, spoke_first: bool = False) -> bool:
    """Whether anything at all is asked of this host: neither blocked nor opted out.

    `spoke_first`: a server that is out said something to us, and what proves it is asked for.
    """
    with ctx.database.read() as connection:
        facts = load_servers(connection, [host])[host]
    return not facts.blocked and (spoke_first or not facts.opted_out)


def asked_for(ctx: Context, *, spoke_first: bool = False) -> Gate:
    """The gate of a client that fetches what somebody asked for at this moment.

    `spoke_first`: they are servers that signed something to us. A person's no still counts from
    a server that is out, and its contact may bring it back, so its keys are read.
    """

    async def gate(host: str) -> Grant | None:
        allowed = await asyncio.to_thread(may_contact, ctx, host, spoke_first=spoke_first)
        return Grant(solicited=True) if allowed else None

    return gate
