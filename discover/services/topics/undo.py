"""Boosts are taken back in the transaction in which their post goes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.origin import host_of
from discover.services.facts import ACCOUNTS
from discover.services.federation import deliveries
from discover.services.federation.delivery_turns import DELIVERIES
from discover.store.database import table
from discover.store.tables import TopicBoost, TopicFollower

BOOSTS = table(TopicBoost)
_FOLLOWERS = table(TopicFollower)
_CONTEXT = "https://www.w3.org/ns/activitystreams"
PUBLIC = f"{_CONTEXT}#Public"


def undo_boosts(connection: Connection, posts: Any, now: datetime) -> int:
    """Of these posts (ids, or a SELECT of them), at everybody who was sent them."""
    rows = connection.execute(sa.select(BOOSTS).where(BOOSTS.c.post_id.in_(posts))).all()
    return take_back(connection, rows, now)


def take_back(connection: Connection, rows: Iterable[Any], now: datetime) -> int:
    done = 0
    for row in rows:
        connection.execute(sa.delete(BOOSTS).where(BOOSTS.c.id == row.id))
        # What has not left yet never will, nor be tried again. Where it may have arrived, it is
        # undone.
        connection.execute(sa.delete(DELIVERIES).where(DELIVERIES.c.activity_id == row.activity))
        undo = {
            "@context": _CONTEXT,
            "id": f"{row.activity}/undo",
            "type": "Undo",
            "actor": row.actor,
            "to": [PUBLIC],
            "cc": [f"{row.actor}/followers"],
            "object": announce(row),
        }
        deliveries.enqueue(
            connection,
            activity=undo,
            inboxes=dict.fromkeys(
                [*inboxes(connection, row.topic), *authors_inbox(connection, row)]
            ),
            now=now,
        )
        done += 1
    return done


def announce(row: Any, author: str | None = None) -> dict[str, Any]:
    """The Announce of a row (or mapping) of topic_boosts, without @context.

    `author` (actor URI) is addressed, as Mastodon does, so that they learn of it. Nobody is named
    any more when it is taken back.
    """
    return {
        "id": row.activity,
        "type": "Announce",
        "actor": row.actor,
        "published": row.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "to": [PUBLIC],
        "cc": [f"{row.actor}/followers", *([author] if author else [])],
        "object": row.object,
    }


def authors_inbox(connection: Connection, row: Any) -> list[str]:
    """Of whoever wrote what this row boosts, while they are listed: on their own server, or none."""
    found = connection.execute(
        sa.select(ACCOUNTS.c.inbox, ACCOUNTS.c.shared_inbox).where(ACCOUNTS.c.id == row.account_id)
    ).first()
    inbox = None if found is None else found.shared_inbox or found.inbox
    return [inbox] if inbox and host_of(inbox) == row.host else []


def inboxes(connection: Connection, topic: str) -> list[str]:
    """Of a topic's followers, each once: one delivery serves all of a server's people."""
    rows = connection.execute(
        sa.select(_FOLLOWERS.c.inbox, _FOLLOWERS.c.shared_inbox).where(_FOLLOWERS.c.topic == topic)
    )
    return list(dict.fromkeys(row.shared_inbox or row.inbox for row in rows))
