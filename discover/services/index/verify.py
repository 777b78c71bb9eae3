"""Proof that the index and the database agree, document by document."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import sqlalchemy as sa

from discover.model.query import Kind
from discover.services.consent.withdraw import POSTS
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.index import outbox
from discover.services.index.documents import judge_accounts, judge_rows, post_documents
from discover.services.index.outbox import OUTBOX
from discover.store.database import chunks

_BATCH = 2000
# What differs is looked at so often; between two looks the index may follow the database.
_LOOKS = 3
_PAUSE_SECONDS = 1.0
_PURGES = (outbox.PURGE_ACCOUNT, outbox.PURGE_SERVER)


@dataclass(frozen=True, slots=True)
class Report:
    """`missing`: allowed, but not in the index. `surplus`: in the index, but not allowed."""

    accounts: int
    posts: int
    missing_accounts: tuple[int, ...]
    surplus_accounts: tuple[int, ...]
    missing_posts: tuple[int, ...]
    surplus_posts: tuple[int, ...]
    orphan_posts: tuple[int, ...]  # rows whose account is gone
    outbox_waiting: int

    @property
    def clean(self) -> bool:
        return not (
            self.missing_accounts
            or self.surplus_accounts
            or self.missing_posts
            or self.surplus_posts
            or self.orphan_posts
        )


def verify(ctx: Context) -> Report:
    """Compare everything. What still waits in the outbox counts as a difference too.

    People come and go while both are read, so each difference is looked at once more, and what waits
    is given a moment. Raises EngineUnavailable.
    """
    report = _compare(ctx)
    for look in range(1, _LOOKS):
        if report.clean or (look > 1 and not report.outbox_waiting):
            break
        if look > 1:
            time.sleep(_PAUSE_SECONDS)
        report = _look_again(ctx, report)
    return report


def unexplained(ctx: Context, report: Report) -> dict[Kind, tuple[int, ...]]:
    """What the index should not hold, and nothing on its way takes out.

    A post's row is gone with its account's, so no post counts while whole accounts are on their way.
    """
    with ctx.database.read() as connection:
        rows = connection.execute(sa.select(OUTBOX.c.kind, OUTBOX.c.ref)).all()
    waiting = {(row.kind, row.ref) for row in rows}
    purging = {kind for kind, _ in waiting}.intersection(_PURGES)
    accounts = () if outbox.PURGE_SERVER in purging else report.surplus_accounts
    posts = () if purging else report.surplus_posts
    return {
        Kind.ACCOUNTS: tuple(
            one
            for one in accounts
            if not waiting & {(outbox.ACCOUNT, one), (outbox.PURGE_ACCOUNT, one)}
        ),
        Kind.POSTS: tuple(one for one in posts if (outbox.POST, one) not in waiting),
    }


def _look_again(ctx: Context, before: Report) -> Report:
    """Only those that differed."""
    now = ctx.clock.now()
    accounts = {*before.missing_accounts, *before.surplus_accounts}
    posts = {*before.missing_posts, *before.surplus_posts, *before.orphan_posts}
    with ctx.database.read() as connection:
        judged = judge_accounts(ctx, connection, accounts, now)
        allowed_accounts = {key for key, one in judged.items() if one.verdict.list.allowed}
        allowed_posts: set[int] = set()
        orphans: list[int] = []
        for part in chunks(sorted(posts)):
            rows = connection.execute(sa.select(POSTS).where(POSTS.c.id.in_(part))).all()
            authors = judge_accounts(ctx, connection, {row.account_id for row in rows}, now)
            allowed_posts |= {one.id for one in post_documents(ctx, rows, authors, now)}
            orphans += [row.id for row in rows if row.account_id not in authors]
        waiting = connection.scalar(sa.select(sa.func.count()).select_from(OUTBOX)) or 0
    indexed_accounts = set(ctx.engine.ids(Kind.ACCOUNTS)) if accounts else set()
    indexed_posts = set(ctx.engine.ids(Kind.POSTS)) if posts else set()

    def still(ids: Iterable[int], here: set[int], not_here: set[int]) -> tuple[int, ...]:
        return tuple(one for one in ids if one in here and one not in not_here)

    return replace(
        before,
        missing_accounts=still(before.missing_accounts, allowed_accounts, indexed_accounts),
        surplus_accounts=still(before.surplus_accounts, indexed_accounts, allowed_accounts),
        missing_posts=still(before.missing_posts, allowed_posts, indexed_posts),
        surplus_posts=still(before.surplus_posts, indexed_posts, allowed_posts),
        orphan_posts=still(before.orphan_posts, set(orphans), set()),
        outbox_waiting=waiting,
    )


def _compare(ctx: Context) -> Report:
    now = ctx.clock.now()
    allowed_accounts: set[int] = set()
    allowed_posts: set[int] = set()
    with ctx.database.read() as connection:
        last = 0
        while rows := connection.execute(
            sa.select(ACCOUNTS).where(ACCOUNTS.c.id > last).order_by(ACCOUNTS.c.id).limit(_BATCH)
        ).all():
            judged = judge_rows(ctx, connection, rows, now)
            allowed_accounts |= {key for key, one in judged.items() if one.verdict.list.allowed}
            last = rows[-1].id
        last = 0
        while rows := connection.execute(
            sa.select(POSTS).where(POSTS.c.id > last).order_by(POSTS.c.id).limit(_BATCH)
        ).all():
            authors = judge_accounts(ctx, connection, {row.account_id for row in rows}, now)
            allowed_posts |= {one.id for one in post_documents(ctx, rows, authors, now)}
            last = rows[-1].id
        orphans = connection.scalars(
            sa.select(POSTS.c.id)
            .outerjoin(ACCOUNTS, ACCOUNTS.c.id == POSTS.c.account_id)
            .where(ACCOUNTS.c.id.is_(None))
        ).all()
        waiting = connection.scalar(sa.select(sa.func.count()).select_from(OUTBOX)) or 0
    indexed_accounts = set(ctx.engine.ids(Kind.ACCOUNTS))
    indexed_posts = set(ctx.engine.ids(Kind.POSTS))
    return Report(
        accounts=len(allowed_accounts),
        posts=len(allowed_posts),
        missing_accounts=tuple(sorted(allowed_accounts - indexed_accounts)),
        surplus_accounts=tuple(sorted(indexed_accounts - allowed_accounts)),
        missing_posts=tuple(sorted(allowed_posts - indexed_posts)),
        surplus_posts=tuple(sorted(indexed_posts - allowed_posts)),
        orphan_posts=tuple(orphans),
        outbox_waiting=waiting,
    )


def repair(ctx: Context, report: Report) -> None:
    """Put every difference into the outbox, and remove rows that belong to nobody."""
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        for part in chunks(report.orphan_posts):
            connection.execute(sa.delete(POSTS).where(POSTS.c.id.in_(part)))
        accounts = {*report.missing_accounts, *report.surplus_accounts}
        posts = {*report.missing_posts, *report.surplus_posts, *report.orphan_posts}
        outbox.note(connection, outbox.ACCOUNT, sorted(accounts), now)
        outbox.note(connection, outbox.POST, sorted(posts), now)
