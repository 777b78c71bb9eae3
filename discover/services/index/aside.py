"""People whose documents wait a little, to be given to the engine together.

To take in the documents of a hundred people costs an engine nearly as much as those of a thousand,
and where much arrives each batch of posts brings some.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from discover.model.query import AccountDocument

_SECONDS = 10.0
_PEOPLE = 2000


@dataclass(slots=True)
class Aside:
    """Whoever leaves meanwhile is let go of: a document kept here must not bring them back."""

    ids: list[int] = field(default_factory=list)  # outbox rows, which stay until the engine has all
    changed: set[int] = field(default_factory=set)  # accounts these speak of
    documents: dict[int, AccountDocument] = field(default_factory=dict)  # by account
    since: float = 0.0  # time.monotonic() of the first

    def add(
        self, ids: Iterable[int], changed: Collection[int], documents: Iterable[AccountDocument]
    ) -> None:
        """The younger document of an account takes the place of the older one, or of nothing."""
        if not self.ids:
            self.since = time.monotonic()
        self.ids.extend(ids)
        self.changed.update(changed)
        self.forget(changed)
        self.documents.update((one.id, one) for one in documents)

    def forget(self, accounts: Iterable[int], hosts: Collection[str] = ()) -> None:
        """They are about to be taken out of the index."""
        for one in accounts:
            self.documents.pop(one, None)
        if hosts:
            for key in [key for key, one in self.documents.items() if one.server in hosts]:
                del self.documents[key]

    def is_due(self) -> bool:
        return bool(self.ids) and (
            len(self.documents) >= _PEOPLE or time.monotonic() - self.since >= _SECONDS
        )

    def take(self) -> tuple[list[int], set[int], list[AccountDocument]]:
        """All that was kept; nothing is left."""
        taken = self.ids, self.changed, list(self.documents.values())
        self.ids, self.changed, self.documents = [], set(), {}
        return taken
