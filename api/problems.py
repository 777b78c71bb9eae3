"""RFC 9457 problem documents: the one shape in which this door says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import Response

MEDIA_TYPE = "application/problem+json"

MEANINGS: dict[int, str] = {
    400: "The request is not well formed.",
    401: "The request is not signed, or its signature does not hold.",
    403: "Whoever sent this may not say it.",
    404: "Nothing is shown at this address.",
    405: "This address does not answer that method.",
    406: "None of the forms you accept is available here.",
    408: "The request did not arrive in time.",
    413: "The body is too long.",
    414: "The address is too long.",
    415: "The body is of a type or an encoding that is not read here.",
    422: "A parameter cannot be used; `errors` names it.",
    429: "Too many requests from this client; `Retry-After` says when to try again.",
    500: "Something went wrong on our side.",
    503: "The index or its database does not answer; `Retry-After` says when to try again.",
}


class ProblemAnswer(Exception):
    """Raise it anywhere below a route to answer with this problem."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail or MEANINGS.get(status, "")
        self.errors = errors
        self.headers = dict(headers or {})


def title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def document(
    status: int, detail: str = "", errors: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """The members `type`, `title`, `status`, `detail`, and `errors` when a field is to blame."""
    answer: dict[str, Any] = {
        "type": "about:blank",
        "title": title(status),
        "status": status,
        "detail": detail or MEANINGS.get(status, title(status)),
    }
    if errors:
        answer["errors"] = list(errors)
    return answer


def response(
    status: int,
    detail: str = "",
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    return Response(
        orjson.dumps(document(status, detail, errors)),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route for these statuses, as the OpenAPI document shows them."""
    answer: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        answer[status] = {
            "description": MEANINGS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if status in (429, 503):
            answer[status]["headers"] = {
                "Retry-After": {
                    "description": "Seconds to wait before the next try",
                    "schema": {"type": "integer"},
                }
            }
    return answer
