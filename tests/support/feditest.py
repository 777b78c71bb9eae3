"""FediTest: its program from the package registry, its suite of tests from its own repository.

The suite is in no package registry: `WAYPOST_FEDITEST_SUITE` names a folder that has it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.front import Front
from tests.support.paths import CACHE, ROOT
from tests.support.venvs import peer_python

OURS = ROOT / "tests" / "peers" / "feditest"


@dataclass(frozen=True)
class Result:
    name: str
    passed: bool
    skipped: bool
    said: str


def suite() -> Path | None:
    """The folder that holds the suite's `tests`, None if it cannot be had."""
    folder = Path(os.environ.get("WAYPOST_FEDITEST_SUITE") or CACHE / "feditest-suite")
    return folder if (folder / "tests" / "webfinger").is_dir() else None


def install() -> str:
    here = "is here" if suite() else "is not here (WAYPOST_FEDITEST_SUITE names its folder)"
    return f"{peer_python('feditest')}, its own suite {here}"


def run(root: Path, at: Front, work: Path, *, only: str) -> list[Result]:
    """Run the tests below `root`/tests whose name fits `only`, and read the TAP output."""
    roles = {
        "client": {"nodedriver": "ImpInProcessNodeDriver"},
        "server": {
            "nodedriver": "waypost.WaypostNodeDriver",
            "parameters": {"hostname": at.name, "app": "Waypost"},
        },
    }
    constellation = work / "constellation.json"
    constellation.write_text(json.dumps({"roles": roles, "name": "waypost"}))
    tap = work / "results.tap"
    done = subprocess.run(
        [
            str(peer_python("feditest").with_name("feditest")),
            *(
                "run",
                "--nodedriversdir",
                str(OURS / "drivers"),
                "--constellation",
                str(constellation),
            ),
            *("--filter-regex", only, "--tap", str(tap)),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
        timeout=300,
        env={**os.environ, **at.environment()},
    )
    assert tap.exists(), done.stdout + done.stderr
    return read_tap(tap.read_text())


def read_tap(text: str) -> list[Result]:
    """Results in their order; what is said stands in the lines below each."""
    plan = re.search(r"^1\.\.(\d+)", text, re.MULTILINE)
    results = []
    for block in re.split(r"^(?=ok |not ok )", text, flags=re.MULTILINE)[1:]:
        first, _, rest = block.partition("\n")
        match = re.match(r"(not )?ok (\d+) - (.*?)\s*(# (?:SKIP|TODO).*)?$", first)
        assert match, first
        results.append(Result(match[3], match[1] is None, match[4] is not None, rest.strip()))
    assert plan, text
    assert int(plan[1]) == len(results), text
    return results
