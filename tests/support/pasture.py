"""The object examples of fediverse-pasture-inputs: `python -m tests.support.pasture` fetches them.

The package asks for Python 3.13 and for the pasture's own server library, but its examples are
plain data that any Python reads. Only three names from elsewhere are touched while they load, all
for printing tables; in a process of its own they are given empty stand-ins.
"""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
import types
import warnings
from pathlib import Path
from typing import Any

from tests.support.paths import CACHE, ROOT, installing

FOLDER = CACHE / "pasture"
EXAMPLES = FOLDER / "examples.json"
LOCKED = ROOT / "requirements" / "peers" / "pasture.txt"


def fetch() -> Path:
    """The examples as JSON, suite -> list of partial objects; made when missing."""
    with installing(FOLDER, LOCKED, Path(__file__)) as missing:
        if missing:
            shutil.rmtree(FOLDER, ignore_errors=True)
            package = FOLDER / "package"
            _run(
                *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--require-hashes", "--no-deps", "--ignore-requires-python"),
                *("--target", str(package), "-r", str(LOCKED)),
            )
            _run(sys.executable, "-m", "tests.support.pasture", "dump", str(package), cwd=ROOT)
    return EXAMPLES


def load() -> dict[str, list[dict[str, Any]]]:
    """The examples that `fetch` has left. FileNotFoundError says how to get them."""
    if not EXAMPLES.exists():
        raise FileNotFoundError(f"{EXAMPLES}: run python -m tests.support.pasture")
    suites: dict[str, list[dict[str, Any]]] = json.loads(EXAMPLES.read_text("utf-8"))
    return suites


def dump(package: Path) -> None:
    """Load the package and write its examples. Only for a process of its own."""
    sys.path.insert(0, str(package))
    if not hasattr(warnings, "deprecated"):
        warnings.deprecated = lambda _text: lambda function: function  # type: ignore[attr-defined]
    _stand_in("fediverse_pasture.runner.entry", "Entry")
    _stand_in("bovine.activitystreams.utils", "as_list")
    available = importlib.import_module("fediverse_pasture_inputs").available
    suites = {name: data.examples for name, data in sorted(available.items())}
    EXAMPLES.write_text(json.dumps(suites, ensure_ascii=False, indent=1), "utf-8")


def _stand_in(module: str, name: str) -> None:
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        full = ".".join(parts[:length])
        sys.modules.setdefault(full, types.ModuleType(full))
    setattr(sys.modules[module], name, object)


def _run(*command: str, cwd: Path | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["dump"]:
        dump(Path(sys.argv[2]))
    else:
        examples = json.loads(fetch().read_text("utf-8"))
        print(f"{sum(map(len, examples.values()))} examples in {len(examples)} suites: {EXAMPLES}")
