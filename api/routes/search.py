"""GET /api/v1/search."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from api import params, present
from api.deps import ContextDep
from api.problems import described
from api.schemas import SearchOut
from discover.services.find.search import search

router = APIRouter(prefix="/api/v1", tags=["search"])


@router.get(
    "/search",
    response_model=SearchOut,
    summary="Search people and posts",
    openapi_extra={"parameters": params.described()},
    responses={
        200: {
            "headers": {
                "Link": {
                    "description": 'The next page as `<…>; rel="next"`, absent at the end',
                    "schema": {"type": "string"},
                }
            }
        },
        **described(422, 503),
    },
)
def get_search(request: Request, context: ContextDep) -> Response:
    """People and posts whose owners have said yes, and whose yes still stands at this moment."""
    answer = search(context, params.read(request.query_params).request())
    headers = {}
    if answer.next:
        pairs = [
            (key, value) for key, value in request.query_params.multi_items() if key != "cursor"
        ]
        link = f"{request.url.path}?{urlencode([*pairs, ('cursor', answer.next)])}"
        headers["Link"] = f'<{link}>; rel="next"'
    return present.reply(present.search(answer), headers=headers)
