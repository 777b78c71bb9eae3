"""How long this process took to answer, from the histogram that /metrics publishes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from prometheus_client import Histogram


@dataclass(frozen=True, slots=True)
class RouteTime:
    """Seconds; the percentiles are upper bounds of the histogram's buckets, None beyond the last."""

    route: str
    requests: int
    mean: float
    p50: float | None
    p95: float | None


def routes(histogram: Histogram, limit: int = 20) -> list[RouteTime]:
    """By route template, what is asked most first. Since this process began."""
    buckets: dict[str, dict[float, float]] = defaultdict(lambda: defaultdict(float))
    sums: dict[str, float] = defaultdict(float)
    for metric in histogram.collect():
        for sample in metric.samples:
            route = f"{sample.labels.get('method')} {sample.labels.get('route')}"
            if sample.name.endswith("_bucket"):
                buckets[route][float(sample.labels["le"])] += sample.value
            elif sample.name.endswith("_sum"):
                sums[route] += sample.value
    found = []
    for route, counts in buckets.items():
        total = int(counts[float("inf")])
        if total:
            found.append(
                RouteTime(
                    route, total, sums[route] / total, _below(counts, 0.5), _below(counts, 0.95)
                )
            )
    return sorted(found, key=lambda one: -one.requests)[:limit]


def _below(counts: dict[float, float], part: float) -> float | None:
    total = counts[float("inf")]
    bound = next(bound for bound in sorted(counts) if counts[bound] >= part * total)
    return None if bound == float("inf") else bound
