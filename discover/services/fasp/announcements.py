"""What connected servers announce: hints where to look, and nothing more.

An announcement is matched with what we asked that same server for; its URIs become appointments
for people who are in reach (their server opted in, or they did) or whom we hold. The origin decides.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.observed import Door
from discover.policy.fasp import fits
from discover.policy.origin import host_of
from discover.services.consent.withdraw import VISITS
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, POSTS
from discover.services.fasp.partners import CONNECTIONS, REQUESTS, Partner
from discover.services.federation import pushes
from discover.services.federation.reach import held_among, in_reach
from discover.store.database import chunks, table
from discover.store.tables import FaspRequest
from discover.wire.fasp import Announcement

log = logging.getLogger(__name__)

# A post is announced anew with every like; so often is it looked at, at most.
TRENDING_AGAIN = timedelta(hours=1)
# Subscriptions that a server knows and we do not, which are taken back; more are not believed.
MOST_STRAYS = 20
# Announced things of one host that wait to be looked at.
MOST_WAITING = 1000

_STRAY = ""


def hear(ctx: Context, one: Partner, said: Announcement) -> int:
    """Returns how many appointments were made. Safe to do twice; unknown sources are ignored."""
    if not one.shares:
        return 0
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        row = _source(connection, one, said)
        if row is None:
            _stray(connection, one, said, now)
            return 0
        if not fits(said.category, said.event, asked=(row.category, row.type)):
            log.info("%s announced what was not asked for", one.host)
            return 0
        _note(connection, one, row, said, now)
        return _look(ctx, connection, said, now)


def _source(connection: Connection, one: Partner, said: Announcement) -> Any:
    """What the announcement answers: ids are the partner's own, two servers may use the same."""
    mine = sa.and_(REQUESTS.c.connection_id == one.id, REQUESTS.c.kind == said.kind)
    found = connection.execute(
        sa.select(REQUESTS).where(mine, REQUESTS.c.remote_id == said.source_id)
    ).first()
    if found is not None:
        return found
    # The server may be quicker than the answer that tells us the id.
    asking = connection.execute(
        sa.select(REQUESTS)
        .where(
            mine,
            REQUESTS.c.state == "asking",
            REQUESTS.c.remote_id.is_(None),
            REQUESTS.c.category == said.category,
        )
        .order_by(REQUESTS.c.id)
    ).all()
    return next(
        (row for row in asking if fits(said.category, said.event, asked=(row.category, row.type))),
        None,
    )


def _stray(connection: Connection, one: Partner, said: Announcement, now: datetime) -> None:
    """A subscription that we no longer know (a process died after asking): it is taken back."""
    if said.kind != "subscription":
        return
    strays = connection.scalar(
        sa.select(sa.func.count()).where(
            REQUESTS.c.connection_id == one.id, REQUESTS.c.state == "stale"
        )
    )
    if (strays or 0) >= MOST_STRAYS:
        return
    row = {
        "connection_id": one.id, "kind": "subscription", "category": said.category,
        "type": _STRAY, "remote_id": said.source_id, "state": "stale", "created_at": now,
    }  # fmt: skip
    connection.execute(sa.insert(table(FaspRequest)), row)
    _due(connection, one, now)


def _note(
    connection: Connection, one: Partner, row: Any, said: Announcement, now: datetime
) -> None:
    values: dict[str, Any] = {"heard_at": now}
    if said.kind == "backfill":
        values |= {
            "remote_id": said.source_id,
            "rounds": row.rounds + 1,
            "state": "more" if said.more else "done",
        }
        if said.more:
            _due(connection, one, now)
    connection.execute(sa.update(REQUESTS).where(REQUESTS.c.id == row.id).values(**values))


def _due(connection: Connection, one: Partner, now: datetime) -> None:
    connection.execute(
        sa.update(CONNECTIONS)
        .where(CONNECTIONS.c.id == one.id, CONNECTIONS.c.failures == 0)
        .values(due_at=now)
    )


def _look(ctx: Context, connection: Connection, said: Announcement, now: datetime) -> int:
    if said.event == "delete":
        # Never trusted: whoever holds the original says whether it is gone.
        wanted = held_among(connection, said.uris)
    elif said.category == "account":
        wanted = in_reach(ctx, connection, people=said.uris)
    else:
        wanted = in_reach(ctx, connection, posts=said.uris)
    if said.event == "trending":
        wanted -= _seen_lately(connection, wanted, now)
    wanted = _with_room(connection, wanted, now)
    for uri in sorted(wanted):
        pushes.look(connection, uri, now, Door.FASP)
    if said.category == "content":
        _authors_too(connection, wanted, now)
    return len(wanted)


def _with_room(connection: Connection, uris: Iterable[str], now: datetime) -> set[str]:
    """Without those on hosts where many announced things wait already: no partner can send our
    crawler to a third party for weeks. They are hints; what is real is met again.
    """
    by_host: dict[str, list[str]] = defaultdict(list)
    for uri in sorted(uris):
        by_host[host_of(uri) or ""].append(uri)
    waiting = sa.select(VISITS.c.host, sa.func.count().label("waiting")).where(
        VISITS.c.host.in_(sa.bindparam("hosts", expanding=True)),
        VISITS.c.door == Door.FASP.value,
        VISITS.c.due_at <= now,
    )
    found: set[str] = set()
    for hosts in chunks(list(by_host)):
        rows = connection.execute(waiting.group_by(VISITS.c.host), {"hosts": hosts})
        taken = {row.host: row.waiting for row in rows}
        for host in hosts:
            room = MOST_WAITING - taken.get(host, 0)
            found.update(by_host[host][: max(room, 0)])
    return found


def _seen_lately(connection: Connection, uris: Iterable[str], now: datetime) -> set[str]:
    found: set[str] = set()
    for part in chunks(list(uris)):
        found.update(
            connection.scalars(
                sa.select(POSTS.c.uri).where(
                    POSTS.c.uri.in_(part), POSTS.c.seen_at > now - TRENDING_AGAIN
                )
            )
        )
    return found


def _authors_too(connection: Connection, uris: Iterable[str], now: datetime) -> None:
    """Switching `indexable` off is not announced: whose post is spoken of is read again, too."""
    for part in chunks(list(uris)):
        authors = (
            sa.select(ACCOUNTS.c.uri)
            .join(POSTS, POSTS.c.account_id == ACCOUNTS.c.id)
            .where(POSTS.c.uri.in_(part))
        )
        connection.execute(
            sa.update(VISITS)
            .where(
                VISITS.c.uri.in_(authors),
                VISITS.c.last_at < now - TRENDING_AGAIN,
                VISITS.c.due_at > now,
            )
            .values(due_at=now)
        )
