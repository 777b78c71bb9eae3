"""Every failure becomes a problem document, or a friendly page where a person is reading."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from api import problems
from api.mastodon import dialect
from api.problems import ProblemAnswer
from discover.model.views import BadRequest
from discover.model.words import N_
from discover.ports import EngineUnavailable
from web.pages import error_page

log = logging.getLogger("waypost.api")

RETRY_SECONDS = 5  # an engine that restarts is back within this
_MACHINE_PATHS = ("/api/", "/.well-known/", "/nodeinfo/", "/actor", "/outbox", "/inbox")


def wants_page(path: str, accept: str) -> bool:
    """A browser asked for one of our pages, so it gets a page and not JSON."""
    return "text/html" in accept and not path.startswith(_MACHINE_PATHS)


def answer(
    request: Request,
    status: int,
    detail: str = "",
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The problem in the form that this client can read."""
    if dialect.spoken(request.url.path):
        detail = detail or "; ".join(error["detail"] for error in errors)
        return dialect.refusal(status, detail, headers)
    if wants_page(request.url.path, request.headers.get("accept", "")):
        # What names a field of the request is for programs.
        return error_page(status, "" if errors else detail, headers)
    detail = detail or problems.MEANINGS.get(status, "")
    return problems.response(status, detail, errors=errors, headers=headers)


def plain_words(error: Mapping[str, Any]) -> dict[str, str]:
    """One pydantic error as `{"field", "detail"}`, the detail a whole sentence."""
    place = [str(part) for part in error["loc"] if part not in ("query", "path", "header", "body")]
    field = place[0] if place else "request"
    message = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    return {"field": field, "detail": f"{field}: {message[:1].lower()}{message[1:]}."}


def install(app: FastAPI) -> None:
    """Register the handlers."""

    @app.exception_handler(ProblemAnswer)
    async def problem(request: Request, exc: ProblemAnswer) -> Response:
        return answer(
            request, exc.status, exc.detail, errors=exc.errors, headers=exc.headers or None
        )

    @app.exception_handler(dialect.NotFound)
    async def not_found(_request: Request, _exc: dialect.NotFound) -> Response:
        return dialect.refusal(404)

    @app.exception_handler(HTTPException)
    async def http(request: Request, exc: HTTPException) -> Response:
        # Starlette's own details only repeat the title; ours say what it means here.
        said = exc.detail if exc.detail != problems.title(exc.status_code) else ""
        return answer(request, exc.status_code, said, headers=exc.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, exc: RequestValidationError) -> Response:
        errors = [plain_words(error) for error in exc.errors()]
        detail = " ".join(error["detail"] for error in errors)
        return answer(request, 422, detail, errors=errors)

    @app.exception_handler(BadRequest)
    async def bad(request: Request, exc: BadRequest) -> Response:
        # as it was made: a Sentence is said in the reader's language
        return answer(request, 422, exc.args[0] if exc.args else "")

    @app.exception_handler(EngineUnavailable)
    async def unavailable(request: Request, exc: EngineUnavailable) -> Response:
        log.warning("engine unavailable: %s", exc)
        return answer(
            request,
            503,
            N_("The search index does not answer right now. Nothing is lost; try again shortly."),
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
