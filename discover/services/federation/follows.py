"""Who follows our actor: anybody may, and a server's own actor does so in its admin's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.observed import Door
from discover.services.context import Context
from discover.services.federation import deliveries, pushes, relays, seen
from discover.services.federation.following import CONTEXT, new_id
from discover.store.database import table, upsert
from discover.store.tables import Follower
from discover.wire.received import actor_of, follows_public, inner, is_a, may_be_server, object_uri

if TYPE_CHECKING:
    from discover.services.federation.inbox import Received

FOLLOWERS = table(Follower)


def followed(ctx: Context, connection: Connection, received: Received) -> None:
    """Everybody may follow us. If it may be a server's own actor, its server is asked."""
    activity, actor = received.activity, received.actor
    public = follows_public(activity)
    if not public and object_uri(activity) != ctx.actor_uri:
        return
    if received.inbox is None:
        return  # nobody can be answered there
    now = ctx.clock.now()
    row = {
        "actor": actor, "host": received.signer_host, "inbox": received.inbox,
        "shared_inbox": received.shared_inbox, "follow_id": received.id, "public": public,
        "at": now,
    }  # fmt: skip
    columns = ["host", "inbox", "shared_inbox", "follow_id", "public", "at"]
    upsert(connection, Follower, [row], key=["actor"], update=columns)
    accept = {
        "@context": CONTEXT,
        "id": new_id(ctx),
        "type": "Accept",
        "actor": ctx.actor_uri,
        "to": [actor],
        # As it was sent: relays' clients find their request again by its id.
        "object": {name: activity[name] for name in ("id", "type", "actor", "object")},
    }
    deliveries.enqueue(connection, activity=accept, inboxes=[received.inbox], now=now)
    asked = public or may_be_server(actor)
    if asked and not relays.is_reciprocal(connection, actor, received.signer_host):
        pushes.look(connection, actor, now, Door.RELAY)


def undone(ctx: Context, connection: Connection, received: Received) -> None:
    """Undo of a Follow of us, embedded or by its id, also when it overtook the Follow."""
    now, actor = ctx.clock.now(), received.actor
    follow_id, target = object_uri(received.activity), inner(received.activity)
    row = connection.execute(sa.select(FOLLOWERS).where(FOLLOWERS.c.actor == actor)).first()
    ours = (
        target is not None
        and is_a(target, "Follow")
        and actor_of(target) in (None, actor)
        and (follows_public(target) or object_uri(target) == ctx.actor_uri)
    )
    if follow_id is not None and (ours or target is None):
        seen.never_mind(connection, actor, follow_id, now)
    if row is None or not (ours or row.follow_id == follow_id):
        return
    connection.execute(sa.delete(FOLLOWERS).where(FOLLOWERS.c.actor == actor))
    if row.relay:
        relays.consent_ended(ctx, connection, row, now)
