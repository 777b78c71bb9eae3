"""The server edition's engine: Meilisearch through its official client."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import orjson
from meilisearch.errors import MeilisearchApiError

from discover.engines.meilisearch_client import Connection, TaskFailed, is_missing, reachable
from discover.engines.meilisearch_query import Asked, highlights, quoted, read, request
from discover.engines.meilisearch_settings import (
    DOCUMENT_VERSION,
    account_fields,
    post_fields,
    settings,
)
from discover.model.query import AccountDocument, EngineAnswer, EngineQuery, Hit, Kind
from discover.ports import Document, EngineUnavailable

BATCH_BYTES = 8_000_000
IDS_PAGE = 5_000
INDEXES_PAGE = 200


class MeilisearchEngine:
    """discover.ports.SearchEngine over a server. Safe to use from many threads and processes.

    Index names are PREFIX_accounts and PREFIX_posts; PREFIX_meta remembers which version the
    documents have.
    """

    def __init__(self, url: str, key: str, prefix: str = "waypost") -> None:
        self._server = Connection(url, key)
        self._prefix = prefix
        self._meta = f"{prefix}_meta"
        self._rebuilds: dict[Kind, MeilisearchRebuild] = {}

    def name(self, kind: Kind) -> str:
        return f"{self._prefix}_{kind.value}"

    # Indexes

    def prepare(self) -> None:
        with reachable():
            self._make(self._meta, {"displayedAttributes": ["*"]})
            known = self._versions()
            for kind in Kind:
                created = self._make(self.name(kind), settings(kind))
                if created or kind not in known:
                    self._remember(kind, DOCUMENT_VERSION, complete=known.get(kind) is None)
                elif known[kind][0] != DOCUMENT_VERSION:
                    self._remember(kind, known[kind][0], complete=False)

    def needs_rebuild(self) -> bool:
        with reachable():
            return any(
                version != DOCUMENT_VERSION or not complete
                for version, complete in self._versions().values()
            )

    def _make(self, name: str, wanted: dict[str, Any]) -> bool:
        """Make the index if it is missing, bring its settings up to date; was it made?"""
        created = False
        try:
            present = self._server.http.get(f"indexes/{name}/settings")
        except MeilisearchApiError as error:
            if not is_missing(error):
                raise
            try:
                self._server.wait(
                    self._server.http.post("indexes", {"uid": name, "primaryKey": "id"})
                )
                created = True
            except TaskFailed as failed:
                if failed.code != "index_already_exists":  # another process was faster
                    raise EngineUnavailable(str(failed)) from failed
            present = {}
        if any(not _same(present.get(key), value) for key, value in wanted.items()):
            self._done(self._server.http.patch(f"indexes/{name}/settings", wanted))
        return created

    def _versions(self) -> dict[Kind, tuple[int, bool]]:
        try:
            kept = self._server.http.get(f"indexes/{self._meta}/documents?limit=10")["results"]
        except MeilisearchApiError as error:
            if is_missing(error):
                return {}
            raise
        return {Kind(row["id"]): (int(row["version"]), bool(row["complete"])) for row in kept}

    def _remember(self, kind: Kind, version: int, *, complete: bool) -> None:
        row = {"id": kind.value, "version": version, "complete": complete}
        self._done(self._server.http.post(f"indexes/{self._meta}/documents", [row]))

    # Writes

    def upsert(self, documents: Sequence[Document]) -> None:
        self.hand_over(documents).wait()

    def hand_over(self, documents: Sequence[Document]) -> HandedOver:
        accounts = [one for one in documents if isinstance(one, AccountDocument)]
        posts = [one for one in documents if not isinstance(one, AccountDocument)]
        with reachable():
            answers = [
                answer
                for kind, group in ((Kind.ACCOUNTS, accounts), (Kind.POSTS, posts))
                if group
                for name in self._targets(kind, [one.id for one in group])
                for answer in self._hand_over(name, group)
            ]
        return HandedOver(self._server, answers)

    def delete(self, kind: Kind, ids: Sequence[int]) -> None:
        self._all_done(self._delete_ids(kind, ids))

    def delete_accounts(self, account_ids: Sequence[int]) -> None:
        listed = ", ".join(str(int(one)) for one in account_ids)
        self._all_done(
            [
                *self._delete_ids(Kind.ACCOUNTS, account_ids),
                *self._delete_by(Kind.POSTS, f"account_id IN [{listed}]"),
            ]
        )

    def delete_server(self, host: str) -> None:
        condition = f"server = {quoted(host)}"
        self._all_done([one for kind in Kind for one in self._delete_by(kind, condition)])

    def _delete_ids(self, kind: Kind, ids: Sequence[int]) -> list[Any]:
        with reachable():
            return [
                self._server.http.post(f"indexes/{name}/documents/delete-batch", list(ids))
                for name in self._targets(kind, ids)
            ]

    def _delete_by(self, kind: Kind, condition: str) -> list[Any]:
        ids = list(self._matching(kind, condition)) if kind in self._rebuilds else []
        with reachable():
            return [
                self._server.http.post(f"indexes/{name}/documents/delete", {"filter": condition})
                for name in self._targets(kind, ids)
            ]

    def _all_done(self, answers: Sequence[Any]) -> None:
        """Wait for what was handed over together; the server works at it meanwhile."""
        with reachable():
            for answer in answers:
                self._done(answer)

    def _targets(self, kind: Kind, ids: Sequence[int]) -> list[str]:
        """The live index, and the one that is being filled beside it."""
        rebuild = self._rebuilds.get(kind)
        if rebuild is None:
            return [self.name(kind)]
        rebuild.touched.update(ids)
        return [self.name(kind), rebuild.name]

    def send(self, name: str, documents: Sequence[Document]) -> None:
        """Add or replace documents of one kind; visible on return. Several requests if large."""
        with reachable():
            for answer in self._hand_over(name, documents):
                self._done(answer)

    def _hand_over(self, name: str, documents: Sequence[Document]) -> list[Any]:
        return [
            self._server.http.post(f"indexes/{name}/documents?primaryKey=id", payload)
            for payload in _payloads(documents)
        ]

    def _done(self, answer: Any) -> None:
        try:
            self._server.wait(answer)
        except TaskFailed as failed:
            raise EngineUnavailable(str(failed)) from failed

    # Reading

    def search(self, query: EngineQuery) -> EngineAnswer:
        return self.search_together([query])[0]

    def search_together(self, queries: Sequence[EngineQuery]) -> list[EngineAnswer]:
        asked = [read(query) for query in queries]
        with reachable():
            found = self._ask(queries, asked)
            return [self._answer(*one) for one in zip(queries, asked, found, strict=True)]

    def _answer(self, query: EngineQuery, asked: Asked, answer: Any) -> EngineAnswer:
        if not answer["estimatedTotalHits"] and len(asked.words) > 1:
            known = self._known(query.kind, asked.words)
            if known and known != asked.words:
                (answer,) = self._ask([query], [replace(asked, words=known)])
        found = answer["hits"]
        facets = answer.get("facetDistribution", {})
        return EngineAnswer(
            hits=tuple(_hit(query.kind, one, asked) for one in found[: query.limit]),
            more=len(found) > query.limit,
            total=answer["estimatedTotalHits"],
            facets={name: facets.get(name, {}) for name in query.facets},
        )

    def _ask(self, queries: Sequence[EngineQuery], asked: Sequence[Asked]) -> Any:
        """What it found for each."""
        each = [
            {"indexUid": self.name(query.kind), **request(query, one)}
            for query, one in zip(queries, asked, strict=True)
        ]
        return self._server.http.post("multi-search", {"queries": each})["results"]

    def _known(self, kind: Kind, words: Sequence[str]) -> tuple[str, ...]:
        """Those words that stand, however spelt, in any document."""
        each = [{"indexUid": self.name(kind), "q": f"{word} ", "limit": 0} for word in words]
        answers = self._server.http.post("multi-search", {"queries": each})["results"]
        return tuple(
            word
            for word, answer in zip(words, answers, strict=True)
            if answer["estimatedTotalHits"]
        )

    def ids(self, kind: Kind) -> Iterator[int]:
        return self._matching(kind, None)

    def _matching(self, kind: Kind, condition: str | None) -> Iterator[int]:
        offset = 0
        while True:
            asked: dict[str, Any] = {"fields": ["id"], "limit": IDS_PAGE, "offset": offset}
            if condition:
                asked["filter"] = condition
            with reachable():
                page = self._server.http.post(f"indexes/{self.name(kind)}/documents/fetch", asked)
            yield from (int(row["id"]) for row in page["results"])
            offset += IDS_PAGE
            if offset >= page["total"]:
                return

    def count(self, kind: Kind) -> int:
        with reachable():
            return int(
                self._server.http.get(f"indexes/{self.name(kind)}/stats")["numberOfDocuments"]
            )

    # Rebuilding

    @contextmanager
    def rebuild(self, kind: Kind) -> Iterator[MeilisearchRebuild]:
        """Writes through this engine meanwhile go to both indexes; those of other processes
        must be repeated after the swap.
        """
        if kind in self._rebuilds:
            raise EngineUnavailable(f"the {kind.value} index is already being rebuilt")
        self.drop_leftovers()
        name = f"{self.name(kind)}_{secrets.token_hex(4)}"
        with reachable():
            self._make(name, settings(kind))
        rebuild = self._rebuilds[kind] = MeilisearchRebuild(self, kind, name)
        try:
            yield rebuild
        finally:
            self._rebuilds.pop(kind, None)
            with suppress(EngineUnavailable, MeilisearchApiError), reachable():
                self._done(self._server.http.delete(f"indexes/{name}"))

    def drop_leftovers(self) -> None:
        own = {rebuild.name for rebuild in self._rebuilds.values()}
        made = re.compile("|".join(f"{re.escape(self.name(kind))}_[0-9a-f]{{8}}" for kind in Kind))
        with reachable():
            left = [one for one in self._names() if made.fullmatch(one) and one not in own]
            for answer in [self._server.http.delete(f"indexes/{name}") for name in left]:
                with suppress(TaskFailed):  # whose it was has thrown it away
                    self._server.wait(answer)

    def _names(self) -> list[str]:
        """Of all indexes on the server, others' too."""
        names: list[str] = []
        while True:
            page = self._server.http.get(f"indexes?limit={INDEXES_PAGE}&offset={len(names)}")
            names += [one["uid"] for one in page["results"]]
            if not page["results"] or len(names) >= page["total"]:
                return names

    def swap(self, kind: Kind, name: str) -> None:
        """Exchange the live index and the one of that name. Fails when that was thrown away."""
        with reachable():
            self._done(
                self._server.http.post("swap-indexes", [{"indexes": [self.name(kind), name]}])
            )
            self._rebuilds.pop(kind, None)
            self._remember(kind, DOCUMENT_VERSION, complete=True)

    def close(self) -> None:
        self._server.close()


class HandedOver:
    """discover.ports.Handed: tasks that the server works at in their order."""

    def __init__(self, server: Connection, answers: list[Any]) -> None:
        self._server, self._answers = server, answers

    def wait(self, seconds: float | None = None) -> bool:
        with reachable():
            while self._answers:
                try:
                    if not self._server.wait(self._answers[0], seconds):
                        return False
                except TaskFailed as failed:
                    raise EngineUnavailable(str(failed)) from failed
                del self._answers[0]
        return True


class MeilisearchRebuild:
    """An index beside the live one. Ids that are written meanwhile are left to those writes."""

    def __init__(self, engine: MeilisearchEngine, kind: Kind, name: str) -> None:
        self.name = name
        self.touched: set[int] = set()
        self._engine, self._kind = engine, kind

    def add(self, documents: Sequence[Document]) -> None:
        fresh = [one for one in documents if one.id not in self.touched]
        if fresh:
            self._engine.send(self.name, fresh)

    def swap(self) -> None:
        self._engine.swap(self._kind, self.name)


def _payloads(documents: Sequence[Document]) -> Iterator[bytes]:
    """JSON arrays of bounded size."""
    rows: list[bytes] = []
    size = 0
    for one in documents:
        fields = account_fields(one) if isinstance(one, AccountDocument) else post_fields(one)
        row = orjson.dumps(fields)
        if rows and size + len(row) > BATCH_BYTES:
            yield b"[" + b",".join(rows) + b"]"
            rows, size = [], 0
        rows.append(row)
        size += len(row) + 1
    if rows:
        yield b"[" + b",".join(rows) + b"]"


def _hit(kind: Kind, found: dict[str, Any], asked: Asked) -> Hit:
    score = float(found.get("_rankingScore", 0.0))
    return Hit(int(found["id"]), score, highlights(kind, found, asked))


def _same(present: Any, wanted: Any) -> bool:
    """Settings are equal if all that is wanted is there; lists of names may be reordered."""
    if isinstance(wanted, dict):
        return isinstance(present, dict) and all(
            _same(present.get(key), value) for key, value in wanted.items()
        )
    return bool(present == wanted)
