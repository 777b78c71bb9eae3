"""Who leaves is written down beside the database too, for the day it comes from a backup."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.context import Context
from discover.store.database import table, upsert
from discover.store.journal import Journal, Out, What
from discover.store.tables import JournalMark

MARKS = table(JournalMark)


def note(
    ctx: Context,
    connection: Connection,
    what: What,
    names: Iterable[str],
    now: datetime,
    *,
    back: bool = False,
) -> None:
    """Write down who leaves (actor URIs, handles, hosts), inside the withdrawal's transaction.

    The file comes first: a withdrawal that fails afterwards is tried again, and until then the
    strictest reading holds.
    """
    if ctx.journal is None:
        return
    size = 0
    for name in names:
        size = ctx.journal.append(Out(what, ctx.digest(name), now, back))
    if size:
        follow(connection, ctx.journal, size)


def follow(connection: Connection, journal: Journal, size: int) -> None:
    """The database knows the journal up to this size."""
    rows = [{"name": journal.name, "size": size}]
    upsert(connection, JournalMark, rows, key=["name"], update=[], update_values=_larger)


def _larger(excluded: object) -> dict[str, object]:
    new = excluded.size  # type: ignore[attr-defined]
    return {"size": sa.case((new > MARKS.c.size, new), else_=MARKS.c.size)}
