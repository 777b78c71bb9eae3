"""The history of an account's verdict: what changed when, and what was seen then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.views import HistoryView
from discover.store.bulk import Insert
from discover.store.database import chunks, table
from discover.store.lookup import Lookup, among
from discover.store.tables import VerdictHistory, VerdictRow

HISTORY = table(VerdictHistory)
VERDICTS = table(VerdictRow)

# The newest so many changes are kept of each account.
MOST = 50
# What may differ from visit to visit without meaning anything
_IDLE = frozenset({"detail", "software", "software_hint"})

_KEPT = Lookup(
    sa.select(VERDICTS.c.uri, VERDICTS.c.answers, VERDICTS.c.seen).where(among(VERDICTS.c.uri))
)
_OF = HISTORY.c.uri == sa.bindparam("wanted")
_TOO_OLD = sa.delete(HISTORY).where(
    _OF,
    HISTORY.c.id
    <= sa.select(HISTORY.c.id).where(_OF).order_by(HISTORY.c.id.desc()).limit(1).offset(MOST)
    .scalar_subquery(),
)  # fmt: skip
_NEWEST_FIRST = sa.select(HISTORY).where(_OF).order_by(HISTORY.c.id.desc())
_COLUMNS = ("uri", "host", "answers", "seen", "source", "door", "rule_version")
_INSERT = Insert(VerdictHistory, (*_COLUMNS, "at"))


def keep_change(connection: Connection, verdict: Mapping[str, Any]) -> None:
    """Add a verdict, as it is about to be written, unless it is as the one before."""
    keep_changes(connection, [verdict])


def keep_changes(connection: Connection, verdicts: Sequence[Mapping[str, Any]]) -> None:
    """The same for several accounts, each of them once."""
    kept = {row.uri: row for row in _KEPT(connection, [one["uri"] for one in verdicts])}
    changed = [one for one in verdicts if _is_news(one, kept.get(one["uri"]))]
    rows = [{**{name: one[name] for name in _COLUMNS}, "at": one["seen_at"]} for one in changed]
    _INSERT(connection, rows)
    for one in changed:
        if one["uri"] in kept:
            connection.execute(_TOO_OLD, {"wanted": one["uri"]})


def _is_news(verdict: Mapping[str, Any], kept: Any) -> bool:
    return (
        kept is None
        or kept.answers != verdict["answers"]
        or _meaning(kept.seen) != _meaning(verdict["seen"])
    )


def history_of(connection: Connection, uri: str) -> tuple[HistoryView, ...]:
    """Newest first."""
    return tuple(
        HistoryView(
            at=row.at,
            answers={name: answer[0] for name, answer in row.answers.items()},
            reasons={name: tuple(answer[1:]) for name, answer in row.answers.items()},
            seen=dict(row.seen),
            source=row.source,
            door=row.door,
            rule_version=row.rule_version,
        )
        for row in connection.execute(_NEWEST_FIRST, {"wanted": uri})
    )


def forget(connection: Connection, uris: Iterable[str]) -> None:
    """Nothing remains of these accounts' histories."""
    for part in chunks(list(uris)):
        connection.execute(sa.delete(HISTORY).where(HISTORY.c.uri.in_(part)))


def forget_unjudged(connection: Connection) -> int:
    """A history lives as long as the verdict that it leads to."""
    return connection.execute(
        sa.delete(HISTORY).where(HISTORY.c.uri.not_in(sa.select(VERDICTS.c.uri)))
    ).rowcount


def _meaning(seen: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in seen.items() if name not in _IDLE}
