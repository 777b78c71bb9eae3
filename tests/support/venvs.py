"""Python programs that are not ours, each in an environment of its own under .cache/."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.paths import CACHE, ROOT, installing


def peer_python(name: str) -> Path:
    """The interpreter that has what requirements/peers/NAME.txt locks; made when needed."""
    folder = CACHE / "venvs" / name
    locked = ROOT / "requirements" / "peers" / f"{name}.txt"
    python = folder / "bin" / "python"
    with installing(folder, locked) as missing:
        if missing:
            shutil.rmtree(folder, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(folder))
            _run(
                *(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--require-hashes", "--no-deps", "-r", str(locked)),
            )
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
