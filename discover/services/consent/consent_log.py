"""The public log of consent decisions: append-only, hash-chained, without anybody's name.

What happens in a transaction is gathered and written right before its commit, so that an entry is
there exactly if its decision is, the accounts of a batch make one entry, and the head of the chain
is locked last and shortest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import RobotsState
from discover.policy.chain import BEGINNING, Entry, link, moment
from discover.policy.consent import RULE_VERSION, Rules
from discover.services.context import Context
from discover.services.facts import SERVER_COLUMNS, SERVERS
from discover.store.database import table, upsert
from discover.store.journal import Mark
from discover.store.lookup import Lookup, among
from discover.store.tables import ConsentLogEntry, Lock

LOG = table(ConsentLogEntry)
_HEAD = "consent_log"
PAGE = 1000


TAKEN_BACK = "taken back"


class Event(StrEnum):
    """All that is logged. Servers are named; of accounts and posts there are only counts."""

    SERVER_IN = "server_in"
    SERVER_OUT = "server_out"
    ACCOUNTS_LISTED = "accounts_listed"
    ACCOUNTS_WITHDRAWN = "accounts_withdrawn"
    POSTS_WITHDRAWN = "posts_withdrawn"
    RULES_CHANGED = "rules_changed"
    RESTORED = "restored"


_State = tuple[Event, dict[str, Any]]


@dataclass(slots=True)
class _Noted:
    at: datetime
    counts: dict[Event, int] = field(default_factory=dict)
    hosts: dict[str, None] = field(default_factory=dict)
    rules: dict[str, Any] | None = None
    restored: bool = False


# By connection: each transaction has one of its own (Database.write), which goes with it.
_noted: WeakKeyDictionary[Connection, _Noted] = WeakKeyDictionary()

# The newest entry of a transaction, until it is committed
_written: WeakKeyDictionary[Connection, Mark] = WeakKeyDictionary()

_LAST = sa.select(LOG.c.id, LOG.c.digest, LOG.c.at).order_by(LOG.c.id.desc()).limit(1)
_INSERT = sa.insert(LOG)
_AFTER = (
    sa.select(LOG).where(LOG.c.id > sa.bindparam("after")).order_by(LOG.c.id)
    .limit(sa.bindparam("limit"))
)  # fmt: skip
_SERVER_EVENTS = (
    sa.select(LOG.c.event, LOG.c.details)
    .where(LOG.c.event.in_((Event.SERVER_IN.value, Event.SERVER_OUT.value)))
    .order_by(LOG.c.id)
)
_SERVERS = Lookup(sa.select(*SERVER_COLUMNS).where(among(SERVERS.c.host)))
_LAST_RULES = (
    sa.select(LOG.c.details).where(LOG.c.event == Event.RULES_CHANGED).order_by(LOG.c.id.desc())
    .limit(1)
)  # fmt: skip


def note_count(connection: Connection, event: Event, amount: int, now: datetime) -> None:
    """So many accounts or posts; those of one transaction are added up."""
    counts = _of(connection, now).counts
    counts[event] = counts.get(event, 0) + amount


def server_touched(connection: Connection, host: str, now: datetime) -> None:
    """Something about a server's will was written: log it if it came in or went out by that."""
    _of(connection, now).hosts[host] = None


def log_servers(ctx: Context) -> None:
    """Look at every server, so that nothing that was ever recorded stays unlogged."""
    with ctx.database.read() as connection:
        hosts = set(connection.scalars(sa.select(SERVERS.c.host)))
        last = _last_states(connection)
    with ctx.database.write() as connection:
        for host in sorted(hosts | last.keys()):
            server_touched(connection, host, ctx.clock.now())


def note_rules(ctx: Context) -> bool:
    """Log the rules in force when they are others than those last logged. True if so."""
    rules = rules_in_force(ctx.rules)
    with ctx.database.write() as connection:
        if connection.scalar(_LAST_RULES) == rules:
            return False
        _of(connection, ctx.clock.now()).rules = rules
    return True


def rules_in_force(rules: Rules) -> dict[str, Any]:
    """The rules' version, and what the operator may tighten."""
    return {
        "rule_version": RULE_VERSION,
        "post_consent": "deliberate" if rules.deliberate_posts else "flags",
        "retention_days": rules.retention.days,
        # whole seconds: a fraction of a number has no one canonical spelling
        "hide_seconds": int(rules.hide_after.total_seconds()),
        "purge_seconds": int(rules.purge_after.total_seconds()),
        "extra_opt_out_tags": sorted(rules.extra_opt_out_tags),
    }


def page(ctx: Context, after: int = 0, limit: int = PAGE) -> list[Entry]:
    """The entries behind the one with id `after`, oldest first."""
    with ctx.database.read() as connection:
        rows = connection.execute(_AFTER, {"after": after, "limit": limit}).all()
    return [
        Entry(row.id, moment(row.at), row.event, row.details, row.previous, row.digest)
        for row in rows
    ]


def note_restored(connection: Connection, now: datetime) -> None:
    """An older database was put back, and nobody is shown before they were seen again."""
    _of(connection, now).restored = True


def lacks(connection: Connection, mark: Mark) -> bool:
    """Is this database older than the mark? (One that was restored behind it knows that.)"""
    there = connection.scalar(sa.select(LOG.c.digest).where(LOG.c.id == mark.entry))
    since = sa.select(LOG.c.id).where(LOG.c.event == Event.RESTORED.value, LOG.c.at >= mark.at)
    return there != mark.digest and connection.execute(since.limit(1)).first() is None


def take_head(connection: Connection, now: datetime) -> None:
    """PostgreSQL: whoever comes second waits here, and then sees the first one's entries. SQLite
    has but one writer.
    """
    head = {"name": _HEAD, "token": "", "until": now}
    upsert(connection, Lock, [head], key=["name"], update=["until"])


def newest(connection: Connection) -> Mark | None:
    last = connection.execute(_LAST).first()
    return Mark(last.id, last.digest, last.at) if last is not None else None


def written(connection: Connection) -> Mark | None:
    """The newest entry of a transaction that was just committed. None: it had none."""
    return _written.pop(connection, None)


def length(ctx: Context) -> int:
    """How many entries there are; they are numbered without a gap."""
    with ctx.database.read() as connection:
        last = connection.execute(_LAST).first()
    return int(last.id) if last is not None else 0


def entries(ctx: Context) -> Iterator[Entry]:
    """The whole log, page by page."""
    after = 0
    while found := page(ctx, after):
        yield from found
        after = found[-1].id


def to_json(entry: Entry) -> Mapping[str, Any]:
    """An entry as it is published."""
    return {
        "id": entry.id, "at": entry.at, "event": entry.event, "details": entry.details,
        "previous": entry.previous, "digest": entry.digest,
    }  # fmt: skip


def _of(connection: Connection, now: datetime) -> _Noted:
    noted = _noted.get(connection)
    if noted is None:
        noted = _noted[connection] = _Noted(now)
        sa.event.listen(connection, "commit", _write, once=True)
    return noted


def _events(connection: Connection, noted: _Noted) -> Iterator[tuple[Event, dict[str, Any]]]:
    if noted.restored:
        yield Event.RESTORED, {}
    if noted.rules is not None:
        yield Event.RULES_CHANGED, noted.rules
    if noted.hosts:
        last = _last_states(connection)
        rows = {row.host: row for row in _SERVERS(connection, noted.hosts)}
        for host in noted.hosts:
            state = state_of(host, rows.get(host))
            before = last.get(host)
            # Who never was in has nothing to take back.
            idle = state[1].get("because") == TAKEN_BACK and (
                before is None or before[0] is Event.SERVER_OUT
            )
            if state != before and not idle:
                yield state
    for event, amount in noted.counts.items():
        if amount:
            yield event, {"count": amount}


def state_of(host: str, row: Any) -> _State:
    """Whether a server is in, with the proof in force, or out, with what put it there."""
    if row is None or (row.opt_in == "none" and not row.opted_out and not row.blocked):
        return Event.SERVER_OUT, {"host": host, "because": TAKEN_BACK}
    for name, because in (("opted_out", "opted out"), ("blocked", "blocked here")):
        if getattr(row, name):
            return Event.SERVER_OUT, {"host": host, "because": because}
    if row.robots == RobotsState.FORBIDDEN.value:
        return Event.SERVER_OUT, {"host": host, "because": "robots.txt"}
    return Event.SERVER_IN, {"host": host, "proof": row.opt_in, "scope": row.scope}


def _last_states(connection: Connection) -> dict[str, _State]:
    """By host, as last logged. Of these entries there are few."""
    rows = connection.execute(_SERVER_EVENTS)
    return {row.details["host"]: (Event(row.event), row.details) for row in rows}


def _write(connection: Connection) -> None:
    noted = _noted.pop(connection)
    take_head(connection, noted.at)
    last = connection.execute(_LAST).first()
    number, digest = (last.id, last.digest) if last is not None else (0, BEGINNING)
    rows = []
    for event, details in _events(connection, noted):
        entry = link(number + 1, moment(noted.at), event.value, details, digest)
        number, digest = entry.id, entry.digest
        rows.append(
            {
                "id": entry.id, "at": noted.at, "event": event.value, "details": details,
                "previous": entry.previous, "digest": entry.digest,
            }
        )  # fmt: skip
    if rows:
        connection.execute(_INSERT, rows)
        _written[connection] = Mark(number, digest, noted.at)
