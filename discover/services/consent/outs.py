"""Who leaves is written down beside the database too, for the day it comes from a backup."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import ServerOptIn
from discover.services.consent import consent_log
from discover.services.context import Context
from discover.store.database import table, upsert
from discover.store.journal import Journal, Mark, Out, What
from discover.store.tables import JournalMark

log = logging.getLogger(__name__)

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
    """Write down who leaves (actor URIs, handles, hosts), inside the withdrawal's transaction."""
    note_outs(ctx, connection, [Out(what, ctx.digest(name), now, back) for name in names])


def note_outs(ctx: Context, connection: Connection, lines: Iterable[Out]) -> None:
    """The file comes first: a withdrawal that fails afterwards is tried again, and until then the
    strictest reading holds.
    """
    if ctx.journal is None:
        return
    size = 0
    for line in lines:
        size = ctx.journal.append(line)
    if size:
        follow(connection, ctx.journal, size)


def note_proofs(
    ctx: Context,
    connection: Connection,
    host: str,
    kinds: Iterable[ServerOptIn],
    now: datetime,
    *,
    back: bool = False,
) -> None:
    """Proofs of a server's consent that ended, or stand again: not all of them can be asked anew."""
    note(ctx, connection, "proof", [proof_name(host, kind) for kind in kinds], now, back=back)


def proof_name(host: str, kind: ServerOptIn) -> str:
    return f"{kind.value} {host}"


def note_posts(ctx: Context, uris: Iterable[str], now: datetime) -> None:
    """Posts that their own server has taken away or narrowed. They are asked for after a restore
    alone, so that the database need not follow each of them.
    """
    if ctx.journal is not None:
        for uri in uris:
            ctx.journal.append(Out("post", ctx.digest(uri), now))


def follow(connection: Connection, journal: Journal, size: int) -> None:
    """The database knows the journal up to this size."""
    rows = [{"name": journal.name, "size": size}]
    upsert(connection, JournalMark, rows, key=["name"], update=[], update_values=_larger)


def keep_mark(journal: Journal, connection: Connection) -> None:
    """What was just committed moves the mark beside the database."""
    if (mark := consent_log.written(connection)) is not None:
        write_mark(journal, mark)


def write_mark(journal: Journal, mark: Mark, *, anew: bool = False) -> None:
    try:
        journal.set_mark(mark, anew=anew)
    except OSError as error:  # it is done all the same; the next one, or the next start, catches up
        log.warning("the mark beside the journal cannot be written: %s", error)


def _larger(excluded: object) -> dict[str, object]:
    new = excluded.size  # type: ignore[attr-defined]
    return {"size": sa.case((new > MARKS.c.size, new), else_=MARKS.c.size)}
