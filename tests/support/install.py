"""Fetches everything real that the tests start: `python -m tests.support.install`.

Quick when nothing is missing. Ends with 1 and a plain line for each part that could not be had.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable

from tests.support import feditest
from tests.support.chromium import install_chromium
from tests.support.meilisearch import meilisearch_binary
from tests.support.node import npm_folder
from tests.support.postgres import run_postgres
from tests.support.venvs import peer_python

PASTURE = "tests.support.pasture"


def check_postgres() -> str:
    with run_postgres() as address:
        return address.partition("?")[0]


def install_pasture() -> str:
    if importlib.util.find_spec(PASTURE) is None:
        return "not part of this checkout"
    done = subprocess.run(
        [sys.executable, "-m", PASTURE], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return "here"


PARTS: dict[str, Callable[[], object]] = {
    "Meilisearch": meilisearch_binary,
    "PostgreSQL": check_postgres,
    "axe": lambda: npm_folder("axe"),
    "Fedify": lambda: npm_folder("fedify"),
    "megalodon": lambda: npm_folder("megalodon"),
    "Pubby": lambda: peer_python("pubby"),
    "ActivityRelay": lambda: peer_python("activityrelay"),
    "FediTest": feditest.install,
    "Fediverse-Pasture inputs": install_pasture,
    "Chromium": install_chromium,
}


def main() -> int:
    missing = 0
    for name, fetch in PARTS.items():
        began = time.monotonic()
        try:
            where = fetch()
        except Exception as error:  # every part is tried, and each says what it lacks
            missing += 1
            print(f"{name}: MISSING: {error}")
        else:
            print(f"{name}: {where} ({time.monotonic() - began:.1f} s)", flush=True)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
