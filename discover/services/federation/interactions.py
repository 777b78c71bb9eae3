"""Likes and boosts: kept only where the one who acts and the author both consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.consent.withdraw import INTERACTIONS
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POSTS
from discover.services.holding import hold
from discover.services.index.documents import judge_accounts
from discover.services.trends import uses as trend_uses
from discover.store.database import upsert
from discover.store.tables import Interaction
from discover.wire.received import inner, is_a, object_uri

if TYPE_CHECKING:
    from discover.services.federation.inbox import Received


def liked(ctx: Context, connection: Connection, received: Received) -> None:
    interaction(ctx, connection, received, "like")


def interaction(ctx: Context, connection: Connection, received: Received, kind: str) -> bool:
    """Keep a like or boost of a post that we hold. False when it may not be counted."""
    post = connection.execute(
        sa.select(POSTS.c.id, POSTS.c.account_id).where(
            POSTS.c.uri == (object_uri(received.activity) or "")
        )
    ).first()
    by = connection.scalar(sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == received.actor))
    if post is None or by is None or not received.proven:
        return False
    now = ctx.clock.now()
    both = {by, post.account_id}
    if hold(connection, both) != both:
        return False
    judged = judge_accounts(ctx, connection, both, now)
    if any(one not in judged or not judged[one].verdict.trends.allowed for one in both):
        return False
    same = sa.and_(
        INTERACTIONS.c.kind == kind,
        INTERACTIONS.c.account_id == by,
        INTERACTIONS.c.post_id == post.id,
    )
    # One voice each, however many ids it is given.
    if connection.execute(sa.select(INTERACTIONS.c.activity).where(same)).first() is None:
        row = {"activity": received.id, "kind": kind, "at": now}
        row |= {"account_id": by, "post_id": post.id}
        upsert(connection, Interaction, [row], key=["activity"])
    return True


def undone(connection: Connection, received: Received) -> None:
    """Undo of a Like or an Announce, named or embedded."""
    account = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == received.actor).scalar_subquery()
    what = [INTERACTIONS.c.activity == (object_uri(received.activity) or "")]
    target = inner(received.activity)
    for name in ("Like", "Announce"):
        if target is not None and is_a(target, name):
            post = sa.select(POSTS.c.id).where(POSTS.c.uri == (object_uri(target) or ""))
            what.append(
                sa.and_(
                    INTERACTIONS.c.kind == name.lower(),
                    INTERACTIONS.c.post_id == post.scalar_subquery(),
                )
            )
    these = sa.and_(INTERACTIONS.c.account_id == account, sa.or_(*what))
    trend_uses.unheard(connection, sa.select(INTERACTIONS.c.post_id).where(these))
    connection.execute(sa.delete(INTERACTIONS).where(these))
