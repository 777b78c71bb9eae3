"""Prometheus metrics: how long routes take, and how the index is doing.

Labels are route templates, never handles or queries.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from discover.model.views import Status

_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

# Status field -> (metric, meaning)
_GAUGES: dict[str, tuple[str, str]] = {
    "servers": ("waypost_servers", "Servers that are opted in"),
    "accounts_listed": ("waypost_accounts_listed", "Accounts that are listed"),
    "accounts_known": ("waypost_accounts_known", "Accounts that were looked at"),
    "posts_indexed": ("waypost_posts_indexed", "Posts that are searchable"),
    "visits_due": ("waypost_visits_due", "Visits whose time has come"),
    "visits_waiting": ("waypost_visits_waiting", "Visits with a later appointment"),
    "outbox_waiting": ("waypost_outbox_waiting", "Changes that the engine does not have yet"),
    "oldest_outbox_seconds": ("waypost_outbox_oldest_seconds", "Age of the oldest such change"),
    "engine_accounts": ("waypost_engine_accounts", "Accounts in the engine"),
    "engine_posts": ("waypost_engine_posts", "Posts in the engine"),
    "hosts_leased": ("waypost_hosts_leased", "Hosts that are being visited now"),
}


class StatusCollector(Collector):
    """Asks for the status at most every few seconds, however often it is scraped."""

    def __init__(self, ask: Callable[[], Status], keep_seconds: float = 5.0) -> None:
        self._ask = ask
        self._keep = keep_seconds
        self._kept: tuple[float, Status] | None = None

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # asked at registration: say nothing rather than query the database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = time.monotonic()
        if self._kept is None or now - self._kept[0] > self._keep:
            self._kept = (now, self._ask())
        status = self._kept[1]
        for field, (name, meaning) in _GAUGES.items():
            value = getattr(status, field)
            if value is not None:
                yield GaugeMetricFamily(name, meaning, value=value)
        up = float(status.engine_accounts is not None)
        yield GaugeMetricFamily("waypost_engine_up", "1 when the engine answers", value=up)


class Metrics:
    """One registry per application, so that two in one process do not mix."""

    def __init__(self, ask: Callable[[], Status]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(StatusCollector(ask))
        self.requests = Histogram(
            "waypost_request_seconds",
            "Time to answer by route",
            ("method", "route", "status"),
            registry=self.registry,
            buckets=_BUCKETS,
        )


class TimingMiddleware:
    """Times every request under its route's template."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self.metrics.requests.labels(method, route, str(status)).observe(
                time.perf_counter() - begun
            )
