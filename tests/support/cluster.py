"""Waypost as its operator runs it: real processes, killed the hard way where a test says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.support.processes import free_port

WAYPOST = Path(sys.executable).with_name("waypost")


class Cluster:
    """Processes of one installation, all with the same settings in their environment."""

    def __init__(self, home: Path, lab_port: int, **settings: str) -> None:
        self.home = home
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if "WAYPOST" not in name},
            "WAYPOST_HOME": str(home),
            "WAYPOST_PORT": str(self.port),
            "WAYPOST_CRAWL_DELAY": "0.01",
            "WAYPOST_LAB_NETWORKS": "127.0.0.0/8",
            "WAYPOST_LAB_HOSTS": f"*.lab.test=127.0.0.1:{lab_port}",
            "WAYPOST_LAB_PLAIN_HTTP": "1",
            "PYTHONWARNINGS": "default",
            **{f"WAYPOST_{name.upper()}": value for name, value in settings.items()},
        }
        home.mkdir(parents=True, exist_ok=True)
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """One command of the command line, to its end."""
        done = subprocess.run(
            [WAYPOST, *words],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"waypost {' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def json(self, *words: str, check: bool = True):
        return json.loads(self.run(*words, "--json", check=check).stdout)

    def start(self, *names: str) -> None:
        for name in names:
            with (self.home / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    [WAYPOST, name], env=self.environment, cwd=self.home, stdout=log, stderr=log
                )

    def kill(self, name: str) -> None:
        """No chance to say goodbye."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def stop(self) -> dict[str, int]:
        """Ask all to end; their exit codes."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        codes = {}
        for name, process in self.running.items():
            try:
                codes[name] = process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[name] = -9
        self.running.clear()
        return codes

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text()

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.base + path, trust_env=False, timeout=10)

    def search(self, text: str, kind: str = "all"):
        answer = self.get(f"/api/v1/search?q={text}&type={kind}&limit=40")
        answer.raise_for_status()
        return answer.json()


def until(holds: Callable[[], bool], seconds: float, what: str, *, every: float = 0.2) -> None:
    """Poll; a plain failure when it takes too long."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(every)
