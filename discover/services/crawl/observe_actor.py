"""An actor document was unchanged or missing, or more was seen of somebody who is listed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import RobotsState
from discover.model.observed import (
    ActorMissing,
    ActorUnchanged,
    ExtrasSeen,
    Missing,
    Outcome,
)
from discover.model.verdict import AccountVerdict, Reason
from discover.policy.consent import AccountFacts, Rules, ServerFacts, decide_account, must_purge
from discover.policy.origin import host_of
from discover.services.consent import verdict_rows
from discover.services.consent.decisions import decisions_to_json
from discover.services.consent.verdict_rows import Judgement
from discover.services.consent.withdraw import (
    VERDICTS,
    withdraw_account,
    withdraw_posts,
)
from discover.services.consent.withdrawals import Because
from discover.services.context import Context
from discover.services.facts import (
    ACCOUNTS,
    SERVERS,
    account_facts,
    load_persons,
    load_servers,
)
from discover.services.index import outbox
from discover.store.lookup import Lookup, among

_UNKNOWN_BECAUSE = {
    Missing.REFUSED: Reason.REFUSED_TO_US,
    Missing.UNREACHABLE: Reason.UNREACHABLE,
    Missing.UNREADABLE: Reason.UNREADABLE_DOCUMENT,
}

# Statements are made once: to make one costs more than to run it.
_BY_URI = Lookup(sa.select(ACCOUNTS).where(among(ACCOUNTS.c.uri)))
_VERDICT = sa.select(VERDICTS).where(VERDICTS.c.uri == sa.bindparam("wanted"))
_UPDATE = sa.update(ACCOUNTS).where(ACCOUNTS.c.id == sa.bindparam("account"))
_SOON = (
    sa.update(SERVERS)
    .where(among(SERVERS.c.host), SERVERS.c.due_at > sa.bindparam("now"))
    .values(due_at=sa.bindparam("now"))
)


def look_at_servers(connection: Connection, servers: Iterable[ServerFacts], now: datetime) -> None:
    """Whose documents can be read lets its robots.txt be read. Where we have on record that it does
    not, its people are hidden: that is looked at now, not when its backoff ends.
    """
    hosts = {one.host for one in servers if one.robots is RobotsState.UNREADABLE}
    if hosts:
        connection.execute(_SOON, {"among": sorted(hosts), "now": now})


def actor_unchanged(
    ctx: Context, connection: Connection, seen: ActorUnchanged, now: datetime
) -> Outcome:
    """304: the same document as before, so its evidence is renewed and judged again."""
    row = _row(connection, seen.uri)
    if row is None:
        return Outcome()
    connection.execute(
        sa.update(ACCOUNTS)
        .where(ACCOUNTS.c.id == row.id)
        .values(evidence_at=seen.seen_at, hidden=False)
    )
    facts = replace(_facts_of(ctx, connection, row), evidence_at=seen.seen_at)
    look_at_servers(connection, [facts.server], now)
    verdict = decide_account(facts, ctx.rules, now)
    _keep_change(connection, row, verdict, seen)
    if must_purge(verdict.list):
        because = Because("account", seen.seen_at)
        gone = 1 + withdraw_account(connection, row.id, now, because)
        return Outcome(verdict=verdict, removed=gone)
    removed = 0
    if must_purge(verdict.index_posts):
        removed = withdraw_posts(connection, row.id, now, Because("posts", seen.seen_at))
    if row.hidden or had_expired(row, ctx.rules, now):
        outbox.note_whole_account(connection, row.id, now)
    return Outcome(verdict=verdict, removed=removed)


def actor_missing(
    ctx: Context, connection: Connection, seen: ActorMissing, now: datetime
) -> Outcome:
    """Gone is a no; refused, unreachable and unreadable are neither yes nor no."""
    row = _row(connection, seen.uri)
    host = host_of(seen.uri) or ""
    if row is not None and seen.missing in _UNKNOWN_BECAUSE:
        return Outcome(verdict=standing_verdict(ctx, connection, row, now))
    handle_key = row.handle_key if row is not None else verdict_rows.known_as(connection, seen.uri)
    facts = AccountFacts(
        server=load_servers(connection, [host])[host],
        person=load_persons(ctx, connection, {seen.uri: handle_key})[seen.uri],
        signals=None,
        gone=seen.missing is Missing.GONE,
        robots_forbid=seen.missing is Missing.ROBOTS,
        unknown=_UNKNOWN_BECAUSE.get(seen.missing),
    )
    verdict = decide_account(facts, ctx.rules, now)
    removed = 0
    if row is not None and must_purge(verdict.list):
        removed = 1 + withdraw_account(connection, row.id, now, Because("account", seen.seen_at))
    why = {"status": str(seen.status or seen.missing.value), "detail": seen.detail[:200]}
    judgement = Judgement(
        seen.uri, host, handle_key, verdict, why, seen.uri, "refresh", seen.seen_at
    )
    verdict_rows.keep(connection, [judgement])
    return Outcome(verdict=verdict, removed=removed)


def extras_seen(_ctx: Context, connection: Connection, seen: ExtrasSeen, now: datetime) -> Outcome:
    """Counts and featured tags, only for an account that is listed."""
    row = _row(connection, seen.uri)
    if row is None:
        return Outcome()
    counts = seen.extras.counts
    values: dict[str, Any] = {
        "followers": counts.followers,
        "following": counts.following,
        "posts_total": counts.posts,
        "featured_tags": list(seen.extras.featured_tags),
    }
    connection.execute(_UPDATE, {**values, "extras_at": now, "account": row.id})
    if any(getattr(row, name) != value for name, value in values.items()):
        outbox.note(connection, outbox.ACCOUNT, [row.id], now)
    return Outcome(stored=1)


def _row(connection: Connection, uri: str) -> Any:
    return next(iter(_BY_URI(connection, [uri])), None)


def _facts_of(ctx: Context, connection: Connection, row: Any) -> AccountFacts:
    return account_facts(
        row,
        load_servers(connection, [row.host])[row.host],
        load_persons(ctx, connection, {row.uri: row.handle_key})[row.uri],
    )


def standing_verdict(
    ctx: Context, connection: Connection, row: Any, now: datetime
) -> AccountVerdict:
    """What the evidence that we hold (an account's row) makes of it at this moment."""
    return decide_account(_facts_of(ctx, connection, row), ctx.rules, now)


def _keep_change(
    connection: Connection, row: Any, verdict: AccountVerdict, seen: ActorUnchanged
) -> None:
    """The document is as it was, but time passes and servers and people change their minds."""
    kept = connection.execute(_VERDICT, {"wanted": row.uri}).first()
    if kept is None or kept.answers == decisions_to_json(verdict):
        connection.execute(
            sa.update(VERDICTS).where(VERDICTS.c.uri == row.uri).values(seen_at=seen.seen_at)
        )
        return
    judgement = Judgement(
        row.uri, row.host, row.handle_key, verdict, kept.seen, kept.source, kept.door, seen.seen_at
    )
    verdict_rows.keep(connection, [judgement])


def had_expired(row: Any, rules: Rules, now: datetime) -> bool:
    """Was its evidence too old? Then whatever was indexed meanwhile left it out."""
    return row.evidence_at is None or now - row.evidence_at > rules.hide_after
