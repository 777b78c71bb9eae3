"""What people tell us without words: a block is an opt-out, a report is for the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.policy.consent import PersonAct
from discover.services.consent import outs
from discover.services.consent.withdraw import VISITS, withdraw_account
from discover.services.consent.withdrawals import Because
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, DELIBERATE, PERSONS, load_persons
from discover.services.federation import following, pushes, relays
from discover.services.federation.reach import holds
from discover.store.database import table, upsert
from discover.store.tables import PersonRow, Report
from discover.wire.jsonld import as_ids, as_text
from discover.wire.received import inner, is_a, object_uri
from discover.wire.text import plain

if TYPE_CHECKING:
    from discover.services.federation.inbox import Received

MOST_REPORTED = 100
MOST_WAITING = 100  # unread reports of one server
_REPORTS = table(Report)
REPORT_LENGTH = 5000


def blocked(ctx: Context, connection: Connection, received: Received) -> None:
    """Whoever blocks our actor has opted out. It is true before anything else happens."""
    if object_uri(received.activity) != ctx.actor_uri:
        return
    actor, now = received.actor, ctx.clock.now()
    row = {
        "uri": actor, "act": PersonAct.NONE.value, "tags": [], "blocked_us": True, "at": now,
        "source": received.id,
    }  # fmt: skip
    # Beside whatever else they told us, which counts again when the block goes.
    upsert(connection, PersonRow, [row], key=["uri"], update=["blocked_us", "at"])
    outs.note(ctx, connection, "person", [actor], now)
    account_id = connection.scalar(sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.uri == actor))
    if account_id is not None:
        withdraw_account(connection, account_id, now, Because("account", received.at))
    connection.execute(sa.delete(VISITS).where(VISITS.c.uri == actor))
    following.part(ctx, connection, actor)
    relays.server_blocked_us(ctx, connection, actor, now)


def unblocked(ctx: Context, connection: Connection, received: Received) -> None:
    """Their own flags, and what else they told us, decide again."""
    actor, now = received.actor, ctx.clock.now()
    target = inner(received.activity)
    row = connection.execute(sa.select(PERSONS).where(PERSONS.c.uri == actor)).first()
    if row is None or not row.blocked_us:
        return
    ours = is_a(target, "Block") and object_uri(target or {}) == ctx.actor_uri
    if not ours and row.source != object_uri(received.activity):
        return
    if row.act == PersonAct.NONE.value:
        connection.execute(sa.delete(PERSONS).where(PERSONS.c.uri == actor))
    else:
        connection.execute(
            sa.update(PERSONS).where(PERSONS.c.uri == actor).values(blocked_us=False, at=now)
        )
    person = load_persons(ctx, connection, {actor: None})[actor]
    if person.act is not PersonAct.OUT and not person.suppressed:
        outs.note(ctx, connection, "person", [actor], now, back=True)
    relays.server_unblocked_us(ctx, connection, actor, now)
    if person.act in DELIBERATE and not person.suppressed:
        pushes.look_at_who_asked(connection, actor, now)
    else:
        pushes.look_at_person(ctx, connection, actor, now)


def flagged(ctx: Context, connection: Connection, received: Received) -> None:
    """A report, for the operator to read: of us, or of somebody or something that is held here."""
    objects = list(as_ids(received.activity.get("object"), MOST_REPORTED))
    ours = ctx.actor_uri in objects or any(holds(connection, one) for one in objects)
    if not ours or _many_wait(connection, received.signer_host):
        return
    row = {
        "actor": received.actor,
        "objects": objects,
        "content": plain(as_text(received.activity.get("content")), REPORT_LENGTH),
        "at": ctx.clock.now(),
    }
    connection.execute(sa.insert(_REPORTS), row)


def _many_wait(connection: Connection, host: str) -> bool:
    """One server cannot bury the operator in reports that nobody has read yet."""
    theirs = sa.or_(
        *(
            _REPORTS.c.actor.startswith(f"{scheme}://{host}/", autoescape=True)
            for scheme in ("https", "http")
        )
    )
    waiting = sa.select(sa.func.count()).where(theirs, _REPORTS.c.handled.is_(False))
    return (connection.scalar(waiting) or 0) >= MOST_WAITING
