"""Everything that is held about one person, as it is held: for that person."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from discover.model.actor import Handle
from discover.services.consent import held
from discover.services.context import Context
from discover.store.database import table
from discover.store.tables import Report, Task

# Names of our own processes, which say nothing about anybody
_OURS = frozenset({"token", "until"})


def your_data(ctx: Context, handle: Handle, *uris: str) -> dict[str, Any]:
    """`{"handle", "actors", "made_at", "held": {table: [rows]}, "not_about_you": {table: why}}`.

    Tables with nothing in them are left out. The search index holds nothing beside what `accounts`
    and `posts` say. Who reported somebody is not told to whom they reported.
    """
    with ctx.database.read() as connection:
        who = held.person(ctx, connection, handle.key, *uris)
        found: dict[str, list[dict[str, Any]]] = {}
        for model, about in held.where(who).items():
            source = table(model)
            rows = connection.execute(sa.select(source).where(about)).all()
            told = [
                {str(name): value for name, value in row._mapping.items() if name not in _OURS}  # noqa: SLF001 -- SQLAlchemy's public name for it
                for row in rows
            ]
            if model is Report:
                told = [_discreet(row, who.uris) for row in told]
            if model is Task:
                told = [{"kind": row["kind"], "payload": row["payload"]} for row in told]
            if told:
                found[str(source.name)] = told
    return {
        "handle": str(handle),
        "actors": list(who.uris),
        "made_at": ctx.clock.now(),
        "held": found,
        "not_about_you": {str(table(model).name): why for model, why in held.NOBODYS.items()},
    }


def _discreet(report: dict[str, Any], uris: tuple[str, ...]) -> dict[str, Any]:
    if report["actor"] in uris:
        return report
    return {**report, "actor": None, "objects": [one for one in report["objects"] if one in uris]}
