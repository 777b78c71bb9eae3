"""A blocklist that was read and is looked at before it is applied."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.words import N_
from discover.services.consent.blocklists import OPERATOR, Imported, import_list, preview
from discover.services.context import Context
from discover.store.database import table
from discover.store.tables import BlocklistDraft
from discover.wire.blocklist import Block, read_blocklist

_DRAFTS = table(BlocklistDraft)
_KEPT = timedelta(days=1)
_NAME = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """`milder`: hosts that the list only silences and that are left out."""

    token: str
    name: str
    report: Imported
    milder: int
    obfuscated: int
    unreadable: int


def keep_draft(
    ctx: Context, operator: str, name: str, text: str, *, silenced_too: bool = False
) -> str:
    """Read a list and keep it. Returns its token. ValueError with a sentence for the operator."""
    name = name.strip()[:_NAME]
    if not name or name == OPERATOR:
        raise ValueError(N_("Give the list a name of its own."))
    found = read_blocklist(text)
    wanted = ("suspend", "silence") if silenced_too else ("suspend",)
    blocks = [one for one in found.blocks if one.severity in wanted]
    if not blocks:
        raise ValueError(N_("That list blocks nobody; nothing was changed."))
    token, now = secrets.token_urlsafe(16), ctx.clock.now()
    row = {
        "token": token, "name": name, "operator": operator, "at": now,
        "blocks": [[one.host, one.severity, one.reason] for one in blocks],
        "skipped": {
            "milder": len(found.blocks) - len(blocks), "obfuscated": found.obfuscated,
            "unreadable": found.unreadable,
        },
    }  # fmt: skip
    with ctx.database.write() as connection:
        forget_drafts(connection, now)
        connection.execute(sa.insert(_DRAFTS).values(**row))
    return token


def find_draft(ctx: Context, token: str, operator: str) -> Draft | None:
    """What it would do now. None when it is not theirs, or no longer there."""
    found = _load(ctx, token, operator)
    if found is None:
        return None
    name, blocks, skipped = found
    return Draft(token=token, name=name, report=preview(ctx, name, blocks), **skipped)


def apply_draft(ctx: Context, token: str, operator: str) -> Imported | None:
    """Import it. None when it is not theirs, or no longer there."""
    found = _load(ctx, token, operator)
    if found is None:
        return None
    done = import_list(ctx, found[0], found[1])
    with ctx.database.write() as connection:
        connection.execute(sa.delete(_DRAFTS).where(_DRAFTS.c.token == token))
    return done


def forget_drafts(connection: Connection, now: datetime) -> int:
    return connection.execute(sa.delete(_DRAFTS).where(_DRAFTS.c.at < now - _KEPT)).rowcount


def _load(
    ctx: Context, token: str, operator: str
) -> tuple[str, list[Block], dict[str, int]] | None:
    mine = sa.and_(_DRAFTS.c.token == token, _DRAFTS.c.operator == operator)
    with ctx.database.read() as connection:
        row = connection.execute(sa.select(_DRAFTS).where(mine)).first()
    if row is None or row.at < ctx.clock.now() - _KEPT:
        return None
    return row.name, [Block(*cells) for cells in row.blocks], row.skipped
