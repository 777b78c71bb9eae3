"""The OpenAPI document, true to the routes, and its page for people (no third party's script)."""

from __future__ import annotations

import hashlib
from typing import Any, cast

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse

from api.limits import FREE_PATHS
from api.mastodon import dialect
from api.mastodon.schemas import MastodonError
from api.params import SearchParams
from api.problems import described
from api.schemas import Document, Jrd, Problem
from web.pages import api_page

router = APIRouter(tags=["about"])

DESCRIPTION = """Search of the fediverse that asks first.

Only people and servers that have said yes are listed, and consent is asked again for every
result of every answer. All failures are problem documents (RFC 9457). Reading needs no key;
answers about people must not be kept, because a withdrawal takes effect at once."""


def describe(app: FastAPI, version: str) -> dict[str, Any]:
    """The whole document; made once, because routes do not change while we run."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title="Waypost",
        version=version,
        description=DESCRIPTION,
        license_info={"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        routes=app.routes,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (Problem, MastodonError, Jrd, Document, SearchParams):
        shape = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(shape.pop("$defs", {}))
        if model is not SearchParams:  # only the enumerations its parameters refer to
            schemas[model.__name__] = shape
    for path, operations in document["paths"].items():
        everywhere = (500,) if path.startswith(FREE_PATHS) else (414, 429, 500)
        for operation in operations.values():
            responses = operation["responses"]
            # FastAPI adds its own 422 to every parameter, also where any text will do.
            if "HTTPValidationError" in str(responses.get("422", "")):
                del responses["422"]
            says = dialect.described if dialect.spoken(_example(path)) else described
            for status, described_response in says(*everywhere).items():
                responses.setdefault(str(status), described_response)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    app.openapi_schema = document
    return document


def _example(path: str) -> str:
    """A path that this template stands for; only Mastodon's ids are numbers."""
    return path.replace("{id}", "1")


@router.get(
    "/api/openapi.json",
    summary="This document",
    response_class=Response,
    responses={
        200: {
            "description": "OpenAPI 3.1",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        304: {"description": "You have it already (If-None-Match)"},
    },
)
async def get_openapi_json(request: Request) -> Response:
    body = orjson.dumps(cast("FastAPI", request.app).openapi())
    etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {"ETag": etag, "Cache-Control": "public, max-age=300"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get(
    "/api",
    summary="This document for people",
    response_class=HTMLResponse,
)
async def get_api_page(request: Request) -> Response:
    return api_page(cast("FastAPI", request.app).openapi())
