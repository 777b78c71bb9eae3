"""The server's contact account, which speaks for it by a mention of our actor."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy.engine import Connection

from discover.model.instance import ServerOptIn, ServerScope
from discover.policy.origin import host_of
from discover.services.consent.proof_rows import keep, rows_of, statement_of
from discover.services.consent.standing import settle
from discover.services.context import Context
from discover.services.facts import load_servers
from discover.store.database import upsert
from discover.store.tables import ServerProof
from discover.wire.documents import Json
from discover.wire.statement import Statement

_MOST_ASKING = 20

Word = Literal["in", "out", "profiles"]


class ContactAnswer(StrEnum):
    DONE = "done"  # it took effect
    LOOKING = "looking"  # whether this account is the server's contact is looked up now
    REFUSED = "refused"  # the host is blocked here


def contact_said(ctx: Context, connection: Connection, actor_uri: str, said: Word) -> ContactAnswer:
    """An account says that its server is in, out, or in with profiles only.

    It counts when the server itself names the account as its contact. Where that is not known
    yet, the word is kept and the server asked; nothing is decided before. Inside the caller's
    transaction. ValueError for a URI without a host.
    """
    host = host_of(actor_uri)
    if host is None:
        raise ValueError(f"actor without an http(s) origin: {actor_uri!r}")
    if load_servers(connection, [host])[host].blocked:
        return ContactAnswer.REFUSED
    now = ctx.clock.now()
    row = rows_of(connection, host).get(ServerOptIn.CONTACT)
    kept: Json = dict(row.statement) if row is not None else {}
    if actor_uri in kept.get("accounts", ()):
        more = {"accounts": kept["accounts"], "actor": actor_uri}
        keep(connection, host, ServerOptIn.CONTACT, _said(said), now, more)
        settle(ctx, connection, host, now)
        return ContactAnswer.DONE
    asked = dict(kept.get("asked", {}))
    asked.pop(actor_uri, None)
    asked[actor_uri] = said
    kept["asked"] = dict(list(asked.items())[-_MOST_ASKING:])
    values = {
        "host": host, "kind": ServerOptIn.CONTACT.value, "statement": kept,
        "first_seen_at": row.first_seen_at if row is not None else now,
        "checked_at": row.checked_at if row is not None else now,
        "missing_since": row.missing_since if row is not None else None,
    }  # fmt: skip
    upsert(connection, ServerProof, [values], key=["host", "kind"], update=["statement"])
    return ContactAnswer.LOOKING


def hear_contact(
    connection: Connection, host: str, accounts: tuple[str, ...], now: datetime
) -> None:
    """Now it is known who the contact is: does what was said come from there, still?"""
    row = rows_of(connection, host).get(ServerOptIn.CONTACT)
    if row is None:
        return
    kept = row.statement
    said, speaker = statement_of(row), kept.get("actor")
    if speaker is not None and speaker not in accounts and said is not None and said.agrees:
        said = None  # no longer the contact; a no stays until a contact takes it back
    for actor, word in kept.get("asked", {}).items():
        if actor in accounts:
            said, speaker = _said(word), actor
    more: Json = {"accounts": list(accounts)}
    if speaker is not None:
        more["actor"] = speaker
    keep(connection, host, ServerOptIn.CONTACT, said, now, more)


def _said(word: str) -> Statement:
    scope = ServerScope.PROFILES if word == "profiles" else ServerScope.ALL
    return Statement(agrees=word != "out", scope=scope)
