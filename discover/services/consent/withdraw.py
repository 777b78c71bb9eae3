"""The way out: rows go, the index follows through the outbox, the visit forgets its ETag.

Every function works inside the caller's transaction, so that a withdrawal is whole or not at all.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.actor import Handle
from discover.model.instance import ServerOptIn
from discover.model.observed import Door
from discover.services import holding
from discover.services.consent import aliases, consent_log, held, outs, suppressions
from discover.services.consent.history import HISTORY
from discover.services.consent.withdrawals import ACCOUNT, POST, SERVER, Because, purge
from discover.services.consent.withdrawals import POSTS as ALL_POSTS
from discover.services.context import Context
from discover.services.facts import ACCOUNTS
from discover.services.federation import following, mentions, sent_notes
from discover.services.index import outbox
from discover.services.suggest import similarity
from discover.services.topics import undo as topic_undo
from discover.services.topics.measure import forget_counts
from discover.services.trends import uses as trend_uses
from discover.store.database import table, upsert
from discover.store.tables import Daily, Interaction, Post, Server, VerdictRow, Visit

POSTS = table(Post)
VISITS = table(Visit)
VERDICTS = table(VerdictRow)
DAILY = table(Daily)
INTERACTIONS = table(Interaction)


def withdraw_account(
    connection: Connection,
    account_id: int,
    now: datetime,
    because: Because | None = ACCOUNT,
) -> int:
    """Remove a listed account with everything that hangs on it. Returns how many posts went."""
    holding.withhold(connection, [account_id])
    uri = connection.scalar(sa.select(ACCOUNTS.c.uri).where(ACCOUNTS.c.id == account_id))
    sent_notes.forget_about(connection, [account_id])
    posts = withdraw_posts(connection, account_id, now, note=False)
    connection.execute(sa.delete(ACCOUNTS).where(ACCOUNTS.c.id == account_id))
    if uri is not None:
        connection.execute(
            sa.update(VISITS).where(VISITS.c.uri == uri).values(etag=None, last_modified=None)
        )
        count(connection, "accounts_withdrawn", 1, now)
    purge(connection, outbox.PURGE_ACCOUNT, [account_id], now, because)
    return posts


def withdraw_posts(
    connection: Connection,
    account_id: int,
    now: datetime,
    because: Because | None = ALL_POSTS,
    *,
    note: bool = True,
) -> int:
    """Remove all posts of an account, which may stay listed itself."""
    holding.withhold(connection, [account_id])
    mine = sa.select(POSTS.c.id).where(POSTS.c.account_id == account_id)
    topic_undo.undo_boosts(connection, mine, now)
    _forget_interactions(connection, mine, [account_id])
    _forget_announced(connection, POSTS.c.account_id == account_id)
    gone = connection.execute(sa.delete(POSTS).where(POSTS.c.account_id == account_id)).rowcount
    similarity.forget(connection, [account_id], now)
    forget_counts(connection, [account_id])
    if note and gone:
        purge(connection, outbox.PURGE_ACCOUNT, [account_id], now, because)
        outbox.note(connection, outbox.ACCOUNT, [account_id], now)
    if gone:
        count(connection, "posts_withdrawn", gone, now)
    return gone


def withdraw_post_ids(
    connection: Connection,
    ids: list[int],
    now: datetime,
    because: Because | None = POST,
) -> None:
    if ids:
        theirs = sa.select(POSTS.c.account_id).where(POSTS.c.id.in_(ids)).distinct()
        authors = connection.scalars(theirs).all()
        holding.withhold(connection, authors)
        topic_undo.undo_boosts(connection, ids, now)
        _forget_interactions(connection, ids)
        similarity.forget(connection, authors, now)
        outbox.note(connection, outbox.ACCOUNT, authors, now)  # its topics and words lose theirs
        _forget_announced(connection, POSTS.c.id.in_(ids))
        connection.execute(sa.delete(POSTS).where(POSTS.c.id.in_(ids)))
        purge(connection, outbox.POST, ids, now, because)
        count(connection, "posts_withdrawn", len(ids), now)


def uncount_account(connection: Connection, account_id: int) -> None:
    """It may not count in trends any more, although its posts are still found (a bot)."""
    holding.withhold(connection, [account_id])
    mine = sa.select(POSTS.c.id).where(POSTS.c.account_id == account_id)
    _forget_interactions(connection, mine, [account_id])


def withdraw_server(
    connection: Connection,
    host: str,
    now: datetime,
    because: Because | None = SERVER,
) -> int:
    """Remove everything held about a host's accounts. Returns how many accounts went."""
    ids = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.host == host)
    theirs = sa.select(POSTS.c.id).where(POSTS.c.account_id.in_(ids))
    holding.withhold(connection, ids)
    sent_notes.forget_about(connection, ids)
    forget_counts(connection, ids)
    topic_undo.undo_boosts(connection, theirs, now)
    _forget_interactions(connection, theirs, ids)
    posts = connection.execute(sa.delete(POSTS).where(POSTS.c.account_id.in_(ids))).rowcount
    accounts = connection.execute(sa.delete(ACCOUNTS).where(ACCOUNTS.c.host == host)).rowcount
    connection.execute(sa.delete(VISITS).where(VISITS.c.host == host))
    connection.execute(sa.delete(VERDICTS).where(VERDICTS.c.host == host))
    connection.execute(sa.delete(HISTORY).where(HISTORY.c.host == host))
    purge(connection, outbox.PURGE_SERVER, [0], now, because if accounts else None, host)
    consent_log.server_touched(connection, host, now)
    if accounts:
        count(connection, "accounts_withdrawn", accounts, now)
    if posts:
        count(connection, "posts_withdrawn", posts, now)
    return accounts


def forget_person(ctx: Context, handle: Handle | None, *uris: str) -> bool:
    """Remove a person and keep only keyed hashes, so that they never come back by themselves.

    The hashes are of the handle, of every actor URI that we know under it or are given, and of
    listed accounts that say themselves that they are this person too; those go as well. True when
    something was held about them. `handle` None: nobody knows it.
    """
    known_at = ctx.clock.now()
    with ctx.database.write() as connection:
        now = ctx.clock.now()
        person = held.person(ctx, connection, handle.key if handle else "", *uris)
        others = aliases.accounts_saying(connection, person.uris)
        people = [person, *(held.person(ctx, connection, row.handle_key) for row in others)]
        for one in people:
            suppressions.suppress(
                ctx,
                connection,
                one.names,
                now,
                along_with=() if one is person else person.names,
            )
            for account_id in one.account_ids:
                withdraw_account(connection, account_id, now, Because("account", known_at))
            held.let_go(connection, one)
            for uri in one.uris:
                following.part(ctx, connection, uri)
    return bool(person.uris)


def unforget_person(ctx: Context, handle: Handle, *uris: str) -> bool:
    """Take a person off the suppression list, by all their names. Their flags then decide again."""
    with ctx.database.write() as connection:
        now = ctx.clock.now()
        return suppressions.lift(ctx, connection, [handle.key, *uris], now, by_operator=True)


def forget_server(ctx: Context, host: str) -> int:
    """Remove a server's people and record its no. Returns how many accounts went."""
    now = ctx.clock.now()
    with ctx.database.write() as connection:
        outs.note(ctx, connection, "server", [host], now)
        gone = withdraw_server(connection, host, now)
        upsert(
            connection,
            Server,
            [
                {
                    "host": host,
                    "opt_in": ServerOptIn.NONE.value,
                    "opted_out": True,
                    "note": "",
                    "recorded_at": now,
                    "due_at": None,
                }
            ],
            key=["host"],
            update=["opt_in", "opted_out", "note", "recorded_at", "due_at"],
        )
    return gone


def count(connection: Connection, name: str, amount: int, now: datetime) -> None:
    """Add to an anonymous daily count, and to the consent log."""
    consent_log.note_count(connection, consent_log.Event(name), amount, now)
    upsert(
        connection,
        Daily,
        [{"day": now.date().isoformat(), "name": name, "count": amount}],
        key=["day", "name"],
        update=[],
        update_values=_added,
    )


def _forget_interactions(connection: Connection, posts: Any, accounts: Any = None) -> None:
    """Likes and boosts of these posts, mentions in them, and what these accounts gave and got of
    them: both sides must consent.

    With them goes what the posts counted for in trends.
    """
    trend_uses.forget(connection, posts)
    trend_uses.forget_heard(connection, posts)
    if accounts is not None:
        theirs = INTERACTIONS.c.account_id.in_(accounts)
        trend_uses.unheard(connection, sa.select(INTERACTIONS.c.post_id).where(theirs))
    mentions.forget(connection, posts, accounts)
    of_these: sa.ColumnElement[bool] = INTERACTIONS.c.post_id.in_(posts)
    if accounts is not None:
        of_these = sa.or_(of_these, INTERACTIONS.c.account_id.in_(accounts))
    connection.execute(sa.delete(INTERACTIONS).where(of_these))


def _forget_announced(connection: Connection, these: sa.ColumnElement[bool]) -> None:
    """Appointments to look at these posts again, which a connected server announced (FASP)."""
    connection.execute(
        sa.delete(VISITS).where(
            VISITS.c.door == Door.FASP.value, VISITS.c.uri.in_(sa.select(POSTS.c.uri).where(these))
        )
    )


def _added(new: Any) -> dict[str, Any]:
    return {"count": DAILY.c.count + new["count"]}
