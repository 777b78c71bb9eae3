"""Commands about the servers whose admins have agreed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from discover.cli.consent import check
from discover.cli.index import index_now
from discover.cli.output import NO, console, fail, host, opened, print_json, when

servers = typer.Typer(
    help="An operator's own record of the servers whose admins have agreed.", no_args_is_help=True
)
servers.command("check")(check)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@servers.command("add")
def server_add(
    name: Annotated[str, typer.Argument(metavar="HOST")],
    note: Annotated[
        str, typer.Option(help="Why: who agreed, when, where that is written.", prompt=False)
    ] = "",
) -> None:
    """Record that a server's admin has agreed. Its people's own flags still decide."""
    from discover.services.consent.servers import add_server

    if not note.strip():
        fail("say why with --note: who agreed, and where that is written")
    chosen = host(name)
    with opened() as app:
        news = add_server(app.context, chosen, note.strip())
    console.print(f"{chosen}: recorded{'' if news else ' again'}; it is visited next")


@servers.command("list")
def server_list(as_json: Json = False) -> None:
    """All servers on record."""
    from discover.services.consent.servers import list_servers

    with opened() as app:
        records = list_servers(app.context)
    if as_json:
        print_json([asdict(record) for record in records])
        return
    if not records:
        console.print("no server is on record; add one with: waypost server add HOST --note WHY")
    for record in records:
        state = "in" if record.decision.allowed else record.decision.reasons[0].value
        console.print(
            f"{record.host:<32} {state:<20} {record.software or '?':<12}"
            f" {record.accounts:>6} people {record.posts:>8} posts   {record.note}",
            markup=False,
        )
        if record.relay_since is not None:
            console.print(f"{'':<32} has us as a relay since {when(record.relay_since)}")


@servers.command("remove")
def server_remove(name: Annotated[str, typer.Argument(metavar="HOST")]) -> None:
    """Take the record back: the server's people are gone from the answers at once."""
    from discover.services.consent.servers import remove_server

    chosen = host(name)
    with opened() as app:
        gone = remove_server(app.context, chosen)
        index_now(app)
    if gone is None:
        fail(f"{chosen} is not on record", NO)
    console.print(f"{chosen}: record taken back, {gone} people removed")
