"""In and out: the login, the logout, one's own sessions and password."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from discover.model.words import N_
from discover.policy.entry import IDLE, LONGEST
from discover.services.console import operators, sessions
from discover.services.console.operators import TooSoon
from discover.services.console.sessions import new_token
from web.console.doors import (
    FORM,
    LOGIN,
    AtDesk,
    Desk,
    WithForm,
    cookie_token,
    csrf_of,
    house_of,
    read_form,
    sentence_of,
)
from web.console.pages import show, show_outside

router = APIRouter(prefix="/console")

_WRONG = N_("That name and password do not belong together.")


@router.get("/login")
def login(request: Request) -> Response:
    """A cookie is set here, and on no page outside of the console: it ties the form to a browser."""
    house, token = house_of(request), cookie_token(request)
    if token is not None and sessions.find(house.app.context, token) is not None:
        return RedirectResponse("/console", 303)
    return _page(request, cookie_token(request, FORM) or new_token())


async def _tried(request: Request) -> dict[str, str]:
    token = cookie_token(request, FORM)
    if token is None:
        raise HTTPException(403, N_("Your browser did not send the cookie of the login page. Allow it, load that page again and repeat."))  # fmt: skip
    fields, _ = await read_form(request, csrf_of(token))
    return {**fields, "token": token}


@router.post("/login")
def post_login(request: Request, tried: Annotated[dict[str, str], Depends(_tried)]) -> Response:
    house = house_of(request)
    name, context = tried.get("name", "").strip().lower()[:64], house.app.context
    client = house.client_of(request.client.host if request.client else "unknown")
    try:
        right = operators.check_password(context, name, tried.get("password", "")[:2000], client)
    except TooSoon as soon:
        headers = {"Retry-After": str(soon.seconds)}
        return _page(request, tried["token"], sentence_of(soon), name, 429, headers)
    if not right:
        return _page(request, tried["token"], _WRONG, name, 403)
    entered = RedirectResponse("/console", 303)
    # A new token, always: what was in the browser before is worth nothing inside.
    house.put_cookie(entered, sessions.begin(context, name))
    house.drop_cookie(entered, FORM)
    return entered


@router.post("/logout")
def logout(desk: WithForm) -> Response:
    sessions.end(desk.context, desk.session.digest)
    return _outside(desk)


@router.get("/account")
def account(desk: AtDesk) -> Response:
    mine = sessions.of_operator(desk.context, desk.operator)
    return show(desk, "account", sessions=mine, idle=IDLE, longest=LONGEST)


@router.post("/account/sessions")
def end_sessions(desk: WithForm) -> Response:
    """Everywhere, this browser too."""
    desk.act(
        N_("ended all sessions"),
        desk.operator,
        lambda: {"sessions": sessions.end_all(desk.context, desk.operator)},
        back=LOGIN,
    )
    return _outside(desk)


@router.post("/account/password")
def change_password(request: Request, desk: WithForm) -> Response:
    """Needs the old one, and ends all sessions."""
    house = desk.house
    client = house.client_of(request.client.host if request.client else "unknown")
    old, new = desk.fields.get("old", ""), desk.fields.get("new", "")
    if new != desk.fields.get("again", ""):
        raise HTTPException(422, N_("The new password was not typed alike twice."))
    try:
        if not operators.check_password(desk.context, desk.operator, old, client):
            raise HTTPException(403, N_("The password until now was another one."))
        operators.set_password(desk.context, desk.operator, new, by=desk.operator)
    except TooSoon as soon:
        raise HTTPException(
            429, sentence_of(soon), headers={"Retry-After": str(soon.seconds)}
        ) from None
    except ValueError as error:
        raise HTTPException(422, sentence_of(error)) from None
    return _outside(desk)


def _outside(desk: Desk) -> Response:
    left = RedirectResponse(LOGIN, 303)
    desk.house.drop_cookie(left)
    return left


def _page(
    request: Request,
    token: str,
    problem: str = "",
    name: str = "",
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    house = house_of(request)
    nobody = not operators.list_operators(house.app.context)
    page = show_outside(
        "login", csrf_of(token), status=status, headers=headers,
        problem=problem, name=name, nobody=nobody,
    )  # fmt: skip
    house.put_cookie(page, token, FORM)
    return page
