"""What was posted to our inbox: kept once, in one transaction, and worked off by the worker."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

import sqlalchemy as sa

from discover.model.frozen import quick
from discover.net.verify import Use
from discover.policy.origin import host_of
from discover.services.consent.proof_rows import out_by_contact
from discover.services.consent.withdraw import VERDICTS, VISITS
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, PERSONS, SERVERS
from discover.services.federation import dispatch
from discover.services.federation.relays import subscribed_hosts
from discover.services.federation.seen import KIND, TASKS, digest, first_times
from discover.services.federation.signatures import first_uses
from discover.services.talk import commands
from discover.store.bulk import Insert
from discover.store.database import table
from discover.store.tables import Follower, Following, Task
from discover.wire.received import actor_of, addresses, id_of

log = logging.getLogger(__name__)

_TASK = ("kind", "key", "due_at", "attempts", "last_error", "payload")
_QUEUE = Insert(Task, _TASK, unless=("kind", "key"))

_FOLLOWERS = table(Follower)
_FOLLOWING = table(Following)

# What still raises after so many tries (about a day) is not understood and never will be.
MOST_TRIES = 10
# What a person may still say whose server has opted out: it can only make us do less.
WITHDRAWALS = frozenset({"Delete", "Undo", "Block", "Reject"})


@quick(frozen=True, slots=True)
class Received:
    """An activity whose signature was verified, which says who sent it, not that it is true.

    `signer_actor` and `signer_host` are empty when its actor is said to be gone, key and all:
    nobody vouches for it then. `inbox` and `shared_inbox` are the signer's.
    """

    activity: dict[str, Any]
    signer_actor: str
    signer_host: str
    inbox: str | None
    shared_inbox: str | None
    at: datetime
    automated: bool = False  # the signer is a Service or Application: nobody to talk with
    # As the activity has them: read from it unless the caller has done so.
    actor: str = ""
    id: str = ""

    def __post_init__(self) -> None:
        if not self.actor:
            object.__setattr__(self, "actor", actor_of(self.activity) or "")
        if not self.id:
            object.__setattr__(self, "id", id_of(self.activity) or "")

    @property
    def proven(self) -> bool:
        """Did the actor itself sign it? Otherwise a third party hands it on."""
        return bool(self.signer_actor) and self.signer_actor == self.actor


class Heard(Enum):
    """What becomes of an activity at the door."""

    KEPT = "kept"
    NOTHING = "nothing"  # heard before, or nothing to us: nothing is kept
    REPLAYED = "replayed"  # its signature was used before


def accept_many(ctx: Context, group: Sequence[tuple[Received, Use | None]]) -> list[Heard]:
    """Queue activities in one transaction, and their signatures' use with them.

    What is answered is committed. Answers in their order; no use: nobody signed (see Received).
    """
    now = ctx.clock.now()
    answers = [Heard.NOTHING] * len(group)
    with ctx.database.write() as connection:
        signed = [(place, use) for place, (_, use) in enumerate(group) if use is not None]
        first = first_uses(connection, [use for _, use in signed])
        for (place, _), once in zip(signed, first, strict=True):
            if not once:
                answers[place] = Heard.REPLAYED
        fresh = [place for place, answer in enumerate(answers) if answer is Heard.NOTHING]
        wanted = dispatch.wanted(ctx, connection, [group[place][0] for place in fresh])
        by_name: dict[str, int] = {}  # of the same twice in one group, the first
        for place, want in zip(fresh, wanted, strict=True):
            if want:
                received = group[place][0]
                by_name.setdefault(digest(received.actor, received.id), place)
        # In one order everywhere, so that two processes never wait for each other in a circle.
        new = first_times(connection, sorted(by_name), now)
        for name in new:
            answers[by_name[name]] = Heard.KEPT
        rows = [
            {
                "kind": KIND, "key": name, "due_at": now, "attempts": 0, "last_error": "",
                "payload": _payload(group[by_name[name]][0]),
            }
            for name in sorted(new)
        ]  # fmt: skip
        _QUEUE(connection, rows)
    return answers


def _payload(received: Received) -> dict[str, Any]:
    return {
        "activity": received.activity,
        "signer_actor": received.signer_actor,
        "signer_host": received.signer_host,
        "inbox": received.inbox,
        "shared_inbox": received.shared_inbox,
        "at": received.at.isoformat(),
        "automated": received.automated,
    }


# What one server says is heard in one go: an Undo beside its Follow would see nothing to undo.
# SQLite writes one transaction at a time anyway.
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(7211, hashtext(:host))")


def work_off(ctx: Context, payload: Mapping[str, Any]) -> None:
    """The task "inbox": apply one activity. Its task goes in the same transaction: never twice."""
    received = Received(**{**payload, "at": datetime.fromisoformat(payload["at"])})
    name = digest(received.actor, received.id)
    mine = sa.and_(TASKS.c.kind == KIND, TASKS.c.key == name)
    host = host_of(received.actor)
    with ctx.database.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(_ONE_AT_A_TIME, {"host": host})
        attempts = connection.scalar(sa.select(TASKS.c.attempts).where(mine))
        connection.execute(sa.delete(TASKS).where(mine))
        if attempts is None:
            return
        if attempts >= MOST_TRIES:
            log.error("an activity from %s is given up", received.signer_host)
            return
        row = connection.execute(_REFUSED.where(SERVERS.c.host == host)).first()
        kind = dispatch.kind_of(received.activity)
        if row is None or not is_refused(kind, blocked=row.blocked):
            dispatch.dispatch(ctx, connection, received)
        elif speaks_to_us(ctx, received.activity) and host in out_by_contact(
            connection, ctx.clock.now()
        ):
            commands.take_back(ctx, connection, received)


_REFUSED = sa.select(SERVERS.c.host, SERVERS.c.blocked).where(
    sa.or_(SERVERS.c.blocked.is_(True), SERVERS.c.opted_out.is_(True))
)


@dataclass(frozen=True, slots=True)
class Guests:
    """What the door has to know about hosts before it hears anybody."""

    refused: Mapping[str, bool]  # -> whether our operator blocked it (else its admin opted out)
    relays: frozenset[str]  # they may hand us other people's activities
    may_return: frozenset[str]  # refused, but their contact account may say in again


def guests(ctx: Context) -> Guests:
    with ctx.database.read() as connection:
        rows = connection.execute(_REFUSED).all()
        back = out_by_contact(connection, ctx.clock.now())
    return Guests({row.host: row.blocked for row in rows}, subscribed_hosts(ctx), back)


def is_refused(kind: str | None, *, blocked: bool) -> bool:
    """What is not heard from a host that may not speak to us.

    Nothing at all from a blocked one: nothing of it is shown either. From one whose admin opted
    out a person's own no still counts, for the day its admin comes back.
    """
    return blocked or kind not in WITHDRAWALS


def speaks_to_us(ctx: Context, activity: dict[str, Any]) -> bool:
    """A message to our actor: from a server in Guests.may_return it is heard."""
    return dispatch.kind_of(activity) == "Create" and addresses(activity, ctx.actor_uri)


def holds_anything(ctx: Context, actor: str) -> bool:
    """Is there any row about this actor?"""
    columns = (
        ACCOUNTS.c.uri, PERSONS.c.uri, VISITS.c.uri, VERDICTS.c.uri, _FOLLOWERS.c.actor,
        _FOLLOWING.c.actor,
    )  # fmt: skip
    with ctx.database.read() as connection:
        return any(
            connection.execute(sa.select(column).where(column == actor).limit(1)).first()
            for column in columns
        )
