"""Which activities were accepted: each counts once, by its actor and its id."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.net.verify import DIGEST_BYTES
from discover.services.context import Context
from discover.store.bulk import Insert
from discover.store.database import table, upsert
from discover.store.tables import SeenActivity, Task

SEEN = table(SeenActivity)
TASKS = table(Task)
KIND = "inbox"  # of the task that works an activity off; its key is the digest

# Senders give up after days; an activity that comes later than this is looked at once more.
REMEMBERED = timedelta(days=30)

_WRITE_DOWN = Insert(SeenActivity, ("digest", "at"), unless=("digest",), returning="digest")


def digest(actor: str, activity_id: str) -> str:
    """Under which an activity is remembered."""
    full = hashlib.sha256(f"{actor}\n{activity_id}".encode()).digest()
    return base64.urlsafe_b64encode(full[:DIGEST_BYTES]).decode("ascii")


def first_times(connection: Connection, names: Iterable[str], now: datetime) -> set[str]:
    """Write these down; those that were not there yet."""
    return set(_WRITE_DOWN(connection, [{"digest": name, "at": now} for name in names]))


def never_mind(connection: Connection, actor: str, activity_id: str, now: datetime) -> None:
    """An activity that was taken back before it was worked off, or before it even came."""
    name = digest(actor, activity_id)
    upsert(connection, SeenActivity, [{"digest": name, "at": now}], key=["digest"])
    connection.execute(sa.delete(TASKS).where(TASKS.c.kind == KIND, TASKS.c.key == name))


def forget_seen(ctx: Context) -> int:
    """Activities that nobody sends any more."""
    with ctx.database.write() as connection:
        return connection.execute(
            sa.delete(SEEN).where(SEEN.c.at < ctx.clock.now() - REMEMBERED)
        ).rowcount
