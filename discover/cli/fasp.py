"""`waypost fasp`: servers that use this index as their auxiliary service provider."""

from __future__ import annotations

from typing import Annotated

import typer

from discover.cli.output import NO, console, fail, opened, print_json, when

fasp = typer.Typer(
    help="Servers that have connected this index as their FASP (docs/fasp.md).",
    no_args_is_help=True,
)


@fasp.command("list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """All connections: whose, since when, what is switched on, how it goes."""
    from discover.services.fasp.invitations import invitations
    from discover.services.fasp.partners import all_partners
    from discover.services.fasp.register import status_ticket
    from discover.services.fasp.report import report

    with opened() as app:
        ctx = app.context
        found = [(one, report(ctx, one)) for one in all_partners(ctx)]
        invited = invitations(ctx)
        pages = {
            one.id: f"{ctx.own_url}/connection/{one.id}/{status_ticket(ctx, one.id)}"
            for one, _ in found
        }
    if as_json:
        print_json(
            {
                "connections": [
                    {
                        "host": one.host,
                        "base_url": one.base_url,
                        "server_id": one.id,
                        "confirmed_at": one.confirmed_at,
                        "heard_at": one.heard_at,
                        "capabilities": sorted(one.capabilities),
                        "opted_in": told.opted_in,
                        "accounts": told.accounts,
                        "posts": told.posts,
                        "fingerprint": one.our_fingerprint,
                        "server_fingerprint": one.their_fingerprint,
                        "last_error": one.last_error,
                        "page": pages[one.id],
                    }
                    for one, told in found
                ],
                "invitations": [
                    {"note": one.note, "expires_at": one.expires_at} for one in invited
                ],
            }
        )
        return
    if not found:
        console.print("no server has connected us; invite one with: waypost fasp invite")
    for one, told in found:
        state = f"since {when(one.confirmed_at)}" if one.confirmed_at else "not confirmed there yet"
        on = ", ".join(sorted(one.capabilities)) or "nothing switched on"
        console.print(f"{one.host:<32} {state}; {on}; {told.accounts} listed", markup=False)
        if one.last_error:
            console.print(f"{'':<32} last error: {one.last_error}", markup=False)
    for code in invited:
        console.print(
            f"invitation until {when(code.expires_at)}: {code.note or 'no note'}", markup=False
        )


@fasp.command("invite")
def make_invitation(
    note: Annotated[str, typer.Option(help="For whom, for your own memory.")] = "",
) -> None:
    """A code that lets one server register, once, within two weeks. It is shown only now."""
    from discover.services.fasp.invitations import invite

    with opened() as app:
        code, until = invite(app.context, note)
        url = app.context.own_url
    console.print(code, markup=False)
    console.print(f"good once until {when(until)}, at {url}/fasp", markup=False)


@fasp.command("remove")
def end(
    hosts: Annotated[list[str], typer.Argument(metavar="HOST …", help="Whose connections to end.")],
) -> None:
    """End connections at our side. Their people leave, unless something else opts the server in."""
    from discover.services.consent.servers import read_host
    from discover.services.fasp.partners import remove

    missing = []
    with opened() as app:
        for text in hosts:
            try:
                host = read_host(text)
            except ValueError as error:
                fail(str(error))
            if remove(app.context, host):
                console.print(f"{host}: the connection has ended", markup=False)
            else:
                missing.append(host)
    if missing:
        fail(f"not connected: {', '.join(missing)}", NO)
