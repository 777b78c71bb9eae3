"""What routes are given."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import Depends, Path, Request

from api.metrics import Metrics
from api.problems import ProblemAnswer
from discover.bootstrap import App
from discover.model.actor import Handle
from discover.services.context import Context
from discover.settings import Settings


async def _context(request: Request) -> Context:
    return cast("App", request.app.state.waypost).context


async def _settings(request: Request) -> Settings:
    return cast("App", request.app.state.waypost).settings


async def _metrics(request: Request) -> Metrics:
    return cast("Metrics", request.app.state.metrics)


async def _handle(
    handle: Annotated[
        str, Path(description="`user@host`, with or without a leading @", max_length=320)
    ],
) -> Handle:
    return read_handle(handle)


def read_handle(handle: str) -> Handle:
    """Raises ProblemAnswer (422) when it is none."""
    try:
        return Handle.parse(handle)
    except ValueError:
        detail = "handle: this is not a handle such as user@example.social."
        raise ProblemAnswer(422, detail, errors=[{"field": "handle", "detail": detail}]) from None


ContextDep = Annotated[Context, Depends(_context)]
SettingsDep = Annotated[Settings, Depends(_settings)]
MetricsDep = Annotated[Metrics, Depends(_metrics)]
HandleDep = Annotated[Handle, Depends(_handle)]
