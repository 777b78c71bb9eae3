"""What we asked of connected servers, as rows: written before each call, and after its answer."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from discover.services.context import Context
from discover.services.fasp.partners import REQUESTS


def rows(ctx: Context, server_id: str, kind: str, *states: str) -> list[Any]:
    """Of one connection, in the order in which they were made."""
    with ctx.database.read() as connection:
        return list(
            connection.execute(
                sa.select(REQUESTS)
                .where(
                    REQUESTS.c.connection_id == server_id,
                    REQUESTS.c.kind == kind,
                    REQUESTS.c.state.in_(states),
                )
                .order_by(REQUESTS.c.id)
            )
        )


def ask(ctx: Context, server_id: str, kind: str, category: str, type_: str) -> int:
    """Note that something is about to be asked for."""
    row = {
        "connection_id": server_id, "kind": kind, "category": category, "type": type_,
        "state": "asking", "created_at": ctx.clock.now(),
    }  # fmt: skip
    with ctx.database.write() as connection:
        made = connection.scalar(sa.insert(REQUESTS).returning(REQUESTS.c.id), row)
    assert made is not None
    return int(made)


def change(ctx: Context, row_id: int, *, only: str | None = None, **values: Any) -> None:
    """`only`: if it is in this state."""
    where = [REQUESTS.c.id == row_id]
    if only is not None:
        where.append(REQUESTS.c.state == only)
    with ctx.database.write() as connection:
        connection.execute(sa.update(REQUESTS).where(*where).values(**values))


def drop(ctx: Context, row_id: int) -> None:
    with ctx.database.write() as connection:
        connection.execute(sa.delete(REQUESTS).where(REQUESTS.c.id == row_id))


def subscribed(
    ctx: Context, server_id: str, asking: int, remote_id: str | None, before: list[int]
) -> bool:
    """Note the answer to a subscription; `remote_id` None: refused. True if there is one now.

    `before` are those that it replaces, to be taken back at the server. A server may give the
    same id again; then nothing is.
    """
    with ctx.database.write() as connection:
        here = sa.and_(REQUESTS.c.id.in_(before), REQUESTS.c.state == "open")
        if remote_id is None and connection.scalar(sa.select(REQUESTS.c.id).where(here)):
            # It gives no second one beside the first, which lives on.
            connection.execute(sa.delete(REQUESTS).where(REQUESTS.c.id == asking))
            return True
        state = "refused" if remote_id is None else "open"
        connection.execute(
            sa.update(REQUESTS)
            .where(REQUESTS.c.id == asking)
            .values(remote_id=remote_id, state=state)
        )
        same_id = sa.and_(
            REQUESTS.c.connection_id == server_id,
            REQUESTS.c.kind == "subscription",
            REQUESTS.c.remote_id == remote_id,
            REQUESTS.c.id != asking,
        )
        old = sa.or_(REQUESTS.c.id.in_(before), same_id)
        nothing_there = sa.or_(REQUESTS.c.remote_id.is_(None), REQUESTS.c.remote_id == remote_id)
        connection.execute(sa.delete(REQUESTS).where(old, nothing_there))
        connection.execute(sa.update(REQUESTS).where(old).values(state="stale"))
    return remote_id is not None
