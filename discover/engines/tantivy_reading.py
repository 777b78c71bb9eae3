"""A Tantivy collection as a reader sees it, following commits and swaps."""

from __future__ import annotations

import threading
from pathlib import Path

from tantivy import Index, Schema, Searcher

from discover.engines.tantivy_folder import Folder, Stamp, stamp
from discover.engines.tantivy_schema import SCHEMA_VERSION, SCHEMAS, WORDS, analyzer
from discover.model.query import Kind
from discover.ports import EngineUnavailable

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
