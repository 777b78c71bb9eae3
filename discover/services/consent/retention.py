"""What time does: expired evidence hides, then purges; old posts leave; counts stay anonymous."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from discover.policy.consent import must_purge
from discover.services.consent import blocklist_drafts, consent_log, history
from discover.services.consent.withdraw import (
    POSTS,
    VERDICTS,
    VISITS,
    withdraw_account,
    withdraw_post_ids,
    withdraw_posts,
)
from discover.services.console import operators, reports, sessions
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.federation import sent_notes
from discover.services.federation.delivery_turns import DELIVERIES, FAILURES, HOSTS
from discover.services.index import outbox
from discover.services.index.documents import judge_rows
from discover.store.database import table
from discover.store.tables import CommandRow

_BATCH = 500
_ANSWERS = table(CommandRow)
CONSOLE = (sessions.forget_over, operators.forget_tries, blocklist_drafts.forget_drafts)
_ANSWERS_KEPT = timedelta(days=2)
_FAILURES_KEPT = timedelta(days=90)


def enforce_retention(ctx: Context) -> dict[str, int]:
    """One sweep, in small transactions; safe to repeat. Returns what it did."""
    consent_log.note_rules(ctx)
    consent_log.log_servers(ctx)
    return {
        "accounts_purged": _purge_expired(ctx),
        "accounts_judged_no": _purge_refused(ctx),
        "accounts_hidden": hide_expired(ctx),
        "posts_dropped": _drop_old_posts(ctx),
        "verdicts_forgotten": _forget_old_verdicts(ctx),
        "hints_forgotten": _forget_old_hints(ctx),
        "records_forgotten": _forget_old_records(ctx),
    }


def _purge_expired(ctx: Context) -> int:
    """Consent that could not be renewed for so long is none."""
    now = ctx.clock.now()
    done = 0
    while True:
        with ctx.database.write() as connection:
            ids = connection.scalars(
                sa.select(ACCOUNTS.c.id)
                .where(ACCOUNTS.c.evidence_at < now - ctx.rules.purge_after)
                .limit(_BATCH)
            ).all()
            for account_id in ids:
                withdraw_account(connection, account_id, now, None)
        done += len(ids)
        if len(ids) < _BATCH:
            return done


def _purge_refused(ctx: Context) -> int:
    """Whoever the rules of today refuse: an operator may have tightened them since."""
    now = ctx.clock.now()
    done = last = 0
    while True:
        with ctx.database.write() as connection:
            rows = connection.execute(
                sa.select(ACCOUNTS)
                .where(ACCOUNTS.c.id > last)
                .order_by(ACCOUNTS.c.id)
                .limit(_BATCH)
            ).all()
            for account_id, judged in judge_rows(ctx, connection, rows, now).items():
                if must_purge(judged.verdict.list):
                    withdraw_account(connection, account_id, now, None)
                    done += 1
                elif must_purge(judged.verdict.index_posts):
                    withdraw_posts(connection, account_id, now, None)
        if len(rows) < _BATCH:
            return done
        last = rows[-1].id


def hide_expired(ctx: Context) -> int:
    """The read doors hide them already; this makes the raw index follow."""
    now = ctx.clock.now()
    expired = sa.and_(
        ACCOUNTS.c.evidence_at < now - ctx.rules.hide_after, ACCOUNTS.c.hidden.is_(False)
    )
    with ctx.database.write() as connection:
        ids = connection.scalars(sa.select(ACCOUNTS.c.id).where(expired)).all()
        connection.execute(sa.update(ACCOUNTS).where(expired).values(hidden=True))
        outbox.note(connection, outbox.PURGE_ACCOUNT, ids, now)
    return len(ids)


def _drop_old_posts(ctx: Context) -> int:
    now = ctx.clock.now()
    done = 0
    while True:
        with ctx.database.write() as connection:
            ids = list(
                connection.scalars(
                    sa.select(POSTS.c.id)
                    .where(POSTS.c.published < now - ctx.rules.retention)
                    .limit(_BATCH)
                )
            )
            withdraw_post_ids(connection, ids, now, None)
        done += len(ids)
        if len(ids) < _BATCH:
            return done


def _forget_old_hints(ctx: Context) -> int:
    """Boosted posts that led to their authors, or nowhere, a while ago."""
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        return connection.execute(
            sa.delete(VISITS).where(
                VISITS.c.door == "boost",
                VISITS.c.last_at < now - ctx.rules.purge_after + timedelta(days=1),
            )
        ).rowcount


def _forget_old_verdicts(ctx: Context) -> int:
    """Reasons about people who are not listed are kept no longer than evidence is."""
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        gone = connection.execute(
            sa.delete(VERDICTS).where(
                VERDICTS.c.seen_at < now - ctx.rules.purge_after,
                VERDICTS.c.uri.not_in(sa.select(ACCOUNTS.c.uri)),
            )
        ).rowcount
        history.forget_unjudged(connection)
        return gone


def _forget_old_records(ctx: Context) -> int:
    """Who was answered when, what could not be delivered, and hosts that nothing waits for."""
    now = ctx.clock.now()
    idle = sa.and_(
        HOSTS.c.token.is_(None),
        sa.or_(HOSTS.c.parked_until.is_(None), HOSTS.c.parked_until < now - timedelta(days=1)),
        ~sa.exists().where(DELIVERIES.c.host == HOSTS.c.host),
    )
    with ctx.database.write() as connection:
        gone = sum(
            connection.execute(statement).rowcount
            for statement in (
                sa.delete(_ANSWERS).where(_ANSWERS.c.at < now - _ANSWERS_KEPT),
                sa.delete(FAILURES).where(FAILURES.c.at < now - _FAILURES_KEPT),
                sa.delete(HOSTS).where(idle),
            )
        )
        forgetting = (reports.forget_handled, sent_notes.forget_old, *CONSOLE)
        return gone + sum(forget(connection, now) for forget in forgetting)
