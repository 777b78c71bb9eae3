"""The embedded engine: Tantivy in a folder.

Any number of processes read; one writes, and keeps the right to until it closes. A search sees
every commit that was made before it, by whichever process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tantivy import FieldType, Index, IndexWriter, Occur, Order, Query, Schema, Searcher

from discover.engines import weights
from discover.engines.tantivy_folder import EngineBusy, Folder, Pointer, Stamp, stamp
from discover.engines.tantivy_query import Built, QueryBuilder
from discover.engines.tantivy_schema import (
    SCHEMA_VERSION,
    WORDS,
    account_json,
    analyzer,
    post_json,
    schema,
    stored_fields,
)
from discover.model.query import (
    AccountDocument,
    EngineAnswer,
    EngineQuery,
    Hit,
    Kind,
    PostDocument,
    Sort,
)
from discover.ports import Document, EngineUnavailable

__all__ = ["EngineBusy", "TantivyEngine"]

# For two cores and 4 GB: the heap is shared by the threads and written out when full.
WRITER_HEAP = 64_000_000
REBUILD_HEAP = 128_000_000
WRITER_THREADS = 1  # one segment a commit: less to merge, faster searches
REBUILD_THREADS = 2
FACET_SIZE = 20
IDS_PAGE = 10_000
SCHEMAS = {kind: schema(kind) for kind in Kind}
OPEN_TRIES = 20  # a swap may remove a generation between reading its name and opening it


class Reading:
    """One collection as a reader sees it, following commits and swaps."""

    def __init__(self, folder: Folder, kind: Kind) -> None:
        self._folder, self._kind = folder, kind
        self._guard = threading.Lock()
        self._pointed: Stamp | None = None
        self._committed: Stamp | None = None
        self._path = folder.root
        self._index: Index | None = None
        self.schema: Schema = SCHEMAS[kind]

    def searcher(self) -> Searcher:
        """A view that holds still. EngineUnavailable when there is no collection."""
        with self._guard:
            if self._index is None or stamp(self._folder.pointer_file(self._kind)) != self._pointed:
                self._open()
            assert self._index is not None
            committed = stamp(self._path / "meta.json")
            if committed != self._committed:
                try:
                    self._index.reload()
                except ValueError:  # swapped away at this very moment
                    self._open()
                self._committed = committed
            return self._index.searcher()

    def _open(self) -> None:
        problem: Exception | None = None
        for _ in range(OPEN_TRIES):
            pointed = stamp(self._folder.pointer_file(self._kind))
            pointer = self._folder.read(self._kind)
            if pointer is None:
                raise EngineUnavailable(f"no index in {self._folder.root}: it was never prepared")
            if pointer.version != SCHEMA_VERSION:
                raise EngineUnavailable(
                    f"the index in {self._folder.root} has settings version {pointer.version}, "
                    f"this program needs {SCHEMA_VERSION}: prepare it first"
                )
            path = self._folder.root / pointer.folder
            try:
                committed = stamp(path / "meta.json")
                self._index = open_index(path)
            except ValueError as error:
                problem = error
                continue
            self._path, self._pointed, self._committed = path, pointed, committed
            return
        raise EngineUnavailable(f"cannot open the index in {self._folder.root}: {problem}")


def open_index(path: Path) -> Index:
    """ValueError when it cannot be opened."""
    index = Index.open(str(path))
    index.register_tokenizer(WORDS, analyzer())
    index.config_reader("manual", 0)
    index.reload()
    return index


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


class Written:
    """discover.ports.Handed: nothing to wait for."""

    def wait(self, seconds: float | None = None) -> bool:  # noqa: ARG002
        return True


class TantivyEngine:
    """discover.ports.SearchEngine over a folder. Safe to use from many threads."""

    def __init__(self, root: Path) -> None:
        self._folder = Folder(root)
        self._analyzer = analyzer()
        self._readings = {kind: Reading(self._folder, kind) for kind in Kind}
        self._writing = threading.RLock()
        self._writers: dict[Kind, IndexWriter] = {}
        self._rebuilds: dict[Kind, TantivyRebuild] = {}

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
        by_kind: dict[Kind, list[Document]] = {}
        for document in documents:
            by_kind.setdefault(kind_of(document), []).append(document)
        for kind, group in by_kind.items():
            with self._write(kind, [document.id for document in group]) as writers:
                for writer in writers:
                    put(writer, kind, group)

    def hand_over(self, documents: Sequence[Document]) -> Written:
        self.upsert(documents)
        return Written()

    def delete(self, kind: Kind, ids: Sequence[int]) -> None:
        with self._write(kind, ids) as writers:
            for writer in writers:
                remove(writer, kind, "id", ids)

    def delete_accounts(self, account_ids: Sequence[int]) -> None:
        self.delete(Kind.ACCOUNTS, account_ids)
        self._delete_by(Kind.POSTS, "account_id", account_ids)

    def delete_server(self, host: str) -> None:
        for kind in Kind:
            self._delete_by(kind, "server", [host])

    def _delete_by(self, kind: Kind, field: str, values: Sequence[str | int]) -> None:
        # A rebuild that runs meanwhile must not bring them back.
        ids: list[int] = []
        if kind in self._rebuilds:
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
        with self._writing:
            while self._writers:
                _, writer = self._writers.popitem()
                writer.wait_merging_threads()
            self._folder.unlock()


def _bounded(score: float) -> float:
    return score / (score + weights.HALF_SCORE)
