"""Proves for every document which evidence allows it; what has none is removed and reported.

The database first, account by account and post by post, then the raw index against it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import ServerOptIn
from discover.model.verdict import Answer, Decision
from discover.policy.consent import PersonAct, decide_post, must_purge
from discover.policy.proofs import Standing
from discover.ports import EngineUnavailable
from discover.services.consent.proof_rows import standing_of
from discover.services.consent.standing import settle
from discover.services.consent.withdraw import POSTS, VERDICTS, withdraw_account, withdraw_post_ids
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, PERSONS, SERVERS, post_facts
from discover.services.index.documents import Judged, judge_accounts, judge_rows
from discover.services.index.indexing import IndexerBusy, index_all
from discover.services.index.outbox import OUTBOX
from discover.services.index.verify import repair, unexplained, verify
from discover.store.database import chunks

_BATCH = 500
_NO_EVIDENCE = "no evidence is on record for it"


@dataclass(frozen=True, slots=True)
class Proven:
    """One document and what allows it."""

    kind: str  # account | post
    uri: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Removed:
    """Something that nothing allows. `uri` is an index id where the database knows no more of it."""

    kind: str
    uri: str
    because: tuple[str, ...]


@dataclass(slots=True)
class AuditReport:
    """`hidden`: kept, but not to be found now, because their evidence is too old or unclear.

    `index`: "follows" while a running Waypost has still to take out of it what was removed; "unread"
    when its engine did not answer, so that it was not compared; else "compared".
    """

    accounts: int = 0
    posts: int = 0
    allowed_by: dict[str, int] = field(default_factory=dict)  # whose yes -> how many people
    hidden: int = 0
    removed: list[Removed] = field(default_factory=list)
    index: str = "compared"

    @property
    def clean(self) -> bool:
        return not self.removed


def audit(ctx: Context, tell: Callable[[Proven], None] | None = None) -> AuditReport:
    """Walk everything once. `tell` hears of each document that is allowed, and why."""
    report = AuditReport()
    _servers(ctx, report)
    _accounts(ctx, report, tell)
    _posts(ctx, report, tell)
    _index(ctx, report)
    return report


def _servers(ctx: Context, report: AuditReport) -> None:
    """An opt-in on a server's row must rest on a proof that stands."""
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        rows = connection.execute(
            sa.select(SERVERS).where(SERVERS.c.opt_in != ServerOptIn.NONE.value)
        ).all()
        unproven = [row.host for row in rows if not _proven(connection, row, now)]
    for host in unproven:
        with ctx.database.write() as connection:
            settle(ctx, connection, host, ctx.clock.now())
        report.removed.append(Removed("server", host, ("no proof of its opt-in stands",)))


def _proven(connection: Connection, row: Any, now: datetime) -> bool:
    standing: Standing = standing_of(connection, row.host, row, now)
    return row.opted_out or standing.opt_in is not ServerOptIn.NONE


def _accounts(ctx: Context, report: AuditReport, tell: Callable[[Proven], None] | None) -> None:
    last = 0
    while True:
        with ctx.database.write() as connection:
            now = ctx.clock.now()
            rows = connection.execute(
                sa.select(ACCOUNTS)
                .where(ACCOUNTS.c.id > last)
                .order_by(ACCOUNTS.c.id)
                .limit(_BATCH)
            ).all()
            if not rows:
                return
            evidence = _evidence(connection, rows)
            for account_id, judged in judge_rows(ctx, connection, rows, now).items():
                uri = judged.row.uri
                report.accounts += 1
                why = evidence.get(uri)
                if must_purge(judged.verdict.list) or why is None:
                    reasons = _reasons(judged.verdict.list) if why else (_NO_EVIDENCE,)
                    withdraw_account(connection, account_id, now)
                    report.removed.append(Removed("account", uri, reasons))
                elif judged.verdict.list.allowed:
                    report.allowed_by[why[0]] = report.allowed_by.get(why[0], 0) + 1
                    if tell is not None:
                        tell(Proven("account", uri, why[1]))
                else:
                    report.hidden += 1
            last = rows[-1].id


def _posts(ctx: Context, report: AuditReport, tell: Callable[[Proven], None] | None) -> None:
    last = 0
    while True:
        with ctx.database.write() as connection:
            now = ctx.clock.now()
            rows = connection.execute(
                sa.select(POSTS).where(POSTS.c.id > last).order_by(POSTS.c.id).limit(_BATCH)
            ).all()
            if not rows:
                return
            authors = judge_accounts(ctx, connection, {row.account_id for row in rows}, now)
            gone = []
            for row in rows:
                report.posts += 1
                author = authors.get(row.account_id)
                decision = _post_decision(ctx, row, author, now)
                if decision is None or must_purge(decision):
                    reasons = _reasons(decision) if decision else ("its author is not on record",)
                    report.removed.append(Removed("post", row.uri, reasons))
                    gone.append(row.id)
                elif decision.answer is Answer.YES and author is not None:
                    if tell is not None:
                        seen = f"public at {row.source_url}, seen {row.seen_at:%Y-%m-%d}"
                        tell(Proven("post", row.uri, f"{seen}, by {author.row.uri}"))
                else:
                    report.hidden += 1
            withdraw_post_ids(connection, gone, now)
            last = rows[-1].id


def _post_decision(ctx: Context, row: Any, author: Judged | None, now: datetime) -> Decision | None:
    if author is None:
        return None
    return decide_post(post_facts(row, author.row.uri), author.author, ctx.rules, now)


def _evidence(connection: Connection, rows: Any) -> dict[str, tuple[str, str]]:
    """URI -> (whose yes it is, the whole evidence in words). Missing: there is none."""
    uris = [row.uri for row in rows]
    verdicts = {}
    acts = {}
    for part in chunks(uris):
        for row in connection.execute(sa.select(VERDICTS).where(VERDICTS.c.uri.in_(part))):
            verdicts[row.uri] = row
        for row in connection.execute(
            sa.select(PERSONS.c.uri, PERSONS.c.act).where(PERSONS.c.uri.in_(part))
        ):
            acts[row.uri] = PersonAct(row.act)
    hosts = sorted({row.host for row in rows})
    proofs: dict[str, str] = {}
    for part in chunks(hosts):
        found = connection.execute(
            sa.select(SERVERS.c.host, SERVERS.c.opt_in).where(SERVERS.c.host.in_(part))
        )
        proofs |= {row.host: row.opt_in for row in found}
    found_evidence = {}
    for row in rows:
        verdict = verdicts.get(row.uri)
        if verdict is None or row.evidence_at is None:
            continue
        act = acts.get(row.uri, PersonAct.NONE)
        own = act in (PersonAct.IN, PersonAct.IN_PROFILE, PersonAct.IN_TAGS)
        whose = f"person:{act.value}" if own else f"server:{proofs.get(row.host, 'none')}"
        seen = ", ".join(f"{name}={value}" for name, value in sorted(verdict.seen.items()))
        when = f"{verdict.seen_at:%Y-%m-%d %H:%M} at {verdict.source}"
        words = f"{whose}; {seen}; seen {when} (rules {verdict.rule_version})"
        found_evidence[row.uri] = (whose, words)
    return found_evidence


def _index(ctx: Context, report: AuditReport) -> None:
    """Nothing may be in the raw index that the database does not allow."""
    _follow(ctx, report)
    try:
        found = verify(ctx)
    except EngineUnavailable:
        report.index = "unread"
        return
    for kind, ids in unexplained(ctx, found).items():
        report.removed += [
            Removed("index", f"{kind.value}/{number}", ("the database does not allow it",))
            for number in ids
        ]
    if not found.clean:
        repair(ctx, found)
        _follow(ctx, report)


def _follow(ctx: Context, report: AuditReport) -> None:
    """The outbox has what was removed: beside a running Waypost that one takes it out."""
    with suppress(EngineUnavailable, IndexerBusy):  # it waits, and that is told
        index_all(ctx)
    with ctx.database.read() as connection:
        waits = connection.execute(sa.select(OUTBOX.c.id).limit(1)).first() is not None
    report.index = "follows" if waits else "compared"


def _reasons(decision: Decision) -> tuple[str, ...]:
    return tuple(reason.value for reason in decision.reasons)
