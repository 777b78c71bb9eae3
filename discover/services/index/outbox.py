"""Outbox rows: written in the transaction of the change that the index has to follow."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.store.bulk import Insert
from discover.store.database import table
from discover.store.tables import OutboxRow, Post

OUTBOX = table(OutboxRow)
POSTS = table(Post)

ACCOUNT = "account"  # look at this account again
POST = "post"  # look at this post again
PURGE_ACCOUNT = "purge_account"  # the account and all its posts leave the index
PURGE_SERVER = "purge_server"  # everything of the host leaves the index

_NOTE = Insert(OutboxRow, ("kind", "ref", "at"))
_INSERT = sa.insert(OUTBOX)
_POST_REFS = sa.select(sa.literal(POST), POSTS.c.id, sa.bindparam("moment", type_=OUTBOX.c.at.type))
_BY_ACCOUNT = _INSERT.from_select(
    ["kind", "ref", "at"], _POST_REFS.where(POSTS.c.account_id == sa.bindparam("account"))
)


def note(connection: Connection, kind: str, refs: Iterable[int], now: datetime) -> None:
    _NOTE(connection, [{"kind": kind, "ref": ref, "at": now} for ref in refs])


def note_whole_account(connection: Connection, account_id: int, now: datetime) -> None:
    """The account and each of its posts."""
    note(connection, ACCOUNT, [account_id], now)
    connection.execute(_BY_ACCOUNT, {"account": account_id, "moment": now})


def note_server_purge(connection: Connection, host: str, now: datetime) -> None:
    connection.execute(_INSERT, [{"kind": PURGE_SERVER, "ref": 0, "host": host, "at": now}])
