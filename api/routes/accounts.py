"""One account or server, and why it is or is not listed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from api import present
from api.deps import ContextDep, HandleDep, read_handle
from api.mastodon import accounts as mastodon
from api.mastodon.dialect import both
from api.mastodon.schemas import MastodonAccount
from api.problems import ProblemAnswer, described
from api.schemas import AccountConsentOut, AccountPage, ServerConsentOut
from discover.model.actor import Handle
from discover.model.host import host_and_port
from discover.services.consent.why import explain_account, explain_server
from discover.services.context import Context
from discover.services.find.accounts import find_account, recent_posts

router = APIRouter(prefix="/api/v1", tags=["consent"])


@router.get(
    "/accounts/{handle}",
    response_model=AccountPage | MastodonAccount,
    summary="A listed account and its newest posts; by a number, as Mastodon shows it",
    tags=["search", "mastodon"],
    responses=both(404, 422, 503),
)
def get_account(
    context: ContextDep,
    handle: Annotated[
        str,
        Path(
            description="`user@host`, with or without a leading @; or a number: the id that the "
            "Mastodon-compatible doors give out, answered as Mastodon does",
            max_length=320,
        ),
    ],
) -> Response:
    """404 is the same answer for an account that we do not know and one that has not said yes."""
    if handle.isdecimal():
        return mastodon.show(context, handle)
    return _account(context, read_handle(handle))


def _account(context: Context, handle: Handle) -> Response:
    view = find_account(context, handle)
    if view is None:
        raise ProblemAnswer(404, "No account with this handle is listed here.")
    posts = recent_posts(context, view.id)
    return present.reply(
        {"account": present.account(view), "posts": [present.post(post) for post in posts]}
    )


@router.get(
    "/accounts/{handle}/consent",
    response_model=AccountConsentOut,
    summary="Why an account is or is not listed",
    responses=described(422, 503),
)
def get_account_consent(context: ContextDep, handle: HandleDep) -> Response:
    """For anybody and about anybody, listed or not: what was seen, where, when, by which rule."""
    return present.reply(present.account_consent(explain_account(context, handle)))


@router.get(
    "/servers/{host}/consent",
    response_model=ServerConsentOut,
    summary="Why a server is or is not in reach",
    responses=described(422, 503),
)
def get_server_consent(
    context: ContextDep,
    host: Annotated[
        str, Path(description="Host name", max_length=260, pattern=r"^[\w.\-]+(:\d{1,5})?$")
    ],
) -> Response:
    """Is the server opted in, and what was seen of its robots.txt and its rules?"""
    host = host_and_port(host) or host.lower()
    return present.reply(present.server_consent(explain_server(context, host)))
