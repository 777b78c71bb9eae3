"""What was seen becomes what is known: load facts, ask policy, apply. One transaction a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.instance import RobotsState
from discover.model.observed import (
    ActorMissing,
    ActorSeen,
    ActorUnchanged,
    CandidatesSeen,
    Door,
    ExtrasSeen,
    Observation,
    Outcome,
    PostMissing,
    PostsSeen,
    ServerActorSeen,
    ServerSeen,
    ServerVisited,
    Single,
)
from discover.model.verdict import Reason
from discover.policy.consent import decide_server, must_purge, refuses_all
from discover.policy.frontier import next_after_failure, next_server_visit
from discover.policy.origin import host_of, likely_handle_key
from discover.services.consent import consent_log
from discover.services.consent.proof_rows import slowest
from discover.services.consent.servers import appoint_asked
from discover.services.consent.standing import judge_again
from discover.services.consent.withdraw import POSTS, VERDICTS, VISITS, withdraw_server
from discover.services.consent.withdrawals import Because
from discover.services.context import Context
from discover.services.crawl.observe_actor import actor_missing, actor_unchanged, extras_seen
from discover.services.crawl.observe_actors import actors_seen
from discover.services.crawl.observe_posts import post_missing, posts_seen
from discover.services.crawl.turns import LEASES
from discover.services.facts import ACCOUNTS, SERVERS, load_servers, suppressed
from discover.services.federation.reach import asked_themselves, in_reach
from discover.services.federation.relays import server_actor_seen
from discover.services.index import outbox
from discover.store.database import chunks, upsert
from discover.store.tables import Visit


def observe(ctx: Context, batch: Sequence[Observation]) -> list[Outcome]:
    """Judge and store a batch in one transaction; outcomes in the order of the observations."""
    with ctx.database.write() as connection:
        now = ctx.clock.now()  # waiting for the lock is behind us
        gathered = _Gathered(ctx, connection, now, [Outcome()] * len(batch))
        for place, seen in enumerate(batch):
            match seen:
                case PostsSeen():
                    gathered.posts[place] = seen
                    continue
                case ActorSeen():
                    if any(one.actor.uri == seen.actor.uri for one in gathered.actors.values()):
                        gathered.store_actors()  # one after the other
                    gathered.actors[place] = seen
                    continue
                case CandidatesSeen() if gathered.actors:
                    gathered.candidates[place] = seen  # among them may be who leaves just now
                    continue
                case PostMissing():
                    gathered.store()  # it may be one of them
                case ServerVisited():
                    pass  # an appointment
                case _:
                    gathered.store_actors()
            gathered.outcomes[place] = _apply(ctx, connection, seen, now)
        gathered.store()
    return gathered.outcomes


@dataclass(slots=True)
class _Gathered:
    """Observations of a batch, by their place in it: together they cost a fraction."""

    ctx: Context
    connection: Connection
    now: datetime
    outcomes: list[Outcome]
    actors: dict[int, ActorSeen] = field(default_factory=dict)
    candidates: dict[int, CandidatesSeen] = field(default_factory=dict)
    posts: dict[int, PostsSeen] = field(default_factory=dict)

    def store(self) -> None:
        self.store_actors()
        if self.posts:
            done = posts_seen(self.ctx, self.connection, list(self.posts.values()), self.now)
            self._note(self.posts, done)

    def store_actors(self) -> None:
        if self.actors:
            done = actors_seen(self.ctx, self.connection, list(self.actors.values()), self.now)
            self._note(self.actors, done)
        for place, seen in self.candidates.items():
            self.outcomes[place] = candidates_seen(self.ctx, self.connection, seen, self.now)
        self.candidates.clear()

    def _note(self, stored: dict[int, Any], outcomes: list[Outcome]) -> None:
        for place, outcome in zip(stored, outcomes, strict=True):
            self.outcomes[place] = outcome
        stored.clear()


def _apply(ctx: Context, connection: Connection, seen: Single, now: datetime) -> Outcome:
    match seen:
        case ActorUnchanged():
            return actor_unchanged(ctx, connection, seen, now)
        case ActorMissing():
            return actor_missing(ctx, connection, seen, now)
        case ExtrasSeen():
            return extras_seen(ctx, connection, seen, now)
        case PostMissing():
            return post_missing(ctx, connection, seen, now)
        case CandidatesSeen():
            return candidates_seen(ctx, connection, seen, now)
        case ServerSeen():
            return server_seen(ctx, connection, seen, now)
        case ServerVisited():
            return server_visited(ctx, connection, seen, now)
        case ServerActorSeen():
            return server_actor_seen(ctx, connection, seen, now)


def candidates_seen(
    ctx: Context, connection: Connection, seen: CandidatesSeen, now: datetime
) -> Outcome:
    """Keep an appointment with those whose server has opted in, or who did; forget the others."""
    by_name: dict[str, dict[str, object]] = {}
    for uri in seen.uris:
        if host := host_of(uri):
            by_name[uri] = {"uri": uri, "host": host, "handle": None, "handle_key": None}
    for handle in seen.handles:
        by_name[handle.key] = {
            "uri": None, "host": handle.host, "handle": str(handle), "handle_key": handle.key,
        }  # fmt: skip
    if seen.door is Door.BOOST:
        _drop_known_posts(connection, by_name)
    servers = load_servers(connection, {str(row["host"]) for row in by_name.values()})
    left = _left_for_good(ctx, connection, by_name)
    wanted = {
        name for name, row in by_name.items() if decide_server(servers[str(row["host"])]).allowed
    }
    others = [uri for uri in seen.uris if uri in by_name and uri not in wanted]
    wanted |= asked_themselves(ctx, connection, others)
    if seen.door is Door.BOOST:
        wanted &= in_reach(ctx, connection, posts=wanted)  # not below the address of a no
    rows = [
        {**row, "door": seen.door.value, "due_at": now}
        for name, row in by_name.items()
        if name in wanted and name not in left
    ]
    upsert(connection, Visit, [row for row in rows if row["uri"]], key=["uri"])
    upsert(connection, Visit, [row for row in rows if not row["uri"]], key=["handle_key"])
    return Outcome(stored=len(rows), refused=len(by_name) - len(rows))


def _left_for_good(ctx: Context, connection: Connection, names: Iterable[str]) -> set[str]:
    """Which of these URIs and handle keys are of people who left, as far as their names tell."""
    digests = {
        name: {ctx.digest(one) for one in (name, likely_handle_key(name)) if one} for name in names
    }
    left = suppressed(connection, {one for ones in digests.values() for one in ones})
    return {name for name, ones in digests.items() if ones & left}


def _drop_known_posts(connection: Connection, by_name: dict[str, dict[str, object]]) -> None:
    """Whose posts we hold is found already."""
    for part in chunks(list(by_name)):
        for uri in connection.scalars(sa.select(POSTS.c.uri).where(POSTS.c.uri.in_(part))):
            del by_name[uri]


def server_seen(ctx: Context, connection: Connection, seen: ServerSeen, now: datetime) -> Outcome:
    """Only servers on record are kept. What its robots.txt says may hide or purge its people."""
    row = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == seen.host)).first()
    if row is None:
        return Outcome()
    before = load_servers(connection, [seen.host])[seen.host]
    values: dict[str, object] = {
        "robots": seen.robots.value,
        "noindex_header": seen.noindex_header,
        "seen_at": seen.seen_at or now,
    }
    if (info := seen.nodeinfo) is not None:
        values |= {
            "software": info.software,
            "version": info.version,
            "name": info.name,
            "description": info.description,
            "open_registrations": info.open_registrations,
            "languages": list(info.languages),
            "monthly_active": info.monthly_active,
        }
    if (about := seen.about) is not None:
        values |= {
            "rules": list(about.rules),
            "registrations": about.registrations,
        }
        for name in ("name", "description"):  # where NodeInfo is silent, or shorter
            if said := getattr(about, name):
                values[name] = said
        if about.languages:
            values["languages"] = list(about.languages)
    connection.execute(sa.update(SERVERS).where(SERVERS.c.host == seen.host).values(**values))
    if RobotsState.FORBIDDEN.value in (row.robots, seen.robots.value):
        consent_log.server_touched(connection, seen.host, now)
    if seen.robots is RobotsState.ALLOWED:
        # For the next worker that gets the host.
        connection.execute(
            sa.update(LEASES)
            .where(LEASES.c.host == seen.host)
            .values(crawl_delay=slowest(connection, seen.host, seen.crawl_delay))
        )
    was = decide_server(before).allowed
    changed = row.robots != seen.robots.value
    removed = _reconsider(ctx, connection, seen, was=was, changed=changed, now=now)
    if changed and seen.robots is RobotsState.ALLOWED:
        _look_again(connection, seen.host, now)
    shut = row.robots == RobotsState.FORBIDDEN.value and seen.robots is RobotsState.ALLOWED
    if shut and not (before.opted_out or before.blocked):
        # They were forgotten with all others, and need not ask again.
        appoint_asked(connection, seen.host, now)
    return Outcome(stored=1, removed=removed)


_BY_ROBOTS = (Reason.ROBOTS_FORBID, Reason.ROBOTS_UNREADABLE)


def _look_again(connection: Connection, host: str, now: datetime) -> None:
    """At those whom we met while the server's robots.txt was a no or could not be read."""
    held = sa.select(ACCOUNTS.c.uri).where(ACCOUNTS.c.host == host)
    answers = sa.cast(VERDICTS.c.answers, sa.String)
    refused = sa.select(VERDICTS.c.uri).where(
        VERDICTS.c.host == host,
        VERDICTS.c.uri.not_in(held),
        sa.or_(*(answers.like(f"%{one.value}%") for one in _BY_ROBOTS)),
    )
    connection.execute(
        sa.update(VISITS).where(VISITS.c.host == host, VISITS.c.uri.in_(refused)).values(due_at=now)
    )


def server_visited(
    ctx: Context, connection: Connection, seen: ServerVisited, now: datetime
) -> Outcome:
    """Make the next appointment: a day later, or backing off while the server fails."""
    row = connection.execute(sa.select(SERVERS).where(SERVERS.c.host == seen.host)).first()
    if row is None or row.due_at is None:
        return Outcome()
    failures = 0 if seen.ok else row.failures + 1
    pause = next_after_failure(failures, ctx.jitter()) if failures else None
    due = now + (pause or next_server_visit(ctx.jitter()))
    connection.execute(
        sa.update(SERVERS)
        .where(SERVERS.c.host == seen.host)
        .values(failures=failures, due_at=max(due, seen.retry_at or due))
    )
    return Outcome()


def _reconsider(
    ctx: Context,
    connection: Connection,
    seen: ServerSeen,
    *,
    was: bool,
    changed: bool,
    now: datetime,
) -> int:
    """After a change of a server's facts: purge, hide, show again. Returns accounts removed."""
    host = seen.host
    accounts = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.host == host)
    decision = decide_server(load_servers(connection, [host])[host])
    if refuses_all(decision):
        held = connection.execute(accounts.limit(1)).first()
        because = Because("server", seen.seen_at)
        return withdraw_server(connection, host, now, because) if held else 0
    # Its admin may have said nothing, and some of its people for themselves.
    removed = judge_again(ctx, connection, host, now) if must_purge(decision) else 0
    if was and not decision.allowed:
        outbox.note_server_purge(connection, host, now)
    elif changed or decision.allowed != was:
        for account_id in connection.scalars(accounts).all():
            outbox.note_whole_account(connection, account_id, now)
    return removed
