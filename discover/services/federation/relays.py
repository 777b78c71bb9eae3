"""Relays, both ways: servers that add us as one, and those that the operator subscribes us to.

FEP-ae0c describes both kinds. Mastodon, Misskey and their kin follow Public through our inbox;
Pleroma and its kin follow our actor and want to be followed back. Only a server's own actor can
do so in its admin's name, and only the server can say which actor that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import RobotsState, ServerOptIn
from discover.model.observed import Door, Outcome, ServerActorSeen
from discover.policy.origin import host_of
from discover.services.consent import consent_log, outs
from discover.services.consent.proof_rows import BY_STATEMENT, says_out
from discover.services.consent.standing import settle
from discover.services.consent.withdraw import withdraw_server
from discover.services.context import Context
from discover.services.facts import PERSONS, SERVERS
from discover.services.federation import following, pushes
from discover.store.database import table, upsert
from discover.store.tables import Follower, Following, Server
from discover.wire.received import may_be_server

_FOLLOWERS = table(Follower)
_FOLLOWING = table(Following)
_BLOCKED_US = "the server's own actor has blocked us: "
_BEFORE = "; before that: "


@dataclass(frozen=True, slots=True)
class Subscription:
    """A relay that the operator subscribed us to, or a server whose relay we follow back."""

    url: str
    state: str
    at: datetime


def server_actor_seen(
    ctx: Context, connection: Connection, seen: ServerActorSeen, now: datetime
) -> Outcome:
    """A server said whether the actor that asked for us is its own: then its admin speaks."""
    host = host_of(seen.uri)
    if not seen.proven or host is None:
        return Outcome()
    blocked = connection.scalar(sa.select(PERSONS.c.blocked_us).where(PERSONS.c.uri == seen.uri))
    if blocked:
        return Outcome(removed=_opt_out(ctx, connection, host, seen.uri, now))
    row = connection.execute(sa.select(_FOLLOWERS).where(_FOLLOWERS.c.actor == seen.uri)).first()
    if row is None:
        return Outcome()  # undone meanwhile
    connection.execute(
        sa.update(_FOLLOWERS).where(_FOLLOWERS.c.actor == seen.uri).values(relay=True)
    )
    outs.note_proofs(ctx, connection, host, [ServerOptIn.RELAY], now, back=True)
    if not row.public:
        following.ask(ctx, connection, actor=row.actor, inbox=row.inbox, now=now, relay=True)
    return Outcome(stored=int(_opt_in(connection, row, host, now)))


def _opt_in(connection: Connection, follower: Any, host: str, now: datetime) -> bool:
    """Record the admin's consent. It is not heard over an opt-out, nor over our operator's block."""
    server = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
    if server is not None and (server.opted_out or server.blocked):
        return False
    if server is not None and server.opt_in != ServerOptIn.NONE.value:
        return False  # on record already, and the follower's row is a proof beside it
    row = {
        "host": host,
        "opt_in": ServerOptIn.RELAY.value,
        "note": f"relay: {follower.actor} asked by {follower.follow_id}",
        "recorded_at": follower.at,
        "due_at": now,
        "robots": RobotsState.UNSEEN.value,
    }
    columns = ["opt_in", "note", "recorded_at", "due_at"]
    upsert(connection, Server, [row], key=["host"], update=columns)
    consent_log.server_touched(connection, host, now)
    return True


def consent_ended(ctx: Context, connection: Connection, follower: Any, now: datetime) -> None:
    """The server took its Follow back: so do we, and its people leave if that was the only proof."""
    outs.note_proofs(ctx, connection, follower.host, [ServerOptIn.RELAY], now)
    following.part(ctx, connection, follower.actor)
    settle(ctx, connection, follower.host, now)


def server_blocked_us(ctx: Context, connection: Connection, actor: str, now: datetime) -> None:
    """A block by a server's own actor is its admin's no. Unknown actors are asked about first."""
    row = connection.execute(sa.select(_FOLLOWERS).where(_FOLLOWERS.c.actor == actor)).first()
    connection.execute(sa.delete(_FOLLOWERS).where(_FOLLOWERS.c.actor == actor))
    if row is not None and row.relay:
        _opt_out(ctx, connection, row.host, actor, now)
    elif may_be_server(actor):
        pushes.look(connection, actor, now, Door.RELAY)


def server_unblocked_us(ctx: Context, connection: Connection, actor: str, now: datetime) -> None:
    """The no that came by this actor's block goes with it. A yes has to be said anew.

    Any other no stays: one from before the block, and one by the server's own statement.
    """
    host = host_of(actor)
    row = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
    if host is None or row is None or not row.opted_out:
        return
    note, _, older = row.note.partition(_BEFORE)
    if note != _BLOCKED_US + actor:
        return
    if not older and says_out(connection, host, now):
        older = BY_STATEMENT
    connection.execute(
        sa.update(SERVERS)
        .where(SERVERS.c.host == host)
        .values(opted_out=bool(older), note=older, recorded_at=now)
    )
    if not older:
        outs.note(ctx, connection, "server", [host], now, back=True)


def _opt_out(ctx: Context, connection: Connection, host: str, actor: str, now: datetime) -> int:
    outs.note(ctx, connection, "server", [host], now)
    # They do not come back with the end of the block.
    ended = [ServerOptIn.RELAY, ServerOptIn.OPERATOR]
    outs.note_proofs(ctx, connection, host, ended, now)
    gone = withdraw_server(connection, host, now)
    before = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
    note = _BLOCKED_US + actor
    # A statement is looked at again by itself; every other no is known by its note alone.
    if before is not None and before.opted_out and not before.note.startswith(BY_STATEMENT):
        if before.note.startswith(_BLOCKED_US):
            return gone
        note += _BEFORE + (before.note or "out")
    row = {
        "host": host, "opt_in": ServerOptIn.NONE.value, "opted_out": True,
        "note": note, "recorded_at": now, "due_at": None,
    }  # fmt: skip
    columns = ["opt_in", "opted_out", "note", "recorded_at", "due_at"]
    upsert(connection, Server, [row], key=["host"], update=columns)
    return gone


def is_reciprocal(connection: Connection, actor: str, host: str) -> bool:
    """Does it only follow back, because we asked first? Software does that, not an admin."""
    already = connection.scalar(sa.select(_FOLLOWERS.c.relay).where(_FOLLOWERS.c.actor == actor))
    ours = connection.execute(
        sa.select(_FOLLOWING.c.actor).where(_FOLLOWING.c.relay.is_(True), _FOLLOWING.c.host == host)
    ).first()
    return ours is not None and not already


def subscribed_hosts(ctx: Context) -> frozenset[str]:
    """Hosts of relays that may hand us other people's activities."""
    with ctx.database.read() as connection:
        return frozenset(
            connection.scalars(sa.select(_FOLLOWING.c.host).where(_FOLLOWING.c.relay.is_(True)))
        )


def subscribe(ctx: Context, url: str, inbox: str) -> bool:
    """Ask a relay: by its inbox (`url` and `inbox` are one) or as an actor. False if known."""
    with ctx.database.write() as connection:
        now = ctx.clock.now()
        return following.ask(ctx, connection, actor=url, inbox=inbox, now=now, relay=True)


def unsubscribe(ctx: Context, url: str) -> bool:
    with ctx.database.write() as connection:
        known = connection.scalar(sa.select(_FOLLOWING.c.relay).where(_FOLLOWING.c.actor == url))
        return bool(known) and following.part(ctx, connection, url)


def subscriptions(ctx: Context) -> list[Subscription]:
    with ctx.database.read() as connection:
        rows = connection.execute(
            sa.select(_FOLLOWING).where(_FOLLOWING.c.relay.is_(True)).order_by(_FOLLOWING.c.actor)
        ).all()
    return [Subscription(row.actor, row.state, row.at) for row in rows]
