"""Our actor, where the FASP specification looks for it."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from api.deps import SettingsDep

router = APIRouter(tags=["FASP"])


@router.get(
    "/fasp/actor",
    status_code=301,
    summary="Where our actor is",
    response_class=RedirectResponse,
    responses={301: {"description": "To the actor, by whose id its requests are signed"}},
)
async def get_actor(settings: SettingsDep) -> Response:
    """The specification wants the actor at /actor below the base URL; its id is the address it
    always had. Its keys are others than those of the connections.
    """
    return RedirectResponse(
        f"{settings.own_url}/actor", 301, headers={"Cache-Control": "public, max-age=3600"}
    )
