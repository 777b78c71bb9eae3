"""What is pushed to us only says where to look: appointments are made, the origin decides.

Nothing of a push itself is stored, and only those are looked at whose server or who themselves
opted in, or whom we hold already.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.observed import ActorMissing, Door, Missing, PostMissing
from discover.policy.origin import host_of, same_origin
from discover.services.consent.withdraw import VERDICTS, VISITS
from discover.services.context import Context
from discover.services.crawl.observe_actor import actor_missing
from discover.services.crawl.observe_posts import post_missing
from discover.services.facts import (
    ACCOUNTS,
    POSTS,
    SERVERS,
    load_persons,
)
from discover.services.federation import interactions
from discover.services.federation.reach import holds, may_look, may_look_at_person
from discover.store.database import upsert
from discover.store.tables import Server, Visit
from discover.wire.jsonld import as_id
from discover.wire.received import inner, is_a, is_actor, object_uri, pushed_post

if TYPE_CHECKING:
    from discover.services.federation.inbox import Received

# A pin is no reason to read a whole account again at once.
_AGAIN_AFTER = timedelta(hours=1)


def created(ctx: Context, connection: Connection, received: Received) -> None:
    uri, author = pushed_post(received.activity)
    if uri is not None:
        _look_at_post(ctx, connection, uri, author)


def updated(ctx: Context, connection: Connection, received: Received) -> None:
    """A profile, or a post. Flags may just have changed, so the newest no does not count."""
    uri, held = object_uri(received.activity), inner(received.activity)
    if uri is None:
        return
    if uri == received.actor or (held is not None and is_actor(held)):
        look_at_person(ctx, connection, uri, ctx.clock.now())
    else:
        created(ctx, connection, received)


def deleted(ctx: Context, connection: Connection, received: Received) -> None:
    """What its own author takes back is hidden at once; the origin has the last word on it.

    From anybody else it is only a reason to look.
    """
    uri, now = object_uri(received.activity), ctx.clock.now()
    if uri is None or not holds(connection, uri):
        return
    author = connection.execute(
        sa.select(ACCOUNTS.c.id, ACCOUNTS.c.uri).where(ACCOUNTS.c.uri == uri)
    ).first()
    if author is not None:
        if received.proven and received.actor == uri:
            # With the verdict, so that "why" tells it too.
            gone = ActorMissing(uri, Missing.GONE, None, received.at, "they deleted it themselves")
            actor_missing(ctx, connection, gone, now)
    else:
        owner = connection.scalar(
            sa.select(ACCOUNTS.c.uri)
            .join(POSTS, POSTS.c.account_id == ACCOUNTS.c.id)
            .where(POSTS.c.uri == uri)
        )
        if received.proven and received.actor == owner:
            post_missing(ctx, connection, PostMissing(uri, received.at), now)
    look(connection, uri, now)


def moved(ctx: Context, connection: Connection, received: Received) -> None:
    """The old account is read again; the new one is somebody to look at on their own."""
    now = ctx.clock.now()
    old, new = object_uri(received.activity), as_id(received.activity.get("target"))
    if old == received.actor and old is not None and holds(connection, old):
        look(connection, old, now)
    left = old is not None and load_persons(ctx, connection, {old: None})[old].suppressed
    if new is not None and not left:
        look_at_person(ctx, connection, new, now)


def announced(ctx: Context, connection: Connection, received: Received) -> None:
    """A boost: a signal where both consent, and always only a hint about somebody else."""
    interactions.interaction(ctx, connection, received, "announce")
    held = inner(received.activity)
    if held is not None and is_a(held, "Delete"):
        if (gone := object_uri(held)) and holds(connection, gone):
            look(connection, gone, ctx.clock.now())
        return
    uri, author = pushed_post(received.activity)
    if uri is not None:
        _look_at_post(ctx, connection, uri, author)


def featured(ctx: Context, connection: Connection, received: Received) -> None:
    """Something was pinned or unpinned: soon their account is read again."""
    now = ctx.clock.now()
    connection.execute(
        sa.update(VISITS)
        .where(
            VISITS.c.uri == received.actor,
            VISITS.c.last_at < now - _AGAIN_AFTER,
            VISITS.c.due_at > now,
            sa.exists().where(ACCOUNTS.c.uri == received.actor),
        )
        .values(due_at=now)
    )


def look_at_person(ctx: Context, connection: Connection, uri: str, now: datetime) -> bool:
    """Make an appointment if they may be looked at. True when it was made."""
    if not holds(connection, uri) and not may_look_at_person(ctx, connection, uri):
        return False
    look(connection, uri, now)
    return True


def look_at_who_asked(connection: Connection, uri: str, now: datetime) -> None:
    """A visit at once, also where the server has not opted in: its robots.txt is read first."""
    host = host_of(uri)
    assert host is not None
    upsert(connection, Server, [{"host": host, "due_at": now}], key=["host"])
    connection.execute(
        sa.update(SERVERS)
        .where(
            SERVERS.c.host == host,
            SERVERS.c.blocked.is_(False),
            SERVERS.c.opted_out.is_(False),
            SERVERS.c.due_at.is_(None),
        )
        .values(due_at=now)
    )
    look(connection, uri, now, Door.COMMAND)


def look(connection: Connection, uri: str, now: datetime, door: Door = Door.PUSH) -> None:
    """Visit this actor or post now. No old validator: a cache must not answer for it."""
    row = {"uri": uri, "host": host_of(uri), "door": door.value, "due_at": now}
    row |= {"etag": None, "last_modified": None}
    columns = ["due_at", "etag", "last_modified"]
    if door is Door.FASP:
        upsert(connection, Visit, [row], key=["uri"], update=columns, update_values=_unless_ours)
        return
    if door is not Door.PUSH:
        columns.append("door")
    upsert(connection, Visit, [row], key=["uri"], update=columns)


def _unless_ours(new: Any) -> dict[str, Any]:
    """An appointment that does not end with one look stays what it is: no partner's announcement
    may end it, were it of somebody who asked for us and whose server is silent today.
    """
    passing = VISITS.c.door.in_((Door.PUSH.value, Door.BOOST.value))
    return {"door": sa.case((passing, new["door"]), else_=VISITS.c.door)}


def _look_at_post(ctx: Context, connection: Connection, uri: str, author: str | None) -> None:
    now = ctx.clock.now()
    if holds(connection, uri):
        look(connection, uri, now)
        return
    if author is None:
        if may_look(ctx, connection, uri):
            look(connection, uri, now)
        return
    if not same_origin(uri, author):
        return
    account = connection.execute(
        sa.select(ACCOUNTS.c.posts_allowed).where(ACCOUNTS.c.uri == author)
    ).first()
    if account is not None:
        if account.posts_allowed and may_look_at_person(ctx, connection, author):
            look(connection, uri, now)
    elif _unjudged(connection, author) and may_look_at_person(ctx, connection, author):
        # Whoever they are, their profile is asked before any post of theirs.
        upsert(
            connection,
            Visit,
            [{"uri": author, "host": host_of(author), "door": Door.PUSH.value, "due_at": now}],
            key=["uri"],
        )


def _unjudged(connection: Connection, uri: str) -> bool:
    found = connection.execute(sa.select(VERDICTS.c.uri).where(VERDICTS.c.uri == uri)).first()
    return found is None
