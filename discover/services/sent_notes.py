"""Direct messages of our actor's, for some days: their addressee's server may fetch them by id.

Most software takes a message as it is delivered; some asks for it again at its own address.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services import deliveries
from discover.services.context import Context
from discover.store.database import table, upsert
from discover.store.tables import SentNote

_NOTES = table(SentNote)
_CONTEXT = "https://www.w3.org/ns/activitystreams"
KEPT = timedelta(days=7)


def send(
    connection: Connection,
    activity: dict[str, Any],
    inbox: str,
    now: datetime,
    *,
    last_word: bool = False,
) -> None:
    """Queue a Create of a note to one person, and keep the note. Idempotent by the note's id.

    `last_word`: see deliveries.enqueue.
    """
    note: Mapping[str, Any] = activity["object"]
    (addressee,) = note["to"]
    row = {
        "id": note["id"].rpartition("/")[2], "addressee": addressee, "at": now,
        "note": {"@context": _CONTEXT, **note},
    }  # fmt: skip
    upsert(connection, SentNote, [row], key=["id"])
    deliveries.enqueue(connection, activity=activity, inboxes=[inbox], now=now, last_word=last_word)


def find(ctx: Context, name: str) -> tuple[str, dict[str, Any]] | None:
    """(addressee's URI, the note) by the last part of its id; None when it is not kept."""
    oldest = ctx.clock.now() - KEPT
    query = sa.select(_NOTES).where(_NOTES.c.id == name, _NOTES.c.at >= oldest)
    with ctx.database.read() as connection:
        row = connection.execute(query).first()
    return (row.addressee, row.note) if row is not None else None


def forget_old(connection: Connection, now: datetime) -> int:
    return connection.execute(sa.delete(_NOTES).where(_NOTES.c.at < now - KEPT)).rowcount
