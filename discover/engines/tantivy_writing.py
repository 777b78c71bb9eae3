"""Documents into a Tantivy writer and out of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from pathlib import Path

from tantivy import Index, IndexWriter, Query

from discover.engines.tantivy_schema import SCHEMAS, WORDS, account_json, analyzer, post_json
from discover.model.query import AccountDocument, Kind, PostDocument
from discover.ports import Document


def create_index(path: Path, kind: Kind) -> Index:
    index = Index(SCHEMAS[kind], path=str(path))
    index.register_tokenizer(WORDS, analyzer())
    return index


class TantivyRebuild:
    """A new generation. Ids that are written to the live one meanwhile are left to that."""

    def __init__(
        self, kind: Kind, writer: IndexWriter, writing: threading.RLock, swap: Callable[[], None]
    ) -> None:
        self.writer = writer
        self._kind = kind
        self.touched: set[int] = set()
        self.swapped = False
        self._writing = writing
        self._swap = swap

    def add(self, documents: Sequence[Document]) -> None:
        with self._writing:
            fresh = [one for one in documents if one.id not in self.touched]
            put(self.writer, self._kind, fresh)

    def swap(self) -> None:
        with self._writing:
            self._swap()
            self.swapped = True


def put(writer: IndexWriter, kind: Kind, documents: Sequence[Document]) -> None:
    """In place of what is there. Of two with one id the later counts."""
    last = {one.id: one for one in documents}
    remove(writer, kind, "id", list(last))
    for one in last.values():
        writer.add_json(post_json(one) if isinstance(one, PostDocument) else account_json(one))


def remove(writer: IndexWriter, kind: Kind, field: str, values: Sequence[str | int]) -> None:
    """By query: the writer's own delete-by-term misses unsigned fields without a word.

    One query for all: the writer holds each against every segment.
    """
    if values:
        writer.delete_documents_by_query(Query.term_set_query(SCHEMAS[kind], field, list(values)))


def kind_of(document: Document) -> Kind:
    return Kind.ACCOUNTS if isinstance(document, AccountDocument) else Kind.POSTS


class HandedOver:
    """discover.ports.Handed: what the writing thread has been given."""

    def __init__(self, written: Future[None]) -> None:
        self._written = written

    def wait(self, seconds: float | None = None) -> bool:
        if not wait_for([self._written], seconds).done:
            return False
        self._written.result()
        return True
