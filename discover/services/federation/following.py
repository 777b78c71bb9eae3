"""Whom our actor follows: relays, and people who opted in by a deliberate act."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.origin import host_of
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, DELIBERATE, PERSONS
from discover.services.federation import deliveries
from discover.services.index.documents import judge_accounts
from discover.store.database import insert_once, table
from discover.store.tables import Following
from discover.wire.received import object_uri

if TYPE_CHECKING:
    from discover.services.federation.inbox import Received

FOLLOWING = table(Following)
CONTEXT = "https://www.w3.org/ns/activitystreams"
_BATCH = 500


def new_id(ctx: Context) -> str:
    return f"{ctx.own_url}/activities/{uuid.uuid4()}"


def accepted(_ctx: Context, connection: Connection, received: Received) -> None:
    _answered(connection, received, "accepted")


def rejected(_ctx: Context, connection: Connection, received: Received) -> None:
    """Kept, so that we do not ask again."""
    _answered(connection, received, "rejected")


def _answered(connection: Connection, received: Received, state: str) -> None:
    """Only whom we asked may answer; of a relay we may know no more than the inbox' host."""
    follow_id = object_uri(received.activity)
    row = connection.execute(
        sa.select(FOLLOWING).where(FOLLOWING.c.follow_id == (follow_id or ""))
    ).first()
    if row is None:
        return
    if row.actor == received.actor or (
        row.relay and row.actor == row.inbox and row.host == received.signer_host
    ):
        connection.execute(
            sa.update(FOLLOWING).where(FOLLOWING.c.actor == row.actor).values(state=state)
        )


def ask(
    ctx: Context,
    connection: Connection,
    *,
    actor: str,
    inbox: str,
    now: datetime,
    relay: bool = False,
) -> bool:
    """Follow somebody; a relay of Mastodon's kind when `actor` is its inbox.

    False when that was asked before.
    """
    follow_id = new_id(ctx)
    row = {
        "actor": actor, "host": host_of(inbox), "inbox": inbox, "follow_id": follow_id,
        "relay": relay, "state": "pending", "at": now,
    }  # fmt: skip
    if not insert_once(connection, Following, row, key=["actor"]):
        return False
    activity = {"@context": CONTEXT, **_follow(ctx, row)}
    deliveries.enqueue(connection, activity=activity, inboxes=[inbox], now=now)
    return True


def part(ctx: Context, connection: Connection, actor: str) -> bool:
    """Take our Follow back, if there is one."""
    row = connection.execute(sa.select(FOLLOWING).where(FOLLOWING.c.actor == actor)).first()
    if row is None:
        return False
    connection.execute(sa.delete(FOLLOWING).where(FOLLOWING.c.actor == actor))
    follow = _follow(ctx, row._mapping)  # noqa: SLF001 -- SQLAlchemy's public name for it
    activity = {
        "@context": CONTEXT,
        "id": new_id(ctx),
        "type": "Undo",
        "actor": ctx.actor_uri,
        "object": follow,
    }
    if "to" in follow:
        activity["to"] = follow["to"]
    now = ctx.clock.now()
    deliveries.enqueue(connection, activity=activity, inboxes=[row.inbox], now=now)
    return True


def reconcile(ctx: Context) -> tuple[int, int]:
    """Follow who opted in by a deliberate act and whose posts may be searched; leave the others.

    Nobody is followed unless the operator allows it. Returns (asked, left).
    """
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        ours = connection.scalars(
            sa.select(FOLLOWING.c.actor).where(FOLLOWING.c.relay.is_(False))
        ).all()
        wanted = _wanted(ctx, connection, now) if ctx.follow_people else {}
    joined = left = 0
    with ctx.database.write() as connection:
        for actor in [one for one in ours if one not in wanted][:_BATCH]:
            left += part(ctx, connection, actor)
        for actor in [one for one in wanted if one not in ours][:_BATCH]:
            joined += ask(ctx, connection, actor=actor, inbox=wanted[actor], now=now)
    return joined, left


def _wanted(ctx: Context, connection: Connection, now: datetime) -> dict[str, str]:
    rows = connection.execute(
        sa.select(ACCOUNTS.c.id, ACCOUNTS.c.uri, ACCOUNTS.c.inbox)
        .join(PERSONS, PERSONS.c.uri == ACCOUNTS.c.uri)
        .where(PERSONS.c.act.in_(DELIBERATE), ACCOUNTS.c.inbox.is_not(None))
    ).all()
    judged = judge_accounts(ctx, connection, [row.id for row in rows], now)
    return {
        row.uri: row.inbox
        for row in rows
        if row.id in judged and judged[row.id].verdict.index_posts.allowed
    }


def _follow(ctx: Context, row: Any) -> dict[str, Any]:
    public = row["actor"] == row["inbox"]
    follow: dict[str, Any] = {
        "id": row["follow_id"],
        "type": "Follow",
        "actor": ctx.actor_uri,
        "object": f"{CONTEXT}#Public" if public else row["actor"],
    }
    return follow if public else follow | {"to": [row["actor"]]}
