"""Who mentions whom in public: kept only where both agreed to being counted.

A mention goes with its post and with either account by the database's own hand; `forget` is for
those who stay listed but may not be counted any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.holding import hold
from discover.services.index.documents import judge_accounts
from discover.store.database import table, upsert
from discover.store.lookup import Lookup, among
from discover.store.tables import Mention

MENTIONS = table(Mention)
MOST = 10  # of one post: whoever calls out to more speaks to nobody
MOST_PARTNERS = 50

# Statements are made once: to make one costs more than to run it.
_BY_URI = Lookup(sa.select(ACCOUNTS.c.id, ACCOUNTS.c.uri).where(among(ACCOUNTS.c.uri)))
_back = MENTIONS.alias()
# With whom an account ("account") talks: those whom it mentions and who mention it, in no order
PARTNERS = Lookup(
    sa.select(MENTIONS.c.account_id, MENTIONS.c.author_id)
    .where(
        MENTIONS.c.author_id == sa.bindparam("account"),
        MENTIONS.c.account_id != sa.bindparam("account"),
        sa.exists().where(
            _back.c.author_id == MENTIONS.c.account_id,
            _back.c.account_id == sa.bindparam("account"),
        ),
    )
    .distinct()
    .limit(MOST_PARTNERS)
)


@dataclass(frozen=True, slots=True)
class Said:
    """A post whose author may be counted, and the actor URIs that it mentions."""

    author_id: int
    uris: tuple[str, ...]


def note(
    ctx: Context,
    connection: Connection,
    said: Mapping[int, Said],
    edited: Iterable[int],
    now: datetime,
) -> None:
    """Keep what these posts (by id) say, if whom they mention may be counted, too.

    `edited`: posts whose mentions are not what they were.
    """
    if gone := list(edited):
        connection.execute(sa.delete(MENTIONS).where(MENTIONS.c.post_id.in_(gone)))
    told = {post: one for post, one in said.items() if 0 < len(one.uris) <= MOST}
    if not told:
        return
    uris = {uri for one in told.values() for uri in one.uris}
    known = {row.uri: row.id for row in _BY_URI(connection, uris)}
    if not known:
        return
    free = hold(connection, known.values())
    judged = judge_accounts(ctx, connection, free, now)
    may = {number for number, one in judged.items() if one.verdict.trends.allowed}
    rows = [
        {"post_id": post, "account_id": known[uri], "author_id": one.author_id}
        for post, one in told.items()
        for uri in dict.fromkeys(one.uris)
        if known.get(uri) in may and known[uri] != one.author_id
    ]
    if rows:
        upsert(connection, Mention, rows, key=["post_id", "account_id"])


def forget(connection: Connection, posts: Any, accounts: Any = None) -> None:
    """Those in these posts (ids, or a SELECT of them), and those of these accounts."""
    of_these: sa.ColumnElement[bool] = MENTIONS.c.post_id.in_(posts)
    if accounts is not None:
        of_these = sa.or_(of_these, MENTIONS.c.account_id.in_(accounts))
    connection.execute(sa.delete(MENTIONS).where(of_these))
