"""The newest verdict about each account, with its evidence, and the history that led to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.model.verdict import AccountVerdict, Reason
from discover.services.consent import history
from discover.services.consent.decisions import decisions_to_json
from discover.store.bulk import Insert
from discover.store.database import table
from discover.store.lookup import Lookup, among
from discover.store.tables import VerdictRow

VERDICTS = table(VerdictRow)

_COLUMNS = ("host", "handle_key", "answers", "seen", "source", "door", "seen_at", "rule_version")
_KEEP = Insert(VerdictRow, ("uri", *_COLUMNS), unless=("uri",), update=_COLUMNS)
_NAMES = Lookup(sa.select(VERDICTS.c.uri, VERDICTS.c.handle_key).where(among(VERDICTS.c.uri)))
_FORGET = sa.delete(VERDICTS).where(VERDICTS.c.uri == sa.bindparam("wanted"))


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with what it rests on."""

    uri: str
    host: str
    handle_key: str | None
    verdict: AccountVerdict
    seen: dict[str, str]
    source: str
    door: str
    at: datetime

    @property
    def left(self) -> bool:
        """Is it about somebody who left for good?"""
        return Reason.SUPPRESSED in self.verdict.list.reasons


def keep(connection: Connection, judgements: Sequence[Judgement]) -> None:
    """Instead of the verdicts before. Each account comes once."""
    left = [one.uri for one in judgements if one.left]
    if left:
        # Of people who left for good not even the reason is kept.
        connection.execute(_FORGET, [{"wanted": uri} for uri in left])
        history.forget(connection, left)
    staying = [one for one in judgements if not one.left]
    # Whoever cannot be proven now is still asked after, and leaves, by the name of before.
    before = _known_as(connection, [one.uri for one in staying if not one.handle_key])
    rows = [
        {
            "uri": one.uri,
            "host": one.host,
            "handle_key": one.handle_key or before.get(one.uri),
            "answers": decisions_to_json(one.verdict),
            "seen": one.seen,
            "source": one.source,
            "door": one.door,
            "seen_at": one.at,
            "rule_version": one.verdict.rule_version,
        }
        for one in staying
    ]
    history.keep_changes(connection, rows)
    _KEEP(connection, rows)


def known_as(connection: Connection, uri: str) -> str | None:
    """The handle key under which somebody was judged before."""
    return _known_as(connection, [uri]).get(uri)


def _known_as(connection: Connection, uris: Sequence[str]) -> dict[str, str | None]:
    return {row.uri: row.handle_key for row in _NAMES(connection, uris)}
