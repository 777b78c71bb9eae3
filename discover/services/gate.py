"""Whom we contact while somebody waits for an answer: nobody who said no, however it was reached.

A redirect may lead anywhere, so the client asks at each hop and not once for the first address.
"""

from __future__ import annotations

import asyncio

from discover.net.manners import Gate, Grant
from discover.services.context import Context
from discover.services.facts import load_servers


def may_contact(ctx: Context, host: str) -> bool:
    """Whether anything at all is asked of this host: neither blocked nor opted out."""
    with ctx.database.read() as connection:
        facts = load_servers(connection, [host])[host]
    return not facts.blocked and not facts.opted_out


def asked_for(ctx: Context) -> Gate:
    """The gate of a client that fetches what a person asked for at this moment."""

    async def gate(host: str) -> Grant | None:
        allowed = await asyncio.to_thread(may_contact, ctx, host)
        return Grant(solicited=True) if allowed else None

    return gate
