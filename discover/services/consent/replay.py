"""A restored backup brings nobody back who left after it was made."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Handle
from discover.model.instance import RobotsState, ServerOptIn
from discover.policy.proofs import ORDER
from discover.services.consent import consent_log
from discover.services.consent.outs import MARKS, follow, proof_name, write_mark
from discover.services.consent.proof_rows import EVERY, PROOFS, rows_of, standing_of, statement_of
from discover.services.consent.retention import hide_expired
from discover.services.consent.servers import take_back
from discover.services.consent.standing import settle
from discover.services.consent.withdraw import (
    POSTS,
    VERDICTS,
    VISITS,
    forget_person,
    forget_server,
    withdraw_post_ids,
)
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, SERVERS
from discover.services.federation import following
from discover.services.trends.uses import forget_all_counts
from discover.store.database import chunks, table, upsert
from discover.store.journal import Journal, Out
from discover.store.tables import Follower, Suppression

log = logging.getLogger(__name__)

_FOLLOWERS = table(Follower)


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many had left after the backup, and how many of them were held again."""

    people: int = 0
    servers: int = 0
    removed: int = 0
    hidden: int = 0  # shown again when they were seen again


def replay(ctx: Context, journal: Journal | None = None) -> Replayed:
    """Apply what the database does not know of: it is older than the journal. Safe to do twice."""
    journal = journal or ctx.journal
    if journal is None:
        return Replayed()
    hidden = _see_anew(ctx, journal)
    done = _follow_lines(ctx, journal)
    if journal is ctx.journal:
        with ctx.database.read() as connection:
            newest = consent_log.newest(connection)
        if newest is not None and newest != journal.mark():
            write_mark(journal, newest, anew=True)
    return replace(done, hidden=hidden)


def _see_anew(ctx: Context, journal: Journal) -> int:
    """A database older than the mark knows nothing of those who left since without a word to us:
    by a Delete, by their flags. So all evidence in it counts as expired, until it is renewed.
    """
    mark = journal.mark()  # before the database is read: it never is ahead of that
    if mark is None:
        return 0
    with ctx.database.read() as connection:
        if not consent_log.lacks(connection, mark):
            return 0
    _drop_posts(ctx, journal)
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        consent_log.take_head(connection, now)
        if not consent_log.lacks(connection, mark):
            return 0  # another process was faster
        consent_log.note_restored(connection, now)
        hidden = _expire(ctx, connection, now)
    hide_expired(ctx)
    log.warning("the database is older than %s: %d people are hidden", journal.path, hidden)
    return hidden


def _drop_posts(ctx: Context, journal: Journal) -> None:
    """Posts that were taken away since: their authors' documents would not tell."""
    with ctx.database.read() as connection:
        size = _followed(connection, journal)
        digests = {out.digest for out in journal.since(size) if out.what == "post"}
        posts = connection.execute(sa.select(POSTS.c.id, POSTS.c.uri)) if digests else ()
        gone = [row.id for row in posts if ctx.digest(row.uri) in digests]
    for part in chunks(gone):
        with ctx.database.write() as connection:
            withdraw_post_ids(connection, list(part), ctx.clock.now())


def _followed(connection: Connection, journal: Journal) -> int:
    return connection.scalar(sa.select(MARKS.c.size).where(MARKS.c.name == journal.name)) or 0


def _expire(ctx: Context, connection: Connection, now: datetime) -> int:
    expired = now - ctx.rules.hide_after - timedelta(seconds=1)
    people = connection.execute(
        sa.update(ACCOUNTS).where(ACCOUNTS.c.evidence_at > expired).values(evidence_at=expired)
    ).rowcount
    forget_all_counts(connection)
    # The crawler asks each host at that host's own pace.
    connection.execute(
        sa.update(VISITS)
        .where(VISITS.c.uri.in_(sa.select(ACCOUNTS.c.uri)))
        .values(due_at=now, etag=None, last_modified=None)
    )
    connection.execute(
        sa.update(SERVERS)
        .where(~SERVERS.c.opted_out, ~SERVERS.c.blocked)
        .where(SERVERS.c.robots == RobotsState.ALLOWED.value)
        .values(due_at=now, robots=RobotsState.UNSEEN.value)
    )
    connection.execute(
        sa.update(PROOFS).where(PROOFS.c.checked_at > now - EVERY).values(checked_at=now - EVERY)
    )
    return people


def _follow_lines(ctx: Context, journal: Journal) -> Replayed:
    if not journal.size():
        return Replayed()
    size = journal.size()
    with ctx.database.read() as connection:
        known = _followed(connection, journal)
    if known >= size:
        return Replayed()
    if journal is not ctx.journal:
        _drop_posts(ctx, journal)
    last = {(out.what, out.digest): out for out in journal.since(known)}
    left = [out for out in last.values() if not out.back]
    people = {out.digest: out for out in left if out.what == "person"}
    servers = {out.digest for out in left if out.what == "server"}
    proofs = {out.digest for out in left if out.what == "proof"}
    removed = _let_go(ctx, people) + _close(ctx, servers) + _end(ctx, proofs)
    with ctx.database.write() as connection:
        follow(connection, journal, size)
    return Replayed(len(people), len(servers), removed)


def _let_go(ctx: Context, people: dict[str, Out]) -> int:
    if not people:
        return 0
    with ctx.database.write() as connection:
        rows = [
            {
                "digest": out.digest,
                "at": out.at,
                "leaving": out.leaving or secrets.token_hex(8),
                "along": out.along,
            }
            for out in people.values()
        ]
        upsert(connection, Suppression, rows, key=["digest"])
    removed = 0
    for uri, handle in _names(ctx).items():
        if ctx.digest(uri) in people or (handle and ctx.digest(handle) in people):
            removed += forget_person(ctx, Handle.parse(handle) if handle else None, uri)
    return removed


def _names(ctx: Context) -> dict[str, str]:
    """Every actor URI that the database knows, with its handle where there is one."""
    with ctx.database.read() as connection:
        found = connection.execute(
            sa.union(
                sa.select(ACCOUNTS.c.uri, ACCOUNTS.c.handle_key),
                sa.select(VERDICTS.c.uri, sa.func.coalesce(VERDICTS.c.handle_key, "")),
                sa.select(VISITS.c.uri, sa.func.coalesce(VISITS.c.handle_key, "")).where(
                    VISITS.c.uri.is_not(None)
                ),
            )
        ).all()
    return dict(sorted((row[0], row[1]) for row in found))  # without a handle comes first


def _close(ctx: Context, digests: set[str]) -> int:
    if not digests:
        return 0
    with ctx.database.read() as connection:
        hosts = set(connection.scalars(sa.select(SERVERS.c.host).where(~SERVERS.c.opted_out)))
        hosts |= set(connection.scalars(sa.select(ACCOUNTS.c.host).distinct()))
    return sum(forget_server(ctx, host) for host in hosts if ctx.digest(host) in digests)


def _end(ctx: Context, digests: set[str]) -> int:
    """Servers are without the proofs that ended since; those without any are out again."""
    if not digests:
        return 0
    removed = 0
    with ctx.database.read() as connection:
        hosts = set(connection.scalars(sa.select(SERVERS.c.host)))
        hosts |= set(connection.scalars(sa.select(PROOFS.c.host)))
        hosts |= set(connection.scalars(sa.select(_FOLLOWERS.c.host)))
    for host in sorted(hosts):
        ended = {kind for kind in ORDER if ctx.digest(proof_name(host, kind)) in digests}
        if ended:
            with ctx.database.write() as connection:
                removed += _without(ctx, connection, host, ended)
    return removed


def _without(ctx: Context, connection: Connection, host: str, ended: set[ServerOptIn]) -> int:
    now = ctx.clock.now()
    for kind, row in rows_of(connection, host).items():
        said = statement_of(row)
        if kind in ended and said is not None and said.agrees:
            this = sa.and_(PROOFS.c.host == host, PROOFS.c.kind == kind.value)
            connection.execute(sa.delete(PROOFS).where(this))
    if ServerOptIn.RELAY in ended:
        theirs = sa.and_(_FOLLOWERS.c.host == host, _FOLLOWERS.c.relay.is_(True))
        for actor in connection.scalars(sa.select(_FOLLOWERS.c.actor).where(theirs)).all():
            following.part(ctx, connection, actor)
        connection.execute(sa.delete(_FOLLOWERS).where(theirs))
    server = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == host)).first()
    if server is None or server.opt_in == ServerOptIn.NONE.value:
        return 0
    if server.opt_in == ServerOptIn.OPERATOR.value and ServerOptIn.OPERATOR in ended:
        still = standing_of(connection, host, None, now).opt_in
        if still is ServerOptIn.NONE and not server.opted_out:
            return take_back(connection, server, now)
        connection.execute(
            sa.update(SERVERS).where(SERVERS.c.host == host).values(opt_in=still.value)
        )
    held = sa.select(sa.func.count()).where(ACCOUNTS.c.host == host)
    before = connection.scalar(held) or 0
    settle(ctx, connection, host, now)
    return before - (connection.scalar(held) or 0)
