"""The embedded engine: Tantivy in a folder.

Any number of processes read; one writes, and keeps the right to until it closes. A search sees
every commit that was made before it, by whichever process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tantivy import FieldType, Index, IndexWriter, Occur, Order, Query, Searcher

from discover.engines import weights
from discover.engines.tantivy_folder import EngineBusy, Folder, Pointer
from discover.engines.tantivy_query import Built, QueryBuilder
from discover.engines.tantivy_reading import Reading, open_index
from discover.engines.tantivy_schema import SCHEMA_VERSION, analyzer, stored_fields
from discover.engines.tantivy_writing import (
    HandedOver,
    TantivyRebuild,
    create_index,
    kind_of,
    put,
    remove,
)
from discover.model.query import EngineAnswer, EngineQuery, Hit, Kind, Sort
from discover.ports import Document, EngineUnavailable

__all__ = ["EngineBusy", "TantivyEngine"]

# For two cores and 4 GB: the heap is shared by the threads and written out when full.
WRITER_HEAP = 64_000_000
REBUILD_HEAP = 128_000_000
WRITER_THREADS = 1  # one segment a commit: less to merge, faster searches
REBUILD_THREADS = 2
FACET_SIZE = 20
IDS_PAGE = 10_000


class TantivyEngine:
    """discover.ports.SearchEngine over a folder. Safe to use from many threads."""

    def __init__(self, root: Path) -> None:
        self._folder = Folder(root)
        self._analyzer = analyzer()
        self._readings = {kind: Reading(self._folder, kind) for kind in Kind}
        self._writing = threading.RLock()
        self._writers: dict[Kind, IndexWriter] = {}
        self._rebuilds: dict[Kind, TantivyRebuild] = {}
        self._beginning = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None

    # Collections

    def prepare(self) -> None:
        """Make what is missing; replace what has other settings by an empty collection.

        Needs the right to write only when there is something to do.
        """
        if all(self._current(kind) for kind in Kind):
            return
        with self._writing:
            self._folder.lock()
            for kind in Kind:
                if self._current(kind):
                    continue
                before = self._folder.read(kind)
                path = self._folder.new_generation(kind)
                create_index(path, kind)
                self._folder.point(kind, Pointer(path.name, SCHEMA_VERSION, before is None))
                self._folder.remove_others(kind, path.name)

    def needs_rebuild(self) -> bool:
        pointers = [self._folder.read(kind) for kind in Kind]
        return any(pointer is not None and not pointer.complete for pointer in pointers)

    def _current(self, kind: Kind) -> bool:
        pointer = self._folder.read(kind)
        return (
            pointer is not None
            and pointer.version == SCHEMA_VERSION
            and Index.exists(str(self._folder.root / pointer.folder))
        )

    # Writes

    def upsert(self, documents: Sequence[Document]) -> None:
        self._in_turn(self._upsert, documents).result()

    def hand_over(self, documents: Sequence[Document]) -> HandedOver:
        """While the writing thread works at them the next ones can be made."""
        return HandedOver(self._in_turn(self._upsert, documents))

    def delete(self, kind: Kind, ids: Sequence[int]) -> None:
        self._in_turn(self._delete_by, kind, "id", ids).result()

    def delete_accounts(self, account_ids: Sequence[int]) -> None:
        self._in_turn(self._delete_by, Kind.ACCOUNTS, "id", account_ids).result()
        self._in_turn(self._delete_by, Kind.POSTS, "account_id", account_ids).result()

    def delete_server(self, host: str) -> None:
        for kind in Kind:
            self._in_turn(self._delete_by, kind, "server", [host]).result()

    def _in_turn(self, write: Callable[..., None], *given: Any) -> Future[None]:
        """One thread writes, in the order of the calls: nothing overtakes a withdrawal."""
        with self._beginning:
            if self._thread is None:
                self._thread = ThreadPoolExecutor(1, thread_name_prefix="tantivy-writes")
            return self._thread.submit(write, *given)

    def _upsert(self, documents: Sequence[Document]) -> None:
        by_kind: dict[Kind, list[Document]] = {}
        for document in documents:
            by_kind.setdefault(kind_of(document), []).append(document)
        for kind, group in by_kind.items():
            with self._write(kind, [document.id for document in group]) as writers:
                for writer in writers:
                    put(writer, kind, group)

    def _delete_by(self, kind: Kind, field: str, values: Sequence[str | int]) -> None:
        # A rebuild that runs meanwhile must not bring them back.
        ids = [int(one) for one in values] if field == "id" else []
        if field != "id" and kind in self._rebuilds:
            ids = [one for value in values for one in self._matching(kind, field, value)]
        with self._write(kind, ids) as writers:
            for writer in writers:
                remove(writer, kind, field, values)

    @contextmanager
    def _write(self, kind: Kind, ids: Sequence[int]) -> Iterator[list[IndexWriter]]:
        """The writers to tell, the live one first; commits it when the block ends well."""
        with self._writing:
            live = self._writer(kind)
            writers, rebuild = [live], self._rebuilds.get(kind)
            try:
                if rebuild is not None and not rebuild.swapped:
                    rebuild.touched.update(ids)
                    writers.append(rebuild.writer)
                yield writers
                live.commit()
            except Exception as error:
                self._drop_writer(kind)
                if isinstance(error, OSError | ValueError):
                    raise EngineUnavailable(f"writing the {kind.value} index: {error}") from error
                raise

    def _writer(self, kind: Kind) -> IndexWriter:
        if kind not in self._writers:
            self._folder.lock()
            pointer = self._folder.read(kind)
            if pointer is None or pointer.version != SCHEMA_VERSION:
                raise EngineUnavailable("the index is not prepared")
            try:
                index = open_index(self._folder.root / pointer.folder)
                self._writers[kind] = index.writer(WRITER_HEAP, WRITER_THREADS)
            except ValueError as error:
                raise EngineUnavailable(f"cannot write the {kind.value} index: {error}") from error
        return self._writers[kind]

    def _drop_writer(self, kind: Kind) -> None:
        """Forget what was not committed; the next write begins with a new writer."""
        writer = self._writers.pop(kind, None)
        if writer is not None:
            with suppress(Exception):  # it is being given up, whatever its state
                writer.rollback()
            with suppress(Exception):
                writer.wait_merging_threads()

    # Reading

    def search(self, query: EngineQuery) -> EngineAnswer:
        reading = self._readings[query.kind]
        searcher = reading.searcher()
        built = QueryBuilder(query.kind, reading.schema, searcher, self._analyzer).build(query)
        chosen: Query = built.strict
        result = self._page(searcher, chosen, query, built)
        if built.wide is not None and result.count < weights.FEW_RESULTS:
            chosen = built.wide
            result = self._page(searcher, chosen, query, built)
        found: list[tuple[Any, Any]] = result.hits
        page = found[: query.limit]
        ids = searcher.fast_field_values("id", [address for _, address in page])
        hits = tuple(
            Hit(
                id=int(number or 0),
                score=_bounded(score) if built.scored and query.sort is Sort.RELEVANCE else 0.0,
                highlights=self._highlights(searcher, address, built, query),
            )
            for (score, address), number in zip(page, ids, strict=True)
        )
        facets = self._facets(searcher, chosen, query.facets) if query.facets else {}
        return EngineAnswer(hits, len(found) > query.limit, result.count, facets)

    def search_together(self, queries: Sequence[EngineQuery]) -> list[EngineAnswer]:
        return [self.search(query) for query in queries]

    @staticmethod
    def _page(searcher: Searcher, chosen: Query, query: EngineQuery, built: Built) -> Any:
        """One hit more than the page has, which tells whether there is another page."""
        by_score = query.sort is Sort.RELEVANCE
        accounts = query.kind is Kind.ACCOUNTS
        if by_score and accounts:
            return searcher.search(
                chosen, query.limit + 1, offset=query.offset, weight_by_field="weight"
            )
        if by_score and built.scored:
            return searcher.search(chosen, query.limit + 1, offset=query.offset)
        return searcher.search(
            chosen, query.limit + 1, offset=query.offset, order_by_field="at", order=Order.Desc
        )

    @staticmethod
    def _highlights(
        searcher: Searcher, address: Any, built: Built, query: EngineQuery
    ) -> dict[str, str]:
        if not (query.highlight and built.scored):
            return {}
        document = searcher.doc(address)
        marked = {}
        for name in stored_fields(query.kind):
            text = document.get_first(name)
            piece = built.marker.mark(text) if text else None
            if piece is not None:
                marked[name] = piece
        return marked

    @staticmethod
    def _facets(
        searcher: Searcher, chosen: Query, names: Sequence[str]
    ) -> dict[str, dict[str, int]]:
        asked = {name: {"terms": {"field": name, "size": FACET_SIZE}} for name in names}
        answer = searcher.aggregate(chosen, asked)
        return {
            name: {bucket["key"]: bucket["doc_count"] for bucket in answer[name]["buckets"]}
            for name in names
        }

    def ids(self, kind: Kind) -> Iterator[int]:
        return self._walk(self._readings[kind], None)

    def count(self, kind: Kind) -> int:
        return int(self._readings[kind].searcher().num_docs)

    def _matching(self, kind: Kind, field: str, value: str | int) -> Iterator[int]:
        reading = self._readings[kind]
        return self._walk(reading, Query.term_query(reading.schema, field, value))

    @staticmethod
    def _walk(reading: Reading, query: Query | None) -> Iterator[int]:
        """All ids in order, from one view of the collection, a page at a time."""
        searcher, last = reading.searcher(), -1
        while True:
            beyond = Query.range_query(
                reading.schema, "id", FieldType.Unsigned, last + 1, None, include_lower=True
            )
            clauses = [(Occur.Must, beyond)] + ([(Occur.Must, query)] if query else [])
            hits = searcher.search(
                Query.boolean_query(clauses),
                IDS_PAGE,
                count=False,
                order_by_field="id",
                order=Order.Asc,
            ).hits
            yield from (int(number) for number, _ in hits)
            if len(hits) < IDS_PAGE:
                return
            last = int(hits[-1][0])

    # Rebuilding

    @contextmanager
    def rebuild(self, kind: Kind) -> Iterator[TantivyRebuild]:
        """Nothing is visible or durable before `swap`. One at a time for each kind.

        Writes through this engine meanwhile go to both generations.
        """
        with self._writing:
            self._folder.lock()
            if kind in self._rebuilds:
                raise EngineBusy(f"the {kind.value} index is already being rebuilt")
            pointer = self._folder.read(kind)
            self._folder.remove_others(kind, pointer.folder if pointer else "")
            path = self._folder.new_generation(kind)
            writer = create_index(path, kind).writer(REBUILD_HEAP, REBUILD_THREADS)
            rebuild = TantivyRebuild(
                kind, writer, self._writing, lambda: self._swap(kind, path, writer)
            )
            self._rebuilds[kind] = rebuild
        try:
            yield rebuild
        finally:
            with self._writing:
                del self._rebuilds[kind]
                if not rebuild.swapped:
                    with suppress(Exception):  # it is thrown away, whatever its state
                        writer.rollback()
                    with suppress(Exception):
                        writer.wait_merging_threads()
                    current = self._folder.read(kind)
                    self._folder.remove_others(kind, current.folder if current else "")

    def drop_leftovers(self) -> None:
        with self._writing:
            self._folder.lock()
            for kind in Kind:
                pointer = self._folder.read(kind)
                if kind not in self._rebuilds:
                    self._folder.remove_others(kind, pointer.folder if pointer else "")

    def _swap(self, kind: Kind, path: Path, writer: IndexWriter) -> None:
        with self._writing:
            try:
                writer.commit()
                writer.wait_merging_threads()
                self._drop_writer(kind)
                self._folder.point(kind, Pointer(path.name, SCHEMA_VERSION, complete=True))
            except (OSError, ValueError) as error:
                raise EngineUnavailable(f"swapping the {kind.value} index: {error}") from error
            self._folder.remove_others(kind, path.name)

    def close(self) -> None:
        with self._beginning:
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.shutdown()
        with self._writing:
            while self._writers:
                _, writer = self._writers.popitem()
                writer.wait_merging_threads()
            self._folder.unlock()


def _bounded(score: float) -> float:
    return score / (score + weights.HALF_SCORE)
