"""Why is somebody (not) listed? The verdict with its reasons and the evidence it rests on."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Handle
from discover.model.verdict import AccountVerdict, Reason
from discover.model.views import AccountExplanation, EvidenceView, ServerExplanation
from discover.policy.consent import (
    RULE_VERSION,
    AccountFacts,
    PersonFacts,
    decide_account,
    decide_server,
)
from discover.services.consent.history import history_of
from discover.services.consent.proof_rows import rows_of, statement_of
from discover.services.consent.verdict_now import unlisted_now
from discover.services.consent.withdraw import POSTS, VERDICTS
from discover.services.context import Context
from discover.services.facts import (
    ACCOUNTS,
    SERVERS,
    load_persons,
    load_servers,
    suppressed,
)
from discover.services.index.documents import judge_rows
from discover.wire.statement import to_json

ADVICE: dict[Reason, str] = {
    Reason.SERVER_NOT_OPTED_IN: "Ask the admin of your server to opt it in, or tell us yourself.",
    Reason.SERVER_OPTED_OUT: "Only the admin of your server can opt it in again.",
    Reason.SERVER_BLOCKED: "The operator of this index decides about blocks; write to them.",
    Reason.ROBOTS_FORBID: (
        "The admin can allow us with a group for Waypost in the server's robots.txt."
    ),
    Reason.ROBOTS_UNREADABLE: "Nothing to do: we look again when the server answers.",
    Reason.NOT_DISCOVERABLE: (
        "To be listed, switch on “feature profile and posts in discovery algorithms”"
        " (discoverable) in your server's privacy settings."
    ),
    Reason.DISCOVERABLE_WEAK: (
        "Your software sets this flag for everybody, so we wait for an act of your own."
    ),
    Reason.NOT_INDEXABLE: (
        "To have your public posts found too, switch on “include public posts in search results”"
        " (indexable)."
    ),
    Reason.OPT_OUT_TAG: "Take the opt-out tag out of your profile if you want to be listed.",
    Reason.NOINDEX: "Switch off noindex if you want to be listed.",
    Reason.SUPPRESSED: "You asked to be left out for good; only you can change that.",
    Reason.UNREACHABLE: "Nothing to do: we look again.",
    Reason.HANDLE_UNVERIFIED: "The server's WebFinger answer must name this very account.",
}
LEAVE = (
    "To leave, switch off discoverable, or put #nobot or #noindex into your profile, or ask the"
    " operator: you are gone from the answers as soon as we see it."
)


def explain_account(ctx: Context, handle: Handle) -> AccountExplanation:
    """For anybody, listed or not. Nothing is fetched."""
    now = ctx.clock.now()
    with ctx.database.read() as connection:
        rows = connection.execute(
            sa.select(ACCOUNTS)
            .where(ACCOUNTS.c.handle_key == handle.key)
            .order_by(ACCOUNTS.c.evidence_at.desc())
        ).all()
        judgements = connection.execute(
            sa.select(VERDICTS)
            .where(VERDICTS.c.handle_key == handle.key)
            .order_by(VERDICTS.c.seen_at.desc())
        ).all()
        kept = judgements[0] if judgements else None
        posts = 0
        server = load_servers(connection, [rows[0].host if rows else handle.host])
        if rows:
            judged = judge_rows(ctx, connection, rows, now)
            # The same that is found by this handle; else what was seen last
            row = next((one for one in rows if judged[one.id].verdict.list.allowed), rows[0])
            verdict = judged[row.id].verdict
            if verdict.index_posts.allowed:
                posts = (
                    connection.scalar(
                        sa.select(sa.func.count()).where(POSTS.c.account_id == row.id)
                    )
                    or 0
                )
            uri = row.uri
            kept = next((one for one in judgements if one.uri == uri), None)
        elif suppressed(connection, [ctx.digest(handle.key)]):
            facts = AccountFacts(
                server=server[handle.host], signals=None, person=PersonFacts(suppressed=True)
            )
            verdict, uri, kept = decide_account(facts, ctx.rules, now), None, None
        elif kept is not None:
            verdict, uri = _kept_verdict(ctx, connection, kept, now), kept.uri
        else:
            facts = AccountFacts(server=server[handle.host], signals=None)
            verdict, uri = decide_account(facts, ctx.rules, now), None
        host = kept.host if kept is not None else handle.host
        evidence = [*_account_evidence(kept), *_server_evidence(connection, host)]
        changes = history_of(connection, uri) if uri is not None else ()
    return AccountExplanation(
        handle=str(handle),
        uri=uri,
        server=host,
        known=bool(rows) or kept is not None,
        list=verdict.list,
        suggest=verdict.suggest,
        index_posts=verdict.index_posts,
        trends=verdict.trends,
        evidence=tuple(evidence),
        posts_indexed=posts,
        rule_version=RULE_VERSION,
        advice=_advice(verdict),
        history=changes,
    )


def explain_server(ctx: Context, host: str) -> ServerExplanation:
    """May this server's consenting people be listed, and what have we seen of it?"""
    with ctx.database.read() as connection:
        row = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
        facts = load_servers(connection, [host])[host]
        decision = decide_server(facts)
        ids = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.host == host)
        accounts = connection.scalar(sa.select(sa.func.count()).select_from(ids.subquery())) or 0
        posts = (
            connection.scalar(sa.select(sa.func.count()).where(POSTS.c.account_id.in_(ids))) or 0
        )
        evidence = _server_evidence(connection, host)
    return ServerExplanation(
        host=host,
        software=row.software if row else None,
        decision=decision,
        evidence=tuple(evidence),
        accounts_listed=accounts if decision.allowed else 0,
        posts_indexed=posts if decision.allowed else 0,
        rule_version=RULE_VERSION,
        advice=tuple(ADVICE[reason] for reason in decision.reasons if reason in ADVICE),
    )


def _kept_verdict(ctx: Context, connection: Connection, kept: Any, now: Any) -> AccountVerdict:
    person = load_persons(ctx, connection, {kept.uri: kept.handle_key})[kept.uri]
    return unlisted_now(ctx, connection, kept.uri, kept, person, now)


def _account_evidence(kept: Any) -> list[EvidenceView]:
    if kept is None:
        return []
    return [
        EvidenceView(
            what="actor document",
            seen=dict(kept.seen),
            source=kept.source,
            seen_at=kept.seen_at,
            rule_version=kept.rule_version,
        )
    ]


def _server_evidence(connection: Connection, host: str) -> list[EvidenceView]:
    row = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
    if row is None:
        return []
    evidence = []
    if row.recorded_at is not None:
        seen = {"opt_in": row.opt_in, "opted_out": str(row.opted_out).lower()}
        if row.note:
            seen["note"] = row.note
        evidence.append(
            EvidenceView("server record", seen, "operator", row.recorded_at, RULE_VERSION)
        )
    if row.seen_at is not None:
        evidence.append(
            EvidenceView(
                "robots.txt and NodeInfo",
                {"robots": row.robots, "software": row.software or "unknown"},
                f"{host}/robots.txt",
                row.seen_at,
                RULE_VERSION,
            )
        )
    for kind, proof in rows_of(connection, host).items():
        if (said := statement_of(proof)) is not None:
            fields = {name: str(value) for name, value in to_json(said).items()}
            if proof.missing_since is not None:
                fields["missing_since"] = proof.missing_since.isoformat()
            evidence.append(
                EvidenceView("statement", fields, kind.value, proof.checked_at, RULE_VERSION)
            )
    return evidence


def _advice(verdict: AccountVerdict) -> tuple[str, ...]:
    reasons = dict.fromkeys([*verdict.list.reasons, *verdict.index_posts.reasons])
    advice = [ADVICE[reason] for reason in reasons if reason in ADVICE]
    if verdict.list.allowed:
        advice.append(LEAVE)
    return tuple(advice)
