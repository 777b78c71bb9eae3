"""Posted forms of our pages, read within bounds, and how the API's description tells of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from fastapi import Request
from starlette.exceptions import HTTPException

from discover.model.words import N_

_MOST_BYTES = 4096

PAGE_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": words,
        "content": {
            "text/html": {"schema": {"type": "string"}},
            "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
        },
    }
    for status, words in (
        (422, "What was typed cannot be used"),
        (429, "Asked too often"),
        (503, "Try later"),
    )
}


async def read_form(request: Request) -> dict[str, str]:
    """The first value of each field, trimmed. 422 when it is too long or holds U+0000."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise HTTPException(422, N_("That is too long."))
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    if "\0" in "".join(values[0] for values in fields.values()):
        raise HTTPException(422, N_("That holds a character that cannot be used."))
    return {name: values[0].strip() for name, values in fields.items()}


def form_of(*names: str) -> dict[str, Any]:
    """`openapi_extra` of a route that takes these fields, all needed."""
    shape = {
        "type": "object",
        "required": list(names),
        "properties": {name: {"type": "string"} for name in names},
    }
    content = {"application/x-www-form-urlencoded": {"schema": shape}}
    return {"requestBody": {"required": True, "content": content}}
