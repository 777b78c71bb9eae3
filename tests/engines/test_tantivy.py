"""What only the embedded engine promises: several processes, and any of them may die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from discover.engines import tantivy, tantivy_folder, tantivy_reading
from discover.engines.tantivy import EngineBusy, TantivyEngine
from discover.engines.tantivy_schema import SCHEMA_VERSION
from discover.model.query import EngineQuery, Kind
from discover.ports import EngineUnavailable
from tests.engines.corpus import POSTS, post
from tests.engines.writer import BATCH
from tests.support.paths import ROOT
from tests.support.processes import stop

WRITER = Path(__file__).with_name("writer.py")


@contextmanager
def writing(folder: Path, first: int = 0) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, str(WRITER), str(folder), str(first)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield child
    finally:
        stop(child)
        assert child.stdout
        child.stdout.close()


def acknowledged(child: subprocess.Popen[str]) -> int:
    assert child.stdout
    return int(child.stdout.readline())


def test_a_killed_writer_loses_nothing_that_it_acknowledged(tmp_path: Path):
    first = 0
    for turn in range(6):
        with writing(tmp_path, first) as child:
            acknowledged(child)
            time.sleep(0.03 + 0.037 * turn)  # anywhere: adding, committing, merging, swapping
            child.send_signal(signal.SIGKILL)
            assert child.stdout
            lines = child.stdout.read().split()
            child.wait()
        said = int(lines[-1]) if lines else first + BATCH
        with closing(TantivyEngine(tmp_path)) as engine:
            engine.prepare()
            assert not engine.needs_rebuild()
            found = sorted(engine.ids(Kind.POSTS))
            # Whole batches only, without gaps and without doubles; the last may be unconfirmed.
            assert found == list(range(len(found)))
            assert len(found) in (said, said + BATCH)
            engine.upsert([post(len(found), "written by the next process")])
            engine.delete(Kind.POSTS, [len(found)])
            first = len(found)


def test_a_second_writer_is_told_who_is_busy(tmp_path: Path):
    with writing(tmp_path) as child, closing(TantivyEngine(tmp_path)) as engine:
        acknowledged(child)
        with pytest.raises(EngineBusy, match="another process"):
            engine.upsert(POSTS)
        assert engine.search(EngineQuery(Kind.POSTS, "survivor ")).hits
        child.send_signal(signal.SIGKILL)
        child.wait()
        engine.upsert(POSTS)
        assert engine.search(EngineQuery(Kind.POSTS, "observatory ")).hits


def test_a_reader_in_another_process_sees_each_commit_and_swap(tmp_path: Path):
    with closing(TantivyEngine(tmp_path)) as engine:
        engine.prepare()
        with writing_reader(tmp_path) as reader:
            for number in range(1, 4):
                engine.upsert([post(number, "seen at once")])
                assert ask(reader) == number
            with engine.rebuild(Kind.POSTS) as rebuild:
                rebuild.add([post(9, "seen at once")])
                assert ask(reader) == 3
                rebuild.swap()
            assert ask(reader) == 1
            engine.upsert([post(10, "seen at once")])
            assert ask(reader) == 2


READER = """
import sys
from pathlib import Path
from discover.engines.tantivy import TantivyEngine
from discover.model.query import EngineQuery, Kind
engine = TantivyEngine(Path(sys.argv[1]))
for _ in sys.stdin:
    print(len(engine.search(EngineQuery(Kind.POSTS, "seen ")).hits), flush=True)
"""


@contextmanager
def writing_reader(folder: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [sys.executable, "-c", READER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield child
    finally:
        assert child.stdin
        assert child.stdout
        child.stdin.close()
        child.wait(10)
        child.stdout.close()


def ask(reader: subprocess.Popen[str]) -> int:
    assert reader.stdin
    assert reader.stdout
    reader.stdin.write("\n")
    reader.stdin.flush()
    return int(reader.stdout.readline())


def test_other_settings_empty_the_index_and_ask_for_a_rebuild(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with closing(TantivyEngine(tmp_path)) as engine:
        engine.prepare()
        engine.upsert(POSTS)
    for module in (tantivy, tantivy_reading):
        monkeypatch.setattr(module, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    with closing(TantivyEngine(tmp_path)) as engine:
        with pytest.raises(EngineUnavailable, match="prepare it first"):
            engine.count(Kind.POSTS)
        engine.prepare()
        assert engine.needs_rebuild()
        assert engine.count(Kind.POSTS) == 0
        for kind in Kind:
            with engine.rebuild(kind) as rebuild:
                rebuild.add(POSTS if kind is Kind.POSTS else [])
                rebuild.swap()
        assert not engine.needs_rebuild()
        assert engine.count(Kind.POSTS) == len(POSTS)


def test_what_cannot_be_written_is_told_to_whoever_waits_for_it(tmp_path: Path):
    with closing(TantivyEngine(tmp_path)) as first, closing(TantivyEngine(tmp_path)) as second:
        first.prepare()
        first.upsert(POSTS)
        handed = second.hand_over([post(10, "too late")])
        with pytest.raises(EngineBusy):
            handed.wait()
        assert second.count(Kind.POSTS) == len(POSTS)


def test_closing_waits_for_what_was_handed_over(tmp_path: Path):
    with closing(TantivyEngine(tmp_path)) as engine:
        engine.prepare()
        engine.hand_over(POSTS)
    with closing(TantivyEngine(tmp_path)) as engine:
        assert engine.count(Kind.POSTS) == len(POSTS)


def test_old_generations_do_not_pile_up(tmp_path: Path):
    with closing(TantivyEngine(tmp_path)) as engine:
        engine.prepare()
        for _ in range(3):
            with engine.rebuild(Kind.POSTS) as rebuild:
                rebuild.swap()
        with engine.rebuild(Kind.POSTS):
            pass
    assert len(list(tmp_path.glob("posts-*"))) == 1


def test_a_folder_without_an_index_says_so(tmp_path: Path):
    with pytest.raises(EngineUnavailable, match="never prepared"):
        TantivyEngine(tmp_path / "nowhere").search(EngineQuery(Kind.POSTS))


def test_a_damaged_pointer_says_so(tmp_path: Path):
    engine = TantivyEngine(tmp_path)
    engine.prepare()
    engine.close()
    tantivy_folder.Folder(tmp_path).pointer_file(Kind.POSTS).write_text("{")
    with pytest.raises(EngineUnavailable, match="damaged"):
        TantivyEngine(tmp_path).count(Kind.POSTS)
