"""What this index does with consent, in numbers and dates, for everybody. Nobody is named."""

from __future__ import annotations

import json
import math
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.verdict import SENTENCES, Answer, Reason
from discover.services.consent import consent_log
from discover.services.consent.consent_log import LOG, Event
from discover.services.consent.withdraw import DAILY, VERDICTS
from discover.services.consent.withdrawals import WITHDRAWALS
from discover.services.context import Context
from discover.services.facts import ACCOUNTS, SERVERS
from discover.services.index.outbox import POSTS
from discover.store.database import table
from discover.store.tables import ServerProof

# Upper bounds of the histogram in seconds; what took longer is counted at the end.
BOUNDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0, 3600.0)
# Looked back on for the histogram
PERIOD = timedelta(days=90)
# An answer is given again for so long: it takes a walk through whole tables.
KEPT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class ServerLine:
    """`proofs`: kind and when first seen. `state`: in or out; `because` says why it is out."""

    host: str
    state: str
    since: datetime | None
    scope: str
    proofs: tuple[tuple[str, datetime], ...]
    because: str = ""


@dataclass(frozen=True, slots=True)
class Latency:
    """`counts` by BOUNDS, one more for all that took longer; seconds at the percentiles."""

    counts: tuple[int, ...]
    total: int
    p50: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Transparency:
    at: datetime
    servers: tuple[ServerLine, ...]
    accounts_listed: int
    posts_indexed: int
    accounts_judged: int
    refusals: dict[Reason, int]  # most frequent first; one account may have several
    accounts_withdrawn: int  # since the beginning
    posts_withdrawn: int
    since: datetime  # of the latencies
    causes: dict[str, int]
    hidden: Latency  # from the moment we could know to the commit that hides it from all answers
    gone: Latency  # … to the moment when the raw index no longer holds it
    on_their_way: int
    rules: dict[str, Any]
    log_entries: int
    log_head: str  # digest of the last entry

    def sentence(self, reason: Reason) -> str:
        return SENTENCES[reason]


class Remembered:
    """The numbers of one process, made anew at most once a minute."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._lock = threading.Lock()
        self._kept: Transparency | None = None

    def __call__(self) -> Transparency:
        with self._lock:
            if self._kept is None or self._ctx.clock.now() - self._kept.at >= KEPT:
                self._kept = transparency(self._ctx)
            return self._kept


def transparency(ctx: Context) -> Transparency:
    now = ctx.clock.now()
    since = now - PERIOD
    with ctx.database.read() as connection:

        def rows(source: sa.Table) -> int:
            return connection.scalar(sa.select(sa.func.count()).select_from(source)) or 0

        recent = connection.execute(
            sa.select(WITHDRAWALS).where(WITHDRAWALS.c.known_at >= since)
        ).all()
        sums = sa.select(DAILY.c.name, sa.func.sum(DAILY.c.count)).group_by(DAILY.c.name)
        totals = {name: total for name, total in connection.execute(sums)}  # noqa: C416 -- rows
        last = connection.execute(
            sa.select(LOG.c.id, LOG.c.digest).order_by(LOG.c.id.desc()).limit(1)
        ).first()
        return Transparency(
            at=now,
            servers=_servers(connection),
            accounts_listed=rows(ACCOUNTS),
            posts_indexed=rows(POSTS),
            accounts_judged=rows(VERDICTS),
            refusals=_refusals(connection),
            accounts_withdrawn=int(totals.get("accounts_withdrawn", 0)),
            posts_withdrawn=int(totals.get("posts_withdrawn", 0)),
            since=since,
            causes=dict(sorted(Counter(row.cause for row in recent).items())),
            hidden=_latency([row.hidden_at - row.known_at for row in recent if row.hidden_at]),
            gone=_latency([row.gone_at - row.known_at for row in recent if row.gone_at]),
            on_their_way=sum(row.gone_at is None for row in recent),
            rules=consent_log.rules_in_force(ctx.rules),
            log_entries=last.id if last is not None else 0,
            log_head=last.digest if last is not None else "",
        )


def _servers(connection: Connection) -> tuple[ServerLine, ...]:
    """In first, then out; who was never either is not here."""
    proofs: dict[str, list[tuple[str, datetime]]] = {}
    source = table(ServerProof)
    for row in connection.execute(sa.select(source).where(source.c.missing_since.is_(None))):
        proofs.setdefault(row.host, []).append((row.kind, row.first_seen_at))
    lines: list[ServerLine] = []
    logged = {row.details["host"]: row.at for row in connection.execute(_SERVER_EVENTS)}
    for row in connection.execute(sa.select(SERVERS).order_by(SERVERS.c.host)):
        event, details = consent_log.state_of(row.host, row)
        because = str(details.get("because", ""))
        if because == consent_log.TAKEN_BACK and row.host not in logged:
            continue
        is_in = event is Event.SERVER_IN
        kinds = proofs.get(row.host, [])
        if is_in and row.recorded_at and row.opt_in not in {kind for kind, _ in kinds}:
            kinds = [(row.opt_in, row.recorded_at), *kinds]
        lines.append(
            ServerLine(
                host=row.host,
                state="in" if is_in else "out",
                since=logged.get(row.host) or row.recorded_at,
                scope=row.scope,
                proofs=tuple(sorted(kinds)),
                because=because,
            )
        )
    return tuple(sorted(lines, key=lambda line: (line.state, line.host)))


_SERVER_EVENTS = (
    sa.select(LOG.c.details, LOG.c.at)
    .where(LOG.c.event.in_((Event.SERVER_IN.value, Event.SERVER_OUT.value)))
    .order_by(LOG.c.id)
)


def _refusals(connection: Connection) -> dict[Reason, int]:
    """Why accounts that were looked at are not listed. Of different answers there are few."""
    answers = sa.cast(VERDICTS.c.answers, sa.Text)
    found: Counter[Reason] = Counter()
    for text, number in connection.execute(sa.select(answers, sa.func.count()).group_by(answers)):
        answer, *reasons = json.loads(text)["list"]
        if answer != Answer.YES.value:
            for reason in reasons:
                found[Reason(reason)] += number
    return dict(found.most_common())


def _latency(times: Sequence[timedelta]) -> Latency:
    seconds = sorted(max(one.total_seconds(), 0.0) for one in times)
    counts = [0] * (len(BOUNDS) + 1)
    for one in seconds:
        place = next((i for i, bound in enumerate(BOUNDS) if one <= bound), len(BOUNDS))
        counts[place] += 1

    def percentile(part: float) -> float | None:
        if not seconds:
            return None
        return round(seconds[math.ceil(part * len(seconds)) - 1], 3)

    return Latency(tuple(counts), len(seconds), percentile(0.5), percentile(0.99))
