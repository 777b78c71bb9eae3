"""A Waypost with people to suggest, and somebody else's page on another origin."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.crowd import gathered
from tests.support.site import Site, serving

STARS = ("A clear night #astronomy #astrodon", "Saturn today #astronomy")


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    """Read only: five stargazers, one of them German and with a picture, and a baker."""
    with gathered(tmp_path_factory.mktemp("embeds")) as crowd:
        crowd.opt_in("b.example")
        for name in ("stella", "orion", "vega"):
            crowd.person(name, STARS, bio="Under the stars #astronomy")
        crowd.person("luna", STARS, host="b.example", bio="Moon watcher #astronomy")
        crowd.person("stern", STARS, bio="Sterne und Nebel #astronomie", language="de")
        crowd.person("baker", ("Sourdough #baking",), bio="Bread #baking")
        crowd.settle()
        with serving(crowd.app) as served:
            yield served


@dataclass
class Foreign:
    """Somebody else's site: one page, with or without a policy of its own."""

    base: str
    html: str = ""
    policy: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def _foreign() -> Iterator[Foreign]:
    page = Foreign("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page.asked.append(self.path)
            body = page.html.encode() if self.path == "/" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            if page.policy:
                self.send_header("Content-Security-Policy", page.policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    # Another host name, so that it is another site and not only another port.
    page.base = f"http://localhost:{server.server_address[1]}"
    try:
        yield page
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.fixture
def foreign() -> Iterator[Foreign]:
    with _foreign() as page:
        yield page


@pytest.fixture
def write(foreign: Foreign) -> Callable[..., Foreign]:
    """Put this between <body> tags of the foreign page."""

    def written(body: str, *, head: str = "", lang: str = "en", policy: str = "") -> Foreign:
        foreign.html = (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
            f"<title>A blog</title>{head}</head><body><main><h1>A blog</h1>{body}</main></body></html>"
        )
        foreign.policy = policy
        return foreign

    return written
