"""Actors of topics, which people follow to get a few posts on a topic a day. Off by default.

They live in our actor's house: one inbox, one set of keys under a name of each actor's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.context import Context
from discover.services.federation import deliveries, seen
from discover.services.federation.following import CONTEXT, new_id
from discover.services.topics.catalogue import catalogue
from discover.store.database import table, upsert
from discover.store.tables import TopicFollower
from discover.wire.received import actor_of, inner, is_a, object_uri

if TYPE_CHECKING:
    from discover.services.federation.inbox import Received

FOLLOWERS = table(TopicFollower)
ALL = "*"
_USER = "topic."


def topics_with_actor(ctx: Context) -> tuple[str, ...]:
    """Ids of the topics that have an actor here, as the operator set it."""
    known = catalogue().topics
    if ALL in ctx.topic_actors:
        return tuple(known)
    return tuple(one for one in ctx.topic_actors if one in known)


def has_actor(ctx: Context, topic: str) -> bool:
    return topic in catalogue().topics and not ctx.topic_actors.isdisjoint((topic, ALL))


def actor_uri(ctx: Context, topic: str) -> str:
    return f"{ctx.actor_uri}/topics/{topic}"


def user_of(topic: str) -> str:
    """The user part of its handle: `topic.astronomy`."""
    return f"{_USER}{topic}"


def topic_of_user(ctx: Context, user: str) -> str | None:
    """`topic.astronomy` → `astronomy`, if it has an actor."""
    topic = user.lower().removeprefix(_USER)
    return topic if user.lower().startswith(_USER) and has_actor(ctx, topic) else None


def topic_of_uri(ctx: Context, uri: str | None) -> str | None:
    start = f"{ctx.actor_uri}/topics/"
    if uri is None or not uri.startswith(start):
        return None
    topic = uri.removeprefix(start)
    return topic if has_actor(ctx, topic) else None


def count_followers(ctx: Context, topic: str) -> int:
    mine = FOLLOWERS.c.topic == topic
    with ctx.database.read() as connection:
        count = sa.select(sa.func.count()).select_from(FOLLOWERS).where(mine)
        return connection.scalar(count) or 0


def followed(ctx: Context, connection: Connection, received: Received) -> None:
    """Somebody follows a topic. Everybody may."""
    activity = received.activity
    topic = topic_of_uri(ctx, object_uri(activity))
    if topic is None or received.inbox is None:
        return
    now = ctx.clock.now()
    row = {
        "topic": topic, "actor": received.actor, "host": received.signer_host,
        "inbox": received.inbox, "shared_inbox": received.shared_inbox,
        "follow_id": received.id, "at": now,
    }  # fmt: skip
    columns = ["host", "inbox", "shared_inbox", "follow_id", "at"]
    upsert(connection, TopicFollower, [row], key=["topic", "actor"], update=columns)
    accept = {
        "@context": CONTEXT,
        "id": new_id(ctx),
        "type": "Accept",
        "actor": actor_uri(ctx, topic),
        "to": [received.actor],
        "object": {name: activity[name] for name in ("id", "type", "actor", "object")},
    }
    deliveries.enqueue(connection, activity=accept, inboxes=[received.inbox], now=now)


def undone(ctx: Context, connection: Connection, received: Received) -> None:
    """Undo of such a Follow, embedded or by its id."""
    follow_id, target = object_uri(received.activity), inner(received.activity)
    which = [FOLLOWERS.c.follow_id == (follow_id or "")]
    if target is not None and is_a(target, "Follow") and actor_of(target) in (None, received.actor):
        topic = topic_of_uri(ctx, object_uri(target))
        if topic is not None and follow_id is not None:
            which.append(FOLLOWERS.c.topic == topic)
            # It may have overtaken the Follow.
            seen.never_mind(connection, received.actor, follow_id, ctx.clock.now())
    connection.execute(
        sa.delete(FOLLOWERS).where(FOLLOWERS.c.actor == received.actor, sa.or_(*which))
    )
