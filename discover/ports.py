"""The interfaces between use cases and the world. Adapters implement, services call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import datetime
from typing import Protocol

from discover.model.fetched import Fetched
from discover.model.query import (
    AccountDocument,
    EngineAnswer,
    EngineQuery,
    Kind,
    PostDocument,
)

ACTIVITY_JSON = 'application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams"'

Document = AccountDocument | PostDocument


class Clock(Protocol):
    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class Fetcher(Protocol):
    """The guarded client: every request that leaves passes here."""

    async def get(
        self,
        url: str,
        *,
        accept: str = ACTIVITY_JSON,
        solicited: bool,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> Fetched:
        """GET with signature, politeness and every bound.

        `solicited`: the fetch was asked for by a verified opt-in addressed to us, so only a
        robots.txt group that names our agent binds it. Raises FetchError when there is no
        answer; every HTTP status is an answer.
        """
        ...

    async def ask(self, url: str, question: bytes, *, solicited: bool) -> Fetched:
        """POST a JSON question that changes nothing there (Misskey's API has no other way).

        Under the same rules as `get`; redirects are answers.
        """
        ...


class Rebuild(Protocol):
    """A second index beside the live one, which `swap` puts in its place."""

    def add(self, documents: Sequence[Document]) -> None: ...

    def swap(self) -> None: ...


class DnsFailure(Exception):
    """No answer to a DNS question: neither that there is something, nor that there is nothing."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


class TxtResolver(Protocol):
    async def txt(self, name: str) -> tuple[str, ...]:
        """The TXT records of a name, each as one text; () when there are none for certain.

        Raises DnsFailure.
        """
        ...


class Outlook(Protocol):
    """What a check of servers looks through; good within one event loop."""

    @property
    def resolver(self) -> TxtResolver: ...

    def fetcher(self, host: str) -> AbstractAsyncContextManager[Fetcher]:
        """Asks this host and no other, wherever a redirect may point."""
        ...

    def base_url(self, host: str) -> str: ...


class Lookout(Protocol):
    def open(self) -> AbstractAsyncContextManager[Outlook]: ...


class EngineUnavailable(Exception):
    """The engine cannot be reached or does not answer; nothing was lost, try again."""


class Handed(Protocol):
    """Documents that an engine has been given."""

    def wait(self, seconds: float | None = None) -> bool:
        """Are they durable and visible? Waits for it at most so long, or to the end.

        Raises EngineUnavailable when it came to nothing.
        """
        ...


class SearchEngine(Protocol):
    """Two collections, accounts and posts. Every write is durable and visible on return,
    and safe to do twice. Blocking; call from a thread. Raises EngineUnavailable.
    """

    def prepare(self) -> None:
        """Make the collections, or bring their settings up to this version.

        Raises nothing when they are current. After a migration that needs the documents again,
        `needs_rebuild` is true.
        """
        ...

    def needs_rebuild(self) -> bool: ...

    def upsert(self, documents: Sequence[Document]) -> None: ...

    def hand_over(self, documents: Sequence[Document]) -> Handed:
        """As `upsert`, but the engine may still be at it on return. What is written after this
        is also done after it.
        """
        ...

    def delete(self, kind: Kind, ids: Sequence[int]) -> None: ...

    def delete_accounts(self, account_ids: Sequence[int]) -> None:
        """These accounts and all their posts, in one go."""
        ...

    def delete_server(self, host: str) -> None:
        """All accounts and posts of a host."""
        ...

    def search(self, query: EngineQuery) -> EngineAnswer: ...

    def search_together(self, queries: Sequence[EngineQuery]) -> list[EngineAnswer]:
        """Several at once, in their order."""
        ...

    def ids(self, kind: Kind) -> Iterator[int]:
        """Every id the raw collection holds, in any order: what `verify` compares."""
        ...

    def count(self, kind: Kind) -> int: ...

    def rebuild(self, kind: Kind) -> AbstractContextManager[Rebuild]:
        """Fill a new collection and swap it in; leaving without `swap` throws it away.

        Others' that were never finished are thrown away first.
        """
        ...

    def drop_leftovers(self) -> None:
        """Throw away what other processes' rebuilds have filled and not swapped in: they died.

        One that still lives cannot swap any more. Only for whoever has the right to index.
        """
        ...

    def close(self) -> None: ...
