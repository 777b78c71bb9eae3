"""An actor document was seen, unchanged, or missing: judge the account and act on the verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Handle
from discover.model.observed import (
    ActorMissing,
    ActorSeen,
    ActorUnchanged,
    ExtrasSeen,
    Missing,
    Outcome,
)
from discover.model.verdict import AccountVerdict, Reason
from discover.policy.consent import AccountFacts, Rules, decide_account, must_purge
from discover.policy.origin import host_of
from discover.services.consent import aliases, consent_log, history
from discover.services.consent.decisions import decisions_to_json
from discover.services.consent.withdraw import (
    VERDICTS,
    VISITS,
    uncount_account,
    withdraw_account,
    withdraw_posts,
)
from discover.services.consent.withdrawals import Because
from discover.services.context import Context
from discover.services.facts import (
    ACCOUNTS,
    account_facts,
    load_persons,
    load_servers,
    signals_to_json,
)
from discover.services.index import outbox
from discover.services.trends import uses as trend_uses
from discover.store.bulk import Insert
from discover.store.lookup import Lookup, among
from discover.store.tables import Account, VerdictRow, Visit

_UNKNOWN_BECAUSE = {
    Missing.REFUSED: Reason.REFUSED_TO_US,
    Missing.UNREACHABLE: Reason.UNREACHABLE,
    Missing.UNREADABLE: Reason.UNREADABLE_DOCUMENT,
}

# Statements are made once: to make one costs more than to run it.
_BY_URI = Lookup(sa.select(ACCOUNTS).where(among(ACCOUNTS.c.uri)))
_ID_OF = Lookup(sa.select(ACCOUNTS.c.id).where(among(ACCOUNTS.c.uri)))
_VERDICT = sa.select(VERDICTS).where(VERDICTS.c.uri == sa.bindparam("wanted"))
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
_JUDGED = ("host", "handle_key", "answers", "seen", "source", "door", "seen_at", "rule_version")
_KEEP_VERDICT = Insert(VerdictRow, ("uri", *_JUDGED), unless=("uri",), update=_JUDGED)
_NEW_VISIT: dict[str, Any] = {"failures": 0, "last_detail": ""}
_KEEP_VISIT = Insert(
    Visit,
    ("uri", "host", "door", "due_at", "etag", "last_modified", *_NEW_VISIT),
    unless=("uri",),
    update=("etag", "last_modified"),
)
_UPDATE = sa.update(ACCOUNTS).where(ACCOUNTS.c.id == sa.bindparam("account"))

# What the index shows of an account; a change in one of these is news for it.
_SHOWN = (
    "handle", "name", "summary", "fields", "hashtags", "type", "host", "posts_allowed",
    "signals", "avatar_url", "username",
)  # fmt: skip


def actor_seen(ctx: Context, connection: Connection, seen: ActorSeen, now: datetime) -> Outcome:
    """Store a listed account, remove one that is no longer, keep only the reason otherwise."""
    actor = seen.actor
    host = host_of(actor.uri)
    if host is None:
        raise ValueError(f"actor without an http(s) origin: {actor.uri!r}")
    row = _row(connection, actor.uri)
    handle_key = seen.handle.key if seen.handle else None
    facts = AccountFacts(
        server=load_servers(connection, [host])[host],
        person=aliases.person_of(ctx, connection, actor, handle_key, now),
        signals=actor.signals,
        actor_type=actor.type,
        evidence_at=seen.seen_at,
        handle_verified=seen.handle is not None,
        noindex_header=seen.noindex_header,
        last_post_at=row.last_post_at if row else None,
        empty_profile=not actor.summary and not actor.fields,
        hashtags=actor.hashtags,
    )
    verdict = decide_account(facts, ctx.rules, now)
    removed = 0
    if verdict.list.allowed and seen.handle is not None:
        _keep_account(connection, seen, seen.handle, host, row, verdict, now, ctx.rules)
    elif row is not None and must_purge(verdict.list):
        removed = 1 + withdraw_account(connection, row.id, now, Because("account", seen.seen_at))
    elif row is not None:
        # Unknown, or a fault of the server's: what we hold lives on its own, older evidence.
        verdict = _standing_verdict(ctx, connection, row, now)
        return Outcome(verdict=verdict)
    if row is not None and verdict.list.allowed and must_purge(verdict.index_posts):
        removed += withdraw_posts(connection, row.id, now, Because("posts", seen.seen_at))
    elif row is not None and verdict.list.allowed and row.type != actor.type.value:
        # Bots count in no trend.
        if verdict.trends.allowed:
            trend_uses.book_account(connection, row.id, now)
        else:
            uncount_account(connection, row.id)
    _keep_verdict(
        connection, actor.uri, host, handle_key, verdict,
        seen=_seen_signals(facts), source=seen.source_url, door=seen.door.value, at=seen.seen_at,
    )  # fmt: skip
    _keep_visit(connection, seen, host, verdict, now)
    return Outcome(verdict=verdict, stored=int(verdict.list.allowed), removed=removed)


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
    verdict = decide_account(facts, ctx.rules, now)
    _keep_change(connection, row, verdict, seen)
    if must_purge(verdict.list):
        because = Because("account", seen.seen_at)
        gone = 1 + withdraw_account(connection, row.id, now, because)
        return Outcome(verdict=verdict, removed=gone)
    removed = 0
    if must_purge(verdict.index_posts):
        removed = withdraw_posts(connection, row.id, now, Because("posts", seen.seen_at))
    if row.hidden or _had_expired(row, ctx.rules, now):
        outbox.note_whole_account(connection, row.id, now)
    return Outcome(verdict=verdict, removed=removed)


def actor_missing(
    ctx: Context, connection: Connection, seen: ActorMissing, now: datetime
) -> Outcome:
    """Gone is a no; refused, unreachable and unreadable are neither yes nor no."""
    row = _row(connection, seen.uri)
    host = host_of(seen.uri) or ""
    if row is not None and seen.missing in _UNKNOWN_BECAUSE:
        return Outcome(verdict=_standing_verdict(ctx, connection, row, now))
    handle_key = row.handle_key if row is not None else _known_as(connection, seen.uri)
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
    _keep_verdict(
        connection, seen.uri, host, handle_key, verdict,
        seen={"status": str(seen.status or seen.missing.value), "detail": seen.detail[:200]},
        source=seen.uri, door="refresh", at=seen.seen_at,
    )  # fmt: skip
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


def _standing_verdict(
    ctx: Context, connection: Connection, row: Any, now: datetime
) -> AccountVerdict:
    return decide_account(_facts_of(ctx, connection, row), ctx.rules, now)


def _keep_account(
    connection: Connection,
    seen: ActorSeen,
    handle: Handle,
    host: str,
    row: Any,
    verdict: AccountVerdict,
    now: datetime,
    rules: Rules,
) -> None:
    actor = seen.actor
    values: dict[str, Any] = {
        "uri": actor.uri,
        "host": host,
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
        "noindex_header": seen.noindex_header,
        "published": actor.published,
        "evidence_at": seen.seen_at,
        "posts_allowed": verdict.index_posts.allowed,
        "hidden": False,
    }
    if row is None:
        _INSERT(connection, [{**values, **_BLANK}])
        account_id = _ID_OF(connection, [actor.uri])[0].id
        consent_log.note_count(connection, consent_log.Event.ACCOUNTS_LISTED, 1, now)
        outbox.note(connection, outbox.ACCOUNT, [account_id], now)
        return
    if row.avatar_url != actor.avatar_url:
        values["avatar_changed_at"] = now
    connection.execute(_UPDATE, {**values, "account": row.id})
    if (
        row.hidden
        or _had_expired(row, rules, now)
        or any(getattr(row, name) != values[name] for name in _SHOWN)
    ):
        # Its posts carry some of it too (bot, server), a change of consent concerns them all, and
        # after expired evidence the index has to learn of everything again.
        outbox.note_whole_account(connection, row.id, now)


def _had_expired(row: Any, rules: Rules, now: datetime) -> bool:
    """Was its evidence too old? Then whatever was indexed meanwhile left it out."""
    return row.evidence_at is None or now - row.evidence_at > rules.hide_after


def _seen_signals(facts: AccountFacts) -> dict[str, str]:
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


def _keep_verdict(
    connection: Connection,
    uri: str,
    host: str,
    handle_key: str | None,
    verdict: AccountVerdict,
    *,
    seen: dict[str, str],
    source: str,
    door: str,
    at: datetime,
) -> None:
    if any(reason is Reason.SUPPRESSED for reason in verdict.list.reasons):
        # Of people who left for good not even the reason is kept.
        connection.execute(sa.delete(VERDICTS).where(VERDICTS.c.uri == uri))
        history.forget(connection, [uri])
        return
    row = {
        "uri": uri,
        "host": host,
        # Whoever cannot be proven now is still asked after, and leaves, by the name of before.
        "handle_key": handle_key or _known_as(connection, uri),
        "answers": decisions_to_json(verdict),
        "seen": seen,
        "source": source,
        "door": door,
        "seen_at": at,
        "rule_version": verdict.rule_version,
    }
    history.keep_change(connection, row)
    _KEEP_VERDICT(connection, [row])


def _known_as(connection: Connection, uri: str) -> str | None:
    """The handle key under which somebody was judged before."""
    return connection.scalar(sa.select(VERDICTS.c.handle_key).where(VERDICTS.c.uri == uri))


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
    _keep_verdict(
        connection, row.uri, row.host, row.handle_key, verdict,
        seen=kept.seen, source=kept.source, door=kept.door, at=seen.seen_at,
    )  # fmt: skip


def _keep_visit(
    connection: Connection, seen: ActorSeen, host: str, verdict: AccountVerdict, now: datetime
) -> None:
    """An appointment by URI, whichever door it came through, and the validators for next time."""
    if any(reason is Reason.SUPPRESSED for reason in verdict.list.reasons):
        connection.execute(sa.delete(VISITS).where(VISITS.c.uri == seen.actor.uri))
        return
    listed = verdict.list.allowed
    _KEEP_VISIT(
        connection,
        [
            {
                **_NEW_VISIT,
                "uri": seen.actor.uri,
                "host": host,
                "door": seen.door.value,
                "due_at": now,
                "etag": seen.etag if listed else None,
                "last_modified": seen.last_modified if listed else None,
            }
        ],
    )
