"""Direct messages of our actor's, for some days: their addressee's server may fetch them by id.

Most software takes a message as it is delivered; some asks for it again at its own address.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.context import Context
from discover.services.federation import deliveries
from discover.services.federation.delivery_turns import DELIVERIES
from discover.services.holding import hold
from discover.store.database import chunks, table, upsert
from discover.store.tables import NotePerson, SentNote

_NOTES = table(SentNote)
_PEOPLE = table(NotePerson)
_CONTEXT = "https://www.w3.org/ns/activitystreams"
KEPT = timedelta(days=7)


def send(
    connection: Connection,
    activity: dict[str, Any],
    inbox: str,
    now: datetime,
    *,
    about: Collection[int] = (),
    last_word: bool = False,
) -> None:
    """Queue a Create of a note to one person, and keep the note. Idempotent by the note's id.

    `about`: the accounts that it names; when one of them leaves it goes, and if one is leaving now
    it is not sent. `last_word`: see deliveries.enqueue.
    """
    if about and hold(connection, about) != set(about):
        return
    note: Mapping[str, Any] = activity["object"]
    (addressee,) = note["to"]
    row = {
        "id": note["id"].rpartition("/")[2], "addressee": addressee, "at": now,
        "note": {"@context": _CONTEXT, **note},
    }  # fmt: skip
    upsert(connection, SentNote, [row], key=["id"])
    names = [
        {"note": row["id"], "account_id": one, "activity": activity["id"]} for one in set(about)
    ]
    upsert(connection, NotePerson, names, key=["note", "account_id"])
    deliveries.enqueue(connection, activity=activity, inboxes=[inbox], now=now, last_word=last_word)


def forget_about(connection: Connection, accounts: Any) -> None:
    """Notes that name these accounts (ids, or a SELECT of them), and those not delivered yet."""
    rows = connection.execute(sa.select(_PEOPLE).where(_PEOPLE.c.account_id.in_(accounts))).all()
    for part in chunks([row.activity for row in rows]):
        connection.execute(sa.delete(DELIVERIES).where(DELIVERIES.c.activity_id.in_(part)))
    for part in chunks([row.note for row in rows]):
        connection.execute(sa.delete(_PEOPLE).where(_PEOPLE.c.note.in_(part)))
        connection.execute(sa.delete(_NOTES).where(_NOTES.c.id.in_(part)))


def find(ctx: Context, name: str) -> tuple[str, dict[str, Any]] | None:
    """(addressee's URI, the note) by the last part of its id; None when it is not kept."""
    oldest = ctx.clock.now() - KEPT
    query = sa.select(_NOTES).where(_NOTES.c.id == name, _NOTES.c.at >= oldest)
    with ctx.database.read() as connection:
        row = connection.execute(query).first()
    return (row.addressee, row.note) if row is not None else None


def forget_old(connection: Connection, now: datetime) -> int:
    return connection.execute(sa.delete(_NOTES).where(_NOTES.c.at < now - KEPT)).rowcount
