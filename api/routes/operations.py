"""For whoever runs this: alive, ready, metrics."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from api import present
from api.deps import ContextDep, MetricsDep
from api.errors import RETRY_SECONDS
from api.problems import ProblemAnswer, described
from api.schemas import Health, Ready
from discover.model.query import Kind
from discover.store.database import Database

log = logging.getLogger("waypost.api")
router = APIRouter(tags=["operations"])


def _current(database: Database) -> None:
    if not database.is_current():
        raise RuntimeError("the schema is not the one of this version")


@router.get("/healthz", response_model=Health, summary="The process is alive")
async def get_health() -> Response:
    return present.reply({"status": "ok"})


@router.get(
    "/readyz",
    response_model=Ready,
    summary="The database and the engine answer",
    responses=described(503),
)
def get_ready(context: ContextDep) -> Response:
    for name, ask in (
        ("database", lambda: _current(context.database)),
        ("engine", lambda: context.engine.count(Kind.ACCOUNTS)),
    ):
        try:
            ask()
        except Exception as exc:  # whatever is wrong with it, it is not ready
            log.warning("%s is not ready: %s", name, type(exc).__name__)
            raise ProblemAnswer(
                503,
                f"The {name} does not answer.",
                headers={"Retry-After": str(RETRY_SECONDS)},
            ) from exc
    return present.reply({"status": "ready", "database": "ok", "engine": "ok"})


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=PlainTextResponse,
    responses={
        200: {"description": "Prometheus text format 0.0.4"},
    },
)
def get_metrics(metrics: MetricsDep) -> Response:
    return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)
