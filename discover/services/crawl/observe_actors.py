"""Actor documents were seen: judge the accounts and act on the verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.observed import ActorSeen, Outcome
from discover.model.verdict import AccountVerdict, Reason
from discover.policy.consent import AccountFacts, Rules, decide_account, must_purge
from discover.policy.origin import host_of
from discover.services.consent import aliases, consent_log, verdict_rows
from discover.services.consent.verdict_rows import Judgement
from discover.services.consent.withdraw import (
    VISITS,
    uncount_account,
    withdraw_account,
    withdraw_posts,
)
from discover.services.consent.withdrawals import Because
from discover.services.context import Context
from discover.services.crawl.observe_actor import (
    had_expired,
    look_at_servers,
    standing_verdict,
)
from discover.services.facts import ACCOUNTS, load_servers, signals_to_json
from discover.services.index import outbox
from discover.services.trends import uses as trend_uses
from discover.store.bulk import Insert
from discover.store.lookup import Lookup, among
from discover.store.tables import Account, Visit

# Statements are made once: to make one costs more than to run it.
_BY_URI = Lookup(sa.select(ACCOUNTS).where(among(ACCOUNTS.c.uri)))
_IDS_OF = Lookup(sa.select(ACCOUNTS.c.id).where(among(ACCOUNTS.c.uri)))
# What only posts and further documents tell
_BLANK = {"featured_tags": [], "languages": [], "posts_per_day": 0.0}
_INSERT = Insert(
    Account,
    (
        "uri", "host", "handle", "handle_key", "type", "username", "name", "summary",
        "summary_html", "url", "fields", "hashtags", "emojis", "language", "avatar_url",
        "header_url", "inbox", "shared_inbox", "outbox", "followers_url", "signals",
        "noindex_header", "published", "evidence_at", "posts_allowed", "hidden", *_BLANK,
    ),
)  # fmt: skip
_UPDATE = sa.update(ACCOUNTS).where(ACCOUNTS.c.id == sa.bindparam("account"))
_NEW_VISIT: dict[str, Any] = {"failures": 0, "last_detail": ""}
_KEEP_VISIT = Insert(
    Visit,
    ("uri", "host", "door", "due_at", "etag", "last_modified", *_NEW_VISIT),
    unless=("uri",),
    update=("etag", "last_modified"),
)
_FORGET_VISIT = sa.delete(VISITS).where(VISITS.c.uri == sa.bindparam("wanted"))

# What the index shows of an account; a change in one of these is news for it.
_SHOWN = (
    "handle", "name", "summary", "fields", "hashtags", "type", "host", "posts_allowed",
    "signals", "avatar_url", "username",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Case:
    """An actor document with the verdict on it; `row` is what we hold, if anything."""

    seen: ActorSeen
    host: str
    row: Any
    facts: AccountFacts
    verdict: AccountVerdict

    @property
    def to_keep(self) -> bool:
        return self.verdict.list.allowed and self.seen.handle is not None

    @property
    def unknown(self) -> bool:
        """Or a fault of the server's: what we hold lives on its own, older evidence."""
        return self.row is not None and not self.to_keep and not must_purge(self.verdict.list)

    def judgement(self) -> Judgement:
        seen = self.seen
        return Judgement(
            uri=seen.actor.uri,
            host=self.host,
            handle_key=seen.handle.key if seen.handle else None,
            verdict=self.verdict,
            seen=_signals(self.facts),
            source=seen.source_url,
            door=seen.door.value,
            at=seen.seen_at,
        )


def actors_seen(
    ctx: Context, connection: Connection, group: Sequence[ActorSeen], now: datetime
) -> list[Outcome]:
    """Store listed accounts, remove those that are no longer, keep only the reason otherwise.

    Each actor comes once. Facts are loaded and rows written once for the whole group; outcomes are
    in its order.
    """
    cases = _judged(ctx, connection, group, now)
    look_at_servers(connection, [case.facts.server for case in cases], now)
    _keep_accounts(connection, [case for case in cases if case.to_keep], ctx.rules, now)
    outcomes, final = [], []
    for case in cases:
        if case.unknown:
            outcomes.append(Outcome(verdict=standing_verdict(ctx, connection, case.row, now)))
            continue
        final.append(case)
        removed = _follow(connection, case, now)
        stored = int(case.verdict.list.allowed)
        outcomes.append(Outcome(verdict=case.verdict, stored=stored, removed=removed))
    verdict_rows.keep(connection, [case.judgement() for case in final])
    _keep_visits(connection, final, now)
    return outcomes


def _judged(
    ctx: Context, connection: Connection, group: Sequence[ActorSeen], now: datetime
) -> list[_Case]:
    hosts = {seen.actor.uri: _host(seen) for seen in group}
    actors = {
        seen.actor.uri: (seen.actor, seen.handle.key if seen.handle else None) for seen in group
    }
    persons = aliases.persons_of(ctx, connection, actors, now)
    servers = load_servers(connection, hosts.values())
    rows = {row.uri: row for row in _BY_URI(connection, hosts)}
    cases = []
    for seen in group:
        actor = seen.actor
        host, row = hosts[actor.uri], rows.get(actor.uri)
        facts = AccountFacts(
            server=servers[host],
            person=persons[actor.uri],
            signals=actor.signals,
            actor_type=actor.type,
            evidence_at=seen.seen_at,
            handle_verified=seen.handle is not None,
            noindex_header=seen.noindex_header,
            last_post_at=row.last_post_at if row else None,
            empty_profile=not actor.summary and not actor.fields,
            hashtags=actor.hashtags,
        )
        cases.append(_Case(seen, host, row, facts, decide_account(facts, ctx.rules, now)))
    return cases


def _host(seen: ActorSeen) -> str:
    host = host_of(seen.actor.uri)
    if host is None:
        raise ValueError(f"actor without an http(s) origin: {seen.actor.uri!r}")
    return host


def _follow(connection: Connection, case: _Case, now: datetime) -> int:
    """What a verdict means for what we hold. Returns how many accounts and posts went."""
    row, verdict, seen = case.row, case.verdict, case.seen
    if row is None:
        return 0
    if not verdict.list.allowed:
        return 1 + withdraw_account(connection, row.id, now, Because("account", seen.seen_at))
    if must_purge(verdict.index_posts):
        return withdraw_posts(connection, row.id, now, Because("posts", seen.seen_at))
    if row.type != seen.actor.type.value:
        # Bots count in no trend.
        if verdict.trends.allowed:
            trend_uses.book_account(connection, row.id, now)
        else:
            uncount_account(connection, row.id)
    return 0


def _keep_accounts(
    connection: Connection, cases: Sequence[_Case], rules: Rules, now: datetime
) -> None:
    new: list[tuple[_Case, dict[str, Any]]] = []
    known: list[tuple[_Case, dict[str, Any]]] = []
    for case in cases:
        (new if case.row is None else known).append((case, _values(case)))
    if new:
        _INSERT(connection, [{**values, **_BLANK} for _, values in new])
        ids = [row.id for row in _IDS_OF(connection, [values["uri"] for _, values in new])]
        consent_log.note_count(connection, consent_log.Event.ACCOUNTS_LISTED, len(new), now)
        outbox.note(connection, outbox.ACCOUNT, ids, now)
    if known:
        updates = [
            {
                **values,
                "avatar_changed_at": now
                if case.row.avatar_url != values["avatar_url"]
                else case.row.avatar_changed_at,
                "account": case.row.id,
            }
            for case, values in known
        ]
        connection.execute(_UPDATE, updates)
    for case, values in known:
        row = case.row
        if (
            row.hidden
            or had_expired(row, rules, now)
            or any(getattr(row, name) != values[name] for name in _SHOWN)
        ):
            # Its posts carry some of it too (bot, server), a change of consent concerns them all,
            # and after expired evidence the index has to learn of everything again.
            outbox.note_whole_account(connection, row.id, now)


def _values(case: _Case) -> dict[str, Any]:
    actor, handle = case.seen.actor, case.seen.handle
    assert handle is not None
    return {
        "uri": actor.uri,
        "host": case.host,
        "handle": str(handle),
        "handle_key": handle.key,
        "type": actor.type.value,
        "username": actor.username,
        "name": actor.name,
        "summary": actor.summary,
        "summary_html": actor.summary_html,
        "url": actor.url,
        "fields": [[field.name, field.value] for field in actor.fields],
        "hashtags": list(actor.hashtags),
        "emojis": [list(pair) for pair in actor.emojis],
        "language": actor.language,
        "avatar_url": actor.avatar_url,
        "header_url": actor.header_url,
        "inbox": actor.inbox,
        "shared_inbox": actor.shared_inbox,
        "outbox": actor.outbox,
        "followers_url": actor.followers,
        "signals": signals_to_json(actor.signals) | aliases.said_aliases(actor),
        "noindex_header": case.seen.noindex_header,
        "published": actor.published,
        "evidence_at": case.seen.seen_at,
        "posts_allowed": case.verdict.index_posts.allowed,
        "hidden": False,
    }


def _signals(facts: AccountFacts) -> dict[str, str]:
    assert facts.signals is not None
    seen = {name: str(value) for name, value in signals_to_json(facts.signals).items()}
    seen["server"] = facts.server.opt_in.value
    seen["robots"] = facts.server.robots.value
    if facts.server.software:
        seen["software"] = facts.server.software
    if facts.noindex_header:
        seen["x_robots_tag"] = "noindex"
    if not facts.handle_verified:
        seen["handle"] = "unverified"
    return seen


def _keep_visits(connection: Connection, cases: Sequence[_Case], now: datetime) -> None:
    """An appointment by URI, whichever door it came through, and the validators for next time."""
    left = [case for case in cases if Reason.SUPPRESSED in case.verdict.list.reasons]
    if left:
        connection.execute(_FORGET_VISIT, [{"wanted": case.seen.actor.uri} for case in left])
    rows = [
        {
            **_NEW_VISIT,
            "uri": case.seen.actor.uri,
            "host": case.host,
            "door": case.seen.door.value,
            "due_at": now,
            "etag": case.seen.etag if case.verdict.list.allowed else None,
            "last_modified": case.seen.last_modified if case.verdict.list.allowed else None,
        }
        for case in cases
        if case not in left
    ]
    _KEEP_VISIT(connection, rows)
