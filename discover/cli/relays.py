"""`waypost relay`: subscriptions to relays, which the operator alone decides about."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from discover.bootstrap import App
from discover.cli.output import NO, UNAVAILABLE, console, fail, opened, print_json, when
from discover.model.fetched import FetchError
from discover.wire.urls import http_url

relays = typer.Typer(
    help="Relays that Waypost subscribes to. What they send is only a hint where to look.",
    no_args_is_help=True,
)

Address = Annotated[
    str,
    typer.Argument(metavar="URL", help="The relay's inbox (…/inbox), or its actor (…/actor)."),
]


@relays.command("add")
def add(url: Address) -> None:
    """Ask a relay to send us what is public. Mastodon's kind by its inbox, LitePub's by its actor."""
    from discover.services.federation.relays import subscribe

    address = _address(url)
    with opened() as app:
        inbox = address if address.rstrip("/").endswith("/inbox") else _inbox_of(app, address)
        asked = subscribe(app.context, address, inbox)
    if not asked:
        fail(f"{address} was asked before; see: waypost relay list", NO)
    console.print(f"{address}: asked; a running worker delivers it", markup=False)


@relays.command("list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """All relays that were asked, and what they said."""
    from discover.services.federation.relays import subscriptions

    with opened() as app:
        found = subscriptions(app.context)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        console.print("no relay was asked; ask one with: waypost relay add URL")
    for one in found:
        console.print(f"{one.url:<48} {one.state:<10} since {when(one.at)}", markup=False)


@relays.command("remove")
def remove(url: Address) -> None:
    """Take our subscription back."""
    from discover.services.federation.relays import unsubscribe

    address = _address(url)
    with opened() as app:
        known = unsubscribe(app.context, address)
    if not known:
        fail(f"{address} is not among our relays", NO)
    console.print(f"{address}: taken back; a running worker delivers it", markup=False)


def _address(text: str) -> str:
    address = http_url(text.strip())
    if address is None:
        fail(f"{text!r} is not an address such as https://relay.example/inbox")
    return address


def _inbox_of(app: App, uri: str) -> str:
    from discover.services.crawl.visiting.documents import Document, fetch_document
    from discover.wire.actor import parse_actor
    from discover.wire.documents import ParseError

    async def fetch() -> str:
        async with app.fetcher() as client:
            got = await fetch_document(client, uri, solicited=True)
        if not isinstance(got, Document):
            detail = getattr(got, "detail", "not modified")
            fail(f"{uri} cannot be read as an actor: {detail}", UNAVAILABLE)
        actor = parse_actor(got.doc)
        if actor.uri != uri:
            fail(f"{uri} calls itself {actor.uri}; use that address")
        if actor.inbox is None:
            fail(f"{uri} has no inbox")
        return actor.inbox

    try:
        return asyncio.run(fetch())
    except FetchError as error:
        fail(f"{uri} cannot be reached: {error}", UNAVAILABLE)
    except ParseError as error:
        fail(f"{uri} is not an actor: {error}")
