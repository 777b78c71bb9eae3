"""Our crawl of a pretend fediverse in a process of its own: prints the seconds it took.

`python -m bench.our_crawl PORT HOME HOSTS_FILE worker|alone`
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from ipaddress import ip_network
from pathlib import Path

from bench.editions import opened
from crawler.run import run_crawler
from discover.services.consent.servers import add_server
from discover.services.topics.catalogue import catalogue
from discover.settings import Settings
from discover.wire.language import detect
from discover.worker import work


def main(port: int, home: Path, hosts: Path, *, with_worker: bool) -> None:
    logging.basicConfig(level=logging.ERROR)
    settings = Settings(
        _env_file=None,
        home=home,
        lab_networks=(ip_network("127.0.0.0/8"),),
        lab_hosts=(("*.lab.test", "127.0.0.1", port),),
        lab_plain_http=True,
        crawl_delay=0.0,
    )
    with opened(settings) as app:
        for host in hosts.read_text().split():
            add_server(app.context, host, "a bench")
        # What a process makes or loads once in its life is there before the clock starts.
        _ = app.keys
        detect("a sentence in any language")
        catalogue()
        done = threading.Event()
        worker = threading.Thread(target=work, args=(app, done))
        if with_worker:
            worker.start()
        began = time.perf_counter()
        asyncio.run(run_crawler(app, until_idle=True, stop=asyncio.Event()))
        print(time.perf_counter() - began, flush=True)
        done.set()
        if with_worker:
            worker.join()


if __name__ == "__main__":
    main(
        int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), with_worker=sys.argv[4] == "worker"
    )
