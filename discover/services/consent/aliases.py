"""People who moved are the same people: a no follows them to the accounts that say so themselves.

Only an account's own word (`alsoKnownAs`, read at its own server) makes it somebody's alias. Were
an old account's word enough, anybody could pull a stranger out by "moving" to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Actor
from discover.policy.consent import PersonAct, PersonFacts
from discover.services.consent import outs, suppressions
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, DELIBERATE, load_persons
from discover.store.database import upsert
from discover.store.tables import PersonRow


def persons_of(
    ctx: Context,
    connection: Connection,
    actors: Mapping[str, tuple[Actor, str | None]],
    now: datetime,
) -> dict[str, PersonFacts]:
    """`person_of` for several (by URI: actor, handle key), who mostly have nothing to remember."""
    found = {
        uri: person_of(ctx, connection, actor, handle_key, now)
        for uri, (actor, handle_key) in actors.items()
        if actor.also_known_as
    }
    # Asked after those, who may have taken them along
    others = {uri: handle_key for uri, (_, handle_key) in actors.items() if uri not in found}
    for uri, person in load_persons(ctx, connection, others).items():
        found[uri] = person_of(ctx, connection, *actors[uri], now) if person.suppressed else person
    return found


def person_of(
    ctx: Context, connection: Connection, actor: Actor, handle_key: str | None, now: datetime
) -> PersonFacts:
    """What this person told us, here or as who they say they were before; remembered as theirs."""
    others = [uri for uri in actor.also_known_as if uri != actor.uri]
    found = load_persons(ctx, connection, {**dict.fromkeys(others), actor.uri: handle_key})
    own = found.pop(actor.uri)
    # Whoever comes back by an act of their own under the new name has come back.
    returned = own.act.value in DELIBERATE
    before = [] if returned else [uri for uri in found if found[uri].suppressed]
    names = [actor.uri, *([handle_key] if handle_key else [])]
    if own.suppressed and suppressions.spoke_since(ctx, connection, actor.uri, names):
        # What left was a handle, and only now its server says that it is theirs.
        suppressions.lift(ctx, connection, names, now)
        own, before = load_persons(ctx, connection, {actor.uri: handle_key})[actor.uri], []
    if own.suppressed or before:
        # By either name they are known now, so that next time nothing is even fetched.
        others_too = () if own.suppressed else before
        suppressions.suppress(ctx, connection, names, now, along_with=others_too)
        return replace(own, suppressed=True)
    out = next((uri for uri in found if found[uri].act is PersonAct.OUT), None)
    if out is None or own.act is not PersonAct.NONE:
        return own
    _keep_out(ctx, connection, actor.uri, out, now, blocked_us=own.blocked_us)
    return replace(own, act=PersonAct.OUT)


def out_too(ctx: Context, connection: Connection, uri: str, now: datetime) -> list[int]:
    """Somebody said out: listed accounts that say that they are the same person are out too.

    Returns their ids, to be withdrawn. Whoever came in by an act of their own under that name stays.
    """
    ids = []
    for row in accounts_saying(connection, (uri,)):
        person = load_persons(ctx, connection, {row.uri: row.handle_key})[row.uri]
        if person.act is not PersonAct.NONE:
            continue
        _keep_out(ctx, connection, row.uri, uri, now, blocked_us=person.blocked_us)
        ids.append(row.id)
    return ids


def _keep_out(
    ctx: Context,
    connection: Connection,
    uri: str,
    known_as: str,
    now: datetime,
    *,
    blocked_us: bool,
) -> None:
    row = {
        "uri": uri, "act": PersonAct.OUT.value, "tags": [], "blocked_us": blocked_us,
        "at": now, "said_at": None, "source": f"also known as {known_as}",
    }  # fmt: skip
    upsert(connection, PersonRow, [row], key=["uri"], update=["act", "at", "said_at", "source"])
    outs.note(ctx, connection, "person", [uri], now)


def said_aliases(actor: Actor) -> dict[str, Any]:
    """What a listed account's row keeps of it, beside its signals."""
    return {"also_known_as": list(actor.also_known_as)} if actor.also_known_as else {}


def accounts_saying(connection: Connection, uris: tuple[str, ...]) -> list[Any]:
    """Listed accounts that say that they are one of these too: (id, uri, handle_key)."""
    if not uris:
        return []
    text = sa.cast(ACCOUNTS.c.signals, sa.Text)
    rows = connection.execute(
        sa.select(ACCOUNTS.c.id, ACCOUNTS.c.uri, ACCOUNTS.c.handle_key, ACCOUNTS.c.signals).where(
            sa.or_(*(text.contains(f'"{uri}"', autoescape=True) for uri in uris))
        )
    )
    return [row for row in rows if not set(uris).isdisjoint(row.signals.get("also_known_as", ()))]
