"""What this index does with consent, and the log by which anybody can check it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, cast

import orjson
from fastapi import APIRouter, Query, Request, Response

from api import evidence
from api.deps import ContextDep, SettingsDep
from api.evidence import TransparencyOut
from api.problems import described
from discover.services.consent import consent_log
from discover.services.consent.transparency import Remembered

router = APIRouter(prefix="/api/v1/transparency", tags=["consent"])
LINES = "application/jsonl"


@router.get(
    "",
    response_model=TransparencyOut,
    summary="Servers, numbers, latencies, refusals, rules",
    responses=described(503),
)
def get_transparency(request: Request, settings: SettingsDep) -> Response:
    """Names servers and nobody else. Made anew at most once a minute."""
    remembered = cast("Remembered", request.app.state.transparency)
    return _reply(evidence.transparency(remembered(), settings))


@router.get(
    "/log",
    summary="The log of consent decisions, hash-chained",
    response_class=Response,
    responses={
        200: {
            "description": "JSON lines, oldest first; `Link` leads on while there are more",
            "content": {LINES: {"schema": {"type": "string"}}},
            "headers": {
                "Link": {
                    "description": 'The next page as `<…>; rel="next"`, absent at the end',
                    "schema": {"type": "string"},
                }
            },
        },
        **described(422, 503),
    },
)
def get_log(
    context: ContextDep,
    after: Annotated[
        int, Query(ge=0, le=2**53, description="Only entries with a higher `id` than this")
    ] = 0,
    limit: Annotated[
        int, Query(ge=1, le=consent_log.PAGE, description="Most entries on this page")
    ] = consent_log.PAGE,
) -> Response:
    """Each line: `id`, `at`, `event`, `details`, `previous`, `digest`. How to check it is in
    docs/transparency.md; `waypost log verify URL` does it too.
    """
    found = consent_log.page(context, after, limit)
    body = b"".join(orjson.dumps(consent_log.to_json(one)) + b"\n" for one in found)
    headers = {"Cache-Control": "public, max-age=60"}
    if len(found) == limit:
        headers["Link"] = (
            f'</api/v1/transparency/log?after={found[-1].id}&limit={limit}>; rel="next"'
        )
    return Response(body, media_type=LINES, headers=headers)


def _reply(document: Mapping[str, Any]) -> Response:
    return Response(
        orjson.dumps(document, option=orjson.OPT_UTC_Z),
        media_type="application/json",
        headers={"Cache-Control": "public, max-age=60"},
    )
