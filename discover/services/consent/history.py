"""The history of an account's verdict: what changed when, and what was seen then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

_KEPT = Lookup(sa.select(VERDICTS.c.answers, VERDICTS.c.seen).where(among(VERDICTS.c.uri)))
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
    uri = verdict["uri"]
    kept = next(iter(_KEPT(connection, [uri])), None)
    if (
        kept is not None
        and kept.answers == verdict["answers"]
        and _meaning(kept.seen) == _meaning(verdict["seen"])
    ):
        return
    row = {name: verdict[name] for name in _COLUMNS}
    _INSERT(connection, [{**row, "at": verdict["seen_at"]}])
    if kept is not None:
        connection.execute(_TOO_OLD, {"wanted": uri})


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
