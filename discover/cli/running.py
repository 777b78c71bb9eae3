"""Long-running commands: threads that start together and end together."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from discover.bootstrap import App
from discover.cli.output import UNAVAILABLE, console, fail, opened
from discover.settings import Settings

log = logging.getLogger(__name__)

_STOP_SECONDS = 15.0


class Together:
    """Threads of one process. When one of them fails, all end, and the process with an error."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.failed: str | None = None
        self._threads: list[threading.Thread] = []

    def start(self, name: str, target: Callable[[threading.Event], None]) -> None:
        def run() -> None:
            try:
                target(self.stop)
            except BaseException:  # told to the log and to whoever waits; the process must end
                log.exception("%s ended with an error", name)
                self.failed = name
                self.stop.set()

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def wait(self) -> None:
        """Until a signal or a failure, then until everything has ended."""
        settle()
        with _signals(self.stop):
            while not self.stop.wait(0.5):
                pass
            for thread in self._threads:
                thread.join(_STOP_SECONDS)


def settle() -> None:
    """What a process has loaded stays to its end: the garbage collector leaves it alone, and comes
    less often than for a script. Walking through all of it took a sixth of a second at a time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def run_up(settings: Settings) -> None:
    """Everything in one process."""
    with opened(settings, migrate=True) as app:
        run_everything(app)


def run_everything(app: App, ready: Callable[[Together], None] | None = None) -> None:
    """Web, crawler, worker and scheduler until a signal comes. `ready` is called when they run."""
    from discover.delivering import deliver
    from discover.providing import provide
    from discover.proving import prove
    from discover.schedule import run_scheduler
    from discover.worker import work

    _listen_or_fail(app.settings)
    app.context.engine.prepare()
    together = Together()
    together.start("api", lambda stop: _serve(app, stop))
    together.start("worker", lambda stop: work(app, stop))
    together.start("deliveries", lambda stop: deliver(app, stop))
    together.start("proofs", lambda stop: prove(app, stop))
    together.start("fasp", lambda stop: provide(app, stop))
    together.start("crawler", lambda stop: _crawl(app, stop))
    together.start("scheduler", lambda stop: run_scheduler(app, stop))
    console.print(f"Waypost is at {app.settings.own_url}  (Ctrl-C ends it)")
    warn_laboratory(app.settings)
    if ready is not None:
        together.start("progress", lambda _stop: ready(together))
    together.wait()
    _end(together)


def run_api(settings: Settings) -> None:
    with opened(settings) as app:
        _listen_or_fail(settings)
        app.context.engine.prepare()
        _alone("api", lambda stop: _serve(app, stop))


def run_worker(settings: Settings) -> None:
    from discover.delivering import deliver
    from discover.providing import provide
    from discover.proving import prove
    from discover.worker import work

    with opened(settings) as app:
        _alone(
            "worker",
            lambda stop: work(app, stop),
            deliveries=lambda stop: deliver(app, stop),
            proofs=lambda stop: prove(app, stop),
            fasp=lambda stop: provide(app, stop),
        )


def run_crawler_alone(settings: Settings) -> None:
    with opened(settings) as app:
        _alone("crawler", lambda stop: _crawl(app, stop))


def run_scheduler_alone(settings: Settings) -> None:
    from discover.schedule import run_scheduler

    with opened(settings) as app:
        _alone("scheduler", lambda stop: run_scheduler(app, stop))


def warn_laboratory(settings: Settings) -> None:
    if on := settings.laboratory():
        console.print(f"[yellow]warning: laboratory settings are on: {', '.join(on)}[/]")


def _alone(
    name: str,
    target: Callable[[threading.Event], None],
    **beside: Callable[[threading.Event], None],
) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    together = Together()
    together.start(name, target)
    for other, run in beside.items():
        together.start(other, run)
    console.print(f"waypost {name} is running  (Ctrl-C ends it)")
    together.wait()
    _end(together)


def _end(together: Together) -> None:
    if together.failed is not None:
        fail(f"{together.failed} ended with an error, see above", UNAVAILABLE)
    console.print("ended")


class _Server(uvicorn.Server):
    """Signals are the process's business, not the web server's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _serve(app: App, stop: threading.Event) -> None:
    from api.main import create_app

    config = uvicorn.Config(
        create_app(app),
        host=app.settings.host,
        port=app.settings.port,
        log_level="warning",
        access_log=False,  # handles and queries are nobody's business
        server_header=False,
        timeout_graceful_shutdown=5,
        proxy_headers=True,
        forwarded_allow_ips=app.settings.trusted_proxies,
    )
    server = _Server(config)
    settle()

    async def serve() -> None:
        serving = asyncio.create_task(server.serve())
        early = await _until(stop, serving)
        server.should_exit = True
        await serving
        if early:
            raise RuntimeError("the web server ended by itself")

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve())


def _crawl(app: App, stop: threading.Event) -> None:
    from crawler.run import run_crawler

    async def crawl() -> None:
        ending = asyncio.Event()
        running = asyncio.create_task(run_crawler(app, until_idle=False, stop=ending))
        await _until(stop, running)
        ending.set()
        await running

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(crawl())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """Uvloop where there is one: a good part of a crawl's time is the loop's."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def _until(stop: threading.Event, task: asyncio.Task[Any]) -> bool:
    """Wait for a stop or for the task's end. True when the task ended first."""
    waiting = asyncio.create_task(asyncio.to_thread(stop.wait))
    await asyncio.wait({waiting, task}, return_when=asyncio.FIRST_COMPLETED)
    early = not stop.is_set()
    stop.set()  # frees the thread that waits; the others have to end too
    await waiting
    return early


def _listen_or_fail(settings: Settings) -> None:
    """A taken port is a plain line at the start, not a failure in the middle."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            fail(
                f"cannot listen on {settings.host}:{settings.port} ({error.strerror});"
                " choose another port with WAYPOST_PORT",
                UNAVAILABLE,
            )


@contextlib.contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    before = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, lambda *_: stop.set())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
