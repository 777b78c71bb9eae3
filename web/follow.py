"""Follow: from an account here to the page of the reader's own server that follows it.

The home server stands in the address only; the browser may remember it, we do not.
"""

from __future__ import annotations

import csv
import io
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from discover.model.actor import Handle
from discover.model.host import host_of_uri
from discover.model.views import AccountView
from discover.model.words import N_
from discover.services.find.accounts import find_account
from discover.wire.follow import Target, app_url, fill
from web.pages import page
from web.routes import read_who

router = APIRouter(tags=["pages"], default_response_class=HTMLResponse)

MOST = 50  # accounts on one list
# What Mastodon's import of followed accounts reads
_COLUMNS = ("Account address", "Show boosts", "Notify on new posts", "Languages")

Accounts = Annotated[
    list[str], Query(description="user@host; repeat, or separate by commas, for several")
]


def _listed(request: Request, asked: list[str]) -> list[AccountView]:
    """Those of the accounts that may be shown at this moment, each once."""
    context = request.app.state.waypost.context
    found: dict[int, AccountView] = {}
    names = [name for part in asked for name in part.split(",") if name.strip()]
    for name in names[:MOST]:
        try:
            view = find_account(context, Handle.parse(name))
        except ValueError:
            continue
        if view is not None:
            found.setdefault(view.id, view)
    return list(found.values())


def read_home(text: str) -> Handle | str | None:
    """`@me@example.social`, `example.social` or an address there; None when it is none of them."""
    try:
        who = read_who(text[:320])
    except ValueError:
        return None
    here = host_of_uri(text.strip()[:320])
    # At the address of another server's view of somebody is who looks at it.
    return here if here and isinstance(who, Handle) and who.host != here else who


@router.get("/follow", summary="Follow accounts from your own server")
async def follow(
    request: Request,
    account: Accounts = [],  # noqa: B006 - FastAPI copies it
    home: Annotated[str, Query(description="Your server, or your own handle")] = "",
) -> Response:
    """Asks the home server which of its pages follows an account. Nothing is stored.

    Who comes from a page of ours (`Sec-Fetch-Site: same-origin`) is taken there at once, anybody
    else by a button.
    """
    selected = any(name.strip() for part in account for name in part.split(","))
    views = await run_in_threadpool(_listed, request, account)
    asked = home.strip()[:320]
    where = read_home(asked) if asked else None
    found, problem = None, ""
    if asked and where is None:
        problem = N_("Please give your server, such as example.social, or your own handle.")
    elif where is not None and views:
        client = request.client.host if request.client else "unknown"
        found = await request.app.state.homes.find(client, where)
    template = found.template if found is not None else None
    people: list[dict[str, Any]] = [
        {
            "view": view,
            "there": fill(template, Target(view.handle, view.uri)) if template else None,
            "app": app_url(view.uri),
        }
        for view in views
    ]
    return page(
        "follow",
        status=422 if problem or not selected else 200 if views else 404,
        people=True,
        accounts=people,
        selected=selected,
        home=found,
        # A link on somebody else's page would make us forward to whatever server it names.
        forward=request.headers.get("sec-fetch-site") == "same-origin",
        asked=asked,
        problem=problem,
    )


@router.get(
    "/follow.csv",
    summary="The same accounts as a file that Mastodon imports",
    response_class=Response,
    responses={200: {"description": "One account a line", "content": {"text/csv": {}}}},
)
def follow_csv(
    request: Request,
    account: Accounts = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    written = io.StringIO()
    rows = csv.writer(written, lineterminator="\n")
    rows.writerow(_COLUMNS)
    rows.writerows((view.handle, "true", "false", "") for view in _listed(request, account))
    return Response(
        written.getvalue(),
        media_type="text/csv",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": 'attachment; filename="waypost-follow.csv"',
            "X-Robots-Tag": "noindex, nofollow",
        },
    )
