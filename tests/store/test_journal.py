"""The journal of who left keeps every line, whatever happens to the disk or beside it."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from discover.store.journal import Journal, Mark, Out

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, tzinfo=UTC)
APPEND = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from discover.store.journal import Journal, Out
journal = Journal(Path(sys.argv[1]))
for number in range(40):
    journal.append(Out("person", f"{sys.argv[2]}-{number}", datetime.now(UTC)))
"""


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "withdrawn.journal")


def digests(journal, size=0):
    return [out.digest for out in journal.since(size)]


@pytest.mark.parametrize("rest", [b'{"what":"person","dig', b'{"what":"person"}', b"\0\0\0", b"7"])
def test_a_line_that_a_full_disk_cut_off_spoils_no_other(journal, caplog, rest):
    journal.append(Out("person", "a", NOW))
    with journal.path.open("ab") as file:
        file.write(rest)
    size = journal.append(Out("person", "b", NOW))
    journal.append(Out("person", "c", NOW, back=True))
    with caplog.at_level(logging.WARNING):
        assert digests(journal) == ["a", "b", "c"]
        assert digests(journal, size) == ["c"]
    assert "passed over" in caplog.text


def test_a_journal_whose_first_line_was_cut_off_gets_another_name(journal):
    journal.path.write_bytes(b'{"jour')
    assert not journal.name
    journal.append(Out("server", "a", NOW))
    assert journal.name
    assert digests(journal) == ["a"]


def test_several_processes_of_one_machine_write_at_once(journal):
    command = [sys.executable, "-c", APPEND, str(journal.path)]
    running = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [one.wait(60) for one in running] == [0, 0, 0]
    written = digests(journal)
    for name in "abc":
        mine = [one for one in written if one.startswith(name)]
        assert mine == [f"{name}-{number}" for number in range(40)]
    assert len(written) == 120
    assert journal.path.read_bytes().count(b'"journal"') == 1


def test_a_mark_never_goes_back_by_itself(journal):
    assert journal.mark() is None
    newer, older = Mark(7, "x", NOW), Mark(6, "y", NOW - timedelta(seconds=1))
    journal.set_mark(newer)
    journal.set_mark(older)
    assert journal.mark() == newer
    journal.set_mark(older, anew=True)
    assert journal.mark() == older


def test_a_mark_that_cannot_be_read_is_none(journal, caplog):
    journal.path.with_suffix(".mark").mkdir()
    with caplog.at_level(logging.WARNING):
        assert journal.mark() is None
    assert "cannot be read" in caplog.text


def test_all_containers_keep_the_journal_in_one_named_volume():
    compose = (ROOT / "docker-compose.yml").read_text()
    common = compose.partition("services:")[0]
    assert "- data:/data" in common
    services = compose.partition("\nservices:")[2].partition("\nvolumes:")[0]
    ours = re.findall(r"^  (\w+):.*\n    <<: \*waypost\n", services, re.MULTILINE)
    assert set(ours) == {"init", "api", "crawler", "worker", "scheduler"}
    assert re.search(r"^volumes:\n(?:  \w+:\n)*  data:\n", compose, re.MULTILINE)
    image = (ROOT / "Dockerfile").read_text()
    assert "WAYPOST_HOME=/data" in image
    assert "VOLUME" not in image, "a container without the named volume would lose it silently"
