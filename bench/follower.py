"""A worker in a process of its own, as `waypost worker`: settings from outside, ends on SIGTERM."""

from __future__ import annotations

import signal
import threading

from bench.editions import opened
from discover.cli.running import settle
from discover.settings import Settings
from discover.worker import work


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with opened(Settings(_env_file=None)) as app:
        worker = threading.Thread(target=work, args=(app, stop))
        worker.start()
        settle()
        print("ready", flush=True)
        while not stop.wait(0.5):  # a signal that another thread got wakes nobody
            pass
        worker.join()


if __name__ == "__main__":
    main()
