"""Nobody is written about while they leave: writers of what follows from an account hold it first.

PostgreSQL lets a writer judge an account while another transaction withdraws it. So a withdrawal
begins with `withhold`, and whatever is derived from accounts (boosts, interactions, mentions) is
written only for those whom `hold` gave, asked for before they are judged. SQLite has one writer at
a time; there both only read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from discover.services.facts import ACCOUNTS
from discover.store.lookup import Lookup, among

_HOLD = Lookup(
    sa.select(ACCOUNTS.c.id)
    .where(among(ACCOUNTS.c.id))
    .with_for_update(read=True, key_share=True, skip_locked=True)
)


def hold(connection: Connection, account_ids: Iterable[int]) -> set[int]:
    """Those of them whom nobody is withdrawing, nor can until this transaction ends."""
    return {row.id for row in _HOLD(connection, account_ids)}


def withhold(connection: Connection, accounts: Any) -> None:
    """From every writer, until this transaction ends: ids, or a SELECT of them."""
    query = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.id.in_(accounts)).order_by(ACCOUNTS.c.id)
    connection.execute(query.with_for_update())
