"""How fast withdrawals take effect, without saying whose they were.

From the moment we could know, over the commit that hides it from all answers, to the moment when
the raw index no longer holds it. Rows are written with the withdrawal itself, right before its
commit; the index's part is told by `gone`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.index.outbox import OUTBOX
from discover.store.database import table
from discover.store.tables import Withdrawal

WITHDRAWALS = table(Withdrawal)

_NOTE = sa.insert(OUTBOX).returning(OUTBOX.c.id)
_INSERT = sa.insert(WITHDRAWALS)
# Those on their way have an outbox_id, by which they are found; of those that arrived it is gone.
_ON_THEIR_WAY = sa.select(WITHDRAWALS.c.id, WITHDRAWALS.c.outbox_id).where(
    WITHDRAWALS.c.outbox_id > 0
)
_GONE = (
    sa.update(WITHDRAWALS)
    .where(WITHDRAWALS.c.id == sa.bindparam("row"))
    .values(gone_at=sa.bindparam("moment", type_=WITHDRAWALS.c.gone_at.type), outbox_id=None)
)


@dataclass(frozen=True, slots=True)
class Because:
    """What was withdrawn (account, posts, post, server), and when we could know. None: now."""

    what: str
    known_at: datetime | None = None


ACCOUNT, POSTS, POST, SERVER = map(Because, ("account", "posts", "post", "server"))


@dataclass(frozen=True, slots=True)
class _Noted:
    because: Because
    outbox_id: int
    now: datetime
    read_at: float  # on the machine's own clock, when `now` was


_noted: WeakKeyDictionary[Connection, list[_Noted]] = WeakKeyDictionary()


def purge(
    connection: Connection,
    kind: str,
    refs: Sequence[int],
    now: datetime,
    because: Because | None,
    host: str | None = None,
) -> None:
    """Outbox rows for what has just left the database. `because` None: nobody's act, but time's."""
    rows = [{"kind": kind, "ref": ref, "host": host, "at": now} for ref in refs]
    if not rows:
        return
    last = max(connection.scalars(_NOTE, rows))
    if because is None:
        return
    if connection not in _noted:
        _noted[connection] = []
        sa.event.listen(connection, "commit", _write, once=True)
    _noted[connection].append(_Noted(because, last, now, time.monotonic()))


def gone(connection: Connection, outbox_ids: Iterable[int], now: datetime) -> None:
    """The engine has done what these outbox rows ask for."""
    waiting = connection.execute(_ON_THEIR_WAY).all()
    if not waiting:
        return
    done = set(outbox_ids)
    rows = [{"row": row.id, "moment": now} for row in waiting if row.outbox_id in done]
    if rows:
        connection.execute(_GONE, rows)


def _write(connection: Connection) -> None:
    at = time.monotonic()
    rows = [
        {
            "cause": one.because.what,
            "known_at": min(one.because.known_at or one.now, one.now),
            "hidden_at": one.now + timedelta(seconds=at - one.read_at),
            "outbox_id": one.outbox_id,
        }
        for one in _noted.pop(connection)
    ]
    connection.execute(_INSERT, rows)
