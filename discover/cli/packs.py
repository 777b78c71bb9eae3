"""`waypost pack`: starter packs that the operator picks by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from discover.cli.output import NO, console, fail, opened, print_json

packs = typer.Typer(
    help="Hand-picked starter packs. Picked people are shown once they said yes themselves.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The pack's name in addresses.")]
Handles = Annotated[list[str], typer.Argument(metavar="HANDLE…", help="user@host, listed here.")]


@packs.command("keep")
def keep(
    name: Name,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What people read.")],
    note: Annotated[str, typer.Option(help="A sentence below the title.")] = "",
) -> None:
    """Make a pack, or give it another title."""
    from discover.model.views import BadRequest
    from discover.services.find.packs import keep_pack

    with opened() as app:
        try:
            keep_pack(app.context, name, title, note)
        except BadRequest as error:
            fail(str(error), NO)
        console.print(f"{app.context.own_url}/packs/{name}", markup=False)


@packs.command("pick")
def pick_people(name: Name, handles: Handles) -> None:
    """Pick listed people for a pack. Ask them to write to us: pack in NAME."""
    from discover.model.actor import Handle
    from discover.model.views import BadRequest
    from discover.services.find.packs import pick

    try:
        wanted = [Handle.parse(handle) for handle in handles]
    except ValueError as error:
        fail(str(error), NO)
    with opened() as app:
        try:
            unknown = pick(app.context, name, wanted)
        except BadRequest as error:
            fail(str(error), NO)
    for handle in unknown:
        console.print(f"{handle}: not listed here, so not picked", markup=False)
    if len(unknown) < len(wanted):
        console.print(f"picked; they join by writing to us: pack in {name}", markup=False)


@packs.command("unpick")
def unpick_people(name: Name, handles: Handles) -> None:
    """Take people off a pack."""
    from discover.model.actor import Handle
    from discover.services.find.packs import unpick

    try:
        wanted = [Handle.parse(handle) for handle in handles]
    except ValueError as error:
        fail(str(error), NO)
    with opened() as app:
        gone = [handle for handle in wanted if unpick(app.context, name, handle)]
    if not gone:
        fail("none of them was picked for it", NO)
    console.print(f"taken off: {len(gone)}", markup=False)


@packs.command("list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """All hand-picked packs, the newest first."""
    from discover.services.find.packs import every_picked_pack

    with opened() as app:
        found = every_picked_pack(app.context)
    if as_json:
        print_json(
            [
                {
                    "name": one.slug, "title": one.title, "note": one.note,
                    "hidden": one.hidden, "proposed": one.proposed,
                }
                for one in found
            ]
        )  # fmt: skip
        return
    if not found:
        console.print("no pack was picked; make one with: waypost pack keep NAME TITLE")
    for one in found:
        state = " (hidden)" if one.hidden else " (proposed)" if one.proposed else ""
        console.print(f"{one.slug:<32} {one.title}{state}", markup=False)


@packs.command("drop")
def drop(name: Name) -> None:
    """Remove a pack."""
    from discover.services.find.packs import drop_pack

    with opened() as app:
        if not drop_pack(app.context, name):
            fail("there is no such pack; see: waypost pack list", NO)
    console.print(f"{name}: removed", markup=False)
