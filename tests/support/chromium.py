"""A browser for the tests that need one: an installed Chromium, else Debian's."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
# For Playwright: nothing but what the page itself asks for leaves the browser.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ADVICE = (
    "No Chromium. Install one (Debian: apt-get install chromium, as root) "
    "or say where it is in WAYPOST_CHROMIUM."
)


def find_chromium() -> Path | None:
    named = os.environ.get("WAYPOST_CHROMIUM")
    if named:
        return Path(named) if Path(named).is_file() else None
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return Path(found) if found else None


def install_chromium() -> Path:
    """The browser, installed by apt where that is possible. RuntimeError with advice."""
    found = find_chromium()
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ("apt-get", "update", "-qq"),
            ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"),
        ):
            done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(f"{ADVICE}\n{' '.join(command)}:\n{done.stderr[-2000:]}")
        found = find_chromium()
    if found is None:
        raise RuntimeError(ADVICE)
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=install_chromium(), args=FLAGS)
        yield opened
        opened.close()


def meet(tab: Page, heading: str) -> None:
    """Wait for a page under this heading.

    A click comes back when the answer begins: what is looked for at once may still be looked for
    on a page that is half there, or on the one before. Who waits in vain sees what there was.
    """
    try:
        expect(tab.get_by_role("heading", name=heading)).to_be_visible()
    except AssertionError:
        shown = tab.locator("main").inner_text()
        raise AssertionError(f"no {heading!r} at {tab.url}, which shows:\n{shown}") from None


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of one module: while it is open it has the event loop of its thread."""
    with chromium() as opened:
        yield opened
